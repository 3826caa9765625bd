package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	var alarms recording.Alarms
	active := map[freeze.Reason]int{freeze.Ruled: 3}
	m := metrics.New(func() map[freeze.Reason]int { return active }, alarms.Standing)
	read := func() string {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet,
			"/metrics", nil))
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	first := read()
	for _, r := range gate.Reasons() { // there from the beginning, so that rates are right
		require.Contains(t, first, `refrain_checks_total{reason="`+string(r)+`"} 0`)
	}
	require.Contains(t, first, `refrain_freezes_active{reason="rule"} 3`)
	m.Answered(gate.Frozen, 2)
	m.Answered("unheard of", 1)
	m.Invalid(4)
	m.Reported(calls.Created)
	m.Reported("")
	m.Untrusted(`trunk "1"`)
	m.Opened(freeze.Freeze{Reason: freeze.Ruled, Rule: "r"})
	m.Opened(freeze.Freeze{Reason: freeze.Manual})
	m.Released(freeze.Corrected)
	m.Judged(recording.Recording{Source: "pbx", Line: "l1"}, keywords.Voicemail)
	m.Judged(recording.Recording{Source: "pbx",
		Heard: recording.Defects(0).Add(recording.CustomerDead, recording.SidesSwapped)}, "")
	alarms.Judged("pbx", 0, time.Now())
	for range recording.AlarmWindow {
		alarms.Judged("broken", recording.Defects(0).Add(recording.CustomerDead), time.Now())
	}
	active = map[freeze.Reason]int{freeze.Manual: 1}
	text := read()
	for _, line := range []string{
		`refrain_checks_total{reason="frozen"} 2`,
		`refrain_checks_total{reason="invalid_number"} 4`,
		`refrain_call_reports_total{status="created"} 1`,
		`refrain_call_reports_total{status="refused"} 1`,
		`refrain_line_failing_reports_total{line="trunk \"1\""} 1`,
		`refrain_rules_fired_total{rule="r"} 1`,
		`refrain_freezes_opened_total{reason="rule"} 1`,
		`refrain_freezes_opened_total{reason="manual"} 1`,
		`refrain_freezes_released_total{cause="corrected"} 1`,
		`refrain_freezes_active{reason="manual"} 1`,
		`refrain_recordings_judged_total{line="l1",source="pbx"} 1`,
		`refrain_recordings_judged_total{line="",source="pbx"} 1`,
		`refrain_recording_defects_total{defect="customer_dead",line="",source="pbx"} 1`,
		`refrain_recording_defects_total{defect="sides_swapped",line="",source="pbx"} 1`,
		`refrain_recordings_answered_total{answered_by="voicemail",line="l1",source="pbx"} 1`,
		`refrain_recordings_answered_total{answered_by="unknown",line="",source="pbx"} 1`,
		`refrain_source_alarm{source="pbx"} 0`,
		`refrain_source_alarm{source="broken"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NotContains(t, text, "unheard of")
	require.NotContains(t, text, `refrain_freezes_active{reason="rule"}`)
}

// Sources and lines come from outside: there must be no end to what they may be called.
func TestManySources(t *testing.T) {
	t.Parallel()
	m := metrics.New(func() map[freeze.Reason]int { return nil }, new(recording.Alarms).Standing)
	for i := range 1500 {
		m.Judged(recording.Recording{Source: strconv.Itoa(i)}, keywords.Human)
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics",
		nil))
	require.Contains(t, w.Body.String(),
		`refrain_recordings_judged_total{line="other",source="other"} 500`)
	require.Equal(t, 1001, strings.Count(w.Body.String(), "refrain_recordings_judged_total{"))
}
