package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/recording"
)

func TestQueueMetrics(t *testing.T) {
	t.Parallel()
	m := metrics.New(func() map[freeze.Reason]int { return nil }, new(recording.Alarms).Standing)
	now, known := time.Now(), true
	m.WatchQueue(func() (recording.Queue, time.Time, bool) {
		return recording.Queue{Waiting: []recording.Waiting{
			{Priority: recording.Live, Count: 2, Audio: 90 * time.Second, Oldest: now.Add(-time.Minute)},
			{Priority: recording.Backlog},
		}, Running: 3, Parked: map[string]int{recording.SpeechDied: 4}}, now, known
	})
	read := func() string {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet,
			"/metrics", nil))
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	text := read()
	for _, line := range []string{
		`refrain_recordings_waiting{priority="live"} 2`,
		`refrain_recordings_waiting_audio_seconds{priority="live"} 90`,
		`refrain_recordings_waiting_oldest_seconds{priority="live"} 60`,
		`refrain_recordings_waiting{priority="backlog"} 0`,
		`refrain_recordings_waiting_oldest_seconds{priority="backlog"} 0`,
		`refrain_recordings_running 3`,
		`refrain_recordings_parked{reason="SPEECH_PROCESS_DIED"} 4`,
	} {
		require.Contains(t, text, line+"\n")
	}
	known = false
	text = read()
	require.NotContains(t, text, "refrain_recordings_waiting")
	require.Contains(t, text, "refrain_checks_total")
}
