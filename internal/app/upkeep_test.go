package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// The ledger's head is logged at the start and every hour, as proof outside of the
// database.
func TestHeadIsLoggedHourly(t *testing.T) {
	t.Parallel()
	log := newLogbook()
	ticks := map[time.Duration]chan time.Time{time.Minute: nil, 10 * time.Minute: nil,
		time.Hour: nil}
	for d := range ticks {
		ticks[d] = make(chan time.Time)
	}
	s := start(t, testConfig(t.TempDir()), logTo(log), func(o *app.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) { return ticks[d], func() {} }
	})
	require.Contains(t, log.Wait(t, 1, "the ledger's head"), "entries=0")
	for i := range 2 {
		_, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"),
			&pb.CreateFreezeRequest{Number: phone(i), Reason: "x"})
		require.NoError(t, err)
		ticks[10*time.Minute] <- time.Now()
		ticks[time.Minute] <- time.Now()
		ticks[time.Hour] <- time.Now()
		line := log.Wait(t, i+2, "the ledger's head")
		require.Contains(t, line, fmt.Sprintf("entries=%d head=%s", i+1, s.Sound(t).GetHead()))
	}
}

// What the gate's answers were counted to outlives a stop.
func TestStopLosesNoCounts(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, goBy(clock))
	s.AlmostUp(t, clock, phone(1))
	_, err := s.Reserve(t.Context(), "r", phone(1))
	require.NoError(t, err)
	s.Ask(t, phone(1)) // refused
	s.Ask(t, phone(2))
	require.NoError(t, s.stop())
	s = start(t, cfg, goBy(clock))
	midnight := tenOClock.Add(-10 * time.Hour)
	got := s.Figures(t, midnight, midnight.Add(24*time.Hour)).GetFigures()
	require.EqualValues(t, 3, got.GetChecks(), "a stop loses no counts")
	require.Equal(t, map[string]int64{"rule_limit": 1}, got.GetRefused())
}
