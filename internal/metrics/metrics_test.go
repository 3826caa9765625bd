package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/metrics"
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
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NotContains(t, text, "unheard of")
	require.NotContains(t, text, `refrain_freezes_active{reason="rule"}`)
}
