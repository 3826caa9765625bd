package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A clock that was set forward has nothing erased, also where something comes by it: by years not until it
// is set back, and by a day not for an hour.
func TestNothingIsErasedByAClockThatWasSet(t *testing.T) {
	t.Parallel()
	logs, clock, hour := newLogbook(), newClock(), make(chan time.Time)
	var elapsed atomic.Int64
	s := start(t, testConfig(t.TempDir()), logTo(logs), goBy(clock), func(o *app.Options) {
		o.Elapsed = func() time.Duration { return time.Duration(elapsed.Load()) }
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == time.Hour {
				return hour, func() {}
			}
			return nil, func() {}
		}
	})
	ran := func() {
		t.Helper()
		want := fmt.Sprintf("refrain_retention_last_run_seconds %v\n", float64(clock.Now().Unix()))
		require.Eventually(t, func() bool {
			_, text := fetch(t, http.MethodGet, "http://"+s.app.HTTPAddr()+"/metrics", nil)
			return strings.Contains(text, want)
		}, time.Minute, 10*time.Millisecond, want)
		_, err := s.Calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/before"})
		require.NoError(t, err)
	}
	const paused = "nothing is erased, since the clock was set forward"
	s.Report(t, unanswered("before", phone(1), clock.Now().Add(-time.Minute)))
	ran()

	clock.Later(500 * 24 * time.Hour)
	s.Report(t, unanswered("after", phone(1), clock.Now().Add(-time.Minute)))
	for i := range 2 {
		hour <- time.Now()
		require.Contains(t, logs.Wait(t, i+1, paused), "by=12000h0m0s")
		elapsed.Add(int64(100 * time.Hour)) // which is no proof
		clock.Later(100 * time.Hour)
	}
	clock.Later(-500 * 24 * time.Hour)
	hour <- time.Now()
	ran()

	clock.Later(24 * time.Hour)
	hour <- time.Now()
	logs.Wait(t, 3, paused)
	elapsed.Add(int64(time.Hour))
	clock.Later(time.Hour)
	hour <- time.Now()
	ran()
	require.Len(t, logs.Lines(paused), 3)
}
