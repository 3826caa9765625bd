package recording

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

func TestFailed(t *testing.T) {
	t.Parallel()
	died, other := Problem{Reason: SpeechDied}, Problem{Reason: AttemptFailed}
	for _, tt := range []struct {
		name             string
		attempts, deaths int
		p                Problem
		final            bool
		want             State
		wantDeaths       int
		alone            bool
	}{
		{"the first time", 1, 0, other, false, Queued, 0, false},
		{"for good", 1, 0, other, true, Parked, 0, false},
		{"the last attempt", MaxAttempts, 0, other, false, Parked, 0, false},
		{"one before it", MaxAttempts - 1, 0, other, false, Queued, 0, false},
		{"a first death", 1, 0, died, false, Queued, 1, false},
		{"a second one", 2, 1, died, false, Queued, 2, true},
		{"the last one", 3, 2, died, false, Parked, 3, true},
		{"something else after deaths", 3, 2, other, false, Queued, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := Recording{State: Running, Attempts: tt.attempts, Deaths: tt.deaths}.Failed(tt.p,
				tt.final)
			require.Equal(t, tt.want, r.State)
			require.Equal(t, tt.wantDeaths, r.Deaths)
			require.Equal(t, tt.alone, r.Alone())
			require.Equal(t, &tt.p, r.Problem)
			require.Equal(t, tt.want == Parked, r.State.Final())
		})
	}
}

// Attempts that found no speech engine or no audio store do not count, and park nothing.
func TestFailedForWantOfSpeech(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{SpeechUnavailable, AudioUnavailable} {
		p := Problem{Reason: reason, Message: "the server is away"}
		got := Recording{State: Running, Attempts: MaxAttempts, Deaths: 2}.Failed(p, false)
		require.Equal(t, Recording{State: Queued, Attempts: MaxAttempts - 1, Deaths: 2, Problem: &p}, got)
		require.Equal(t, 30*time.Second, got.Pause(), "however many attempts there were")
	}
}

func TestRetried(t *testing.T) {
	t.Parallel()
	parked := Recording{ID: "r", State: Parked, Problem: &Problem{Reason: SpeechDied}, Attempts: 3,
		Deaths: MaxDeaths}
	got, err := parked.Retried()
	require.NoError(t, err)
	require.Equal(t, Recording{ID: "r", State: Queued}, got)
	for _, state := range []State{Queued, Running, Done} {
		_, err := Recording{State: state}.Retried()
		require.Equal(t, fault.Precondition, fault.KindOf(err))
		require.ErrorContains(t, err, string(state))
	}
}

func TestBegun(t *testing.T) {
	t.Parallel()
	got, err := Recording{State: Queued, Attempts: 2}.Begun(2)
	require.NoError(t, err)
	require.Equal(t, Recording{State: Running, Attempts: 3}, got)
	for _, r := range []Recording{{State: Queued, Attempts: 1}, {State: Queued, Attempts: 3},
		{State: Running, Attempts: 2},
		{State: Running, Attempts: 3}, {State: Done, Attempts: 2}, {State: Parked, Attempts: 2}} {
		got, err := r.Begun(2)
		require.Equal(t, fault.Precondition, fault.KindOf(err), "%v", r)
		require.Equal(t, r, got)
	}
}

func TestHandedBack(t *testing.T) {
	t.Parallel()
	require.Equal(t, Recording{State: Queued, Attempts: 1},
		Recording{State: Running, Attempts: 2}.HandedBack())
	for _, state := range []State{Queued, Done, Parked} {
		r := Recording{State: state, Attempts: 2}
		require.Equal(t, r, r.HandedBack())
	}
}

func TestFailedWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	for _, state := range []State{Queued, Done, Parked} {
		r := Recording{State: state, Attempts: 2}
		require.Equal(t, r, r.Failed(Problem{Reason: SpeechDied}, true))
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		attempts int
		problem  *Problem
		want     time.Duration
	}{
		{"new", 0, nil, 0},
		{"failed once", 1, &Problem{Reason: AttemptFailed}, time.Second},
		{"failed often", MaxAttempts - 1, &Problem{Reason: SpeechDied}, 16 * time.Second},
		{"the server stopped", 2, &Problem{Reason: ServerStopped}, 0},
	} {
		require.Equal(t, tt.want, Recording{State: Queued, Attempts: tt.attempts,
			Problem: tt.problem}.Pause(), tt.name)
	}
}

func TestFinished(t *testing.T) {
	t.Parallel()
	require.Equal(t, Recording{State: Done, Attempts: 2, Heard: Defects(0).Add(CustomerDead)},
		Recording{State: Running, Attempts: 2, Problem: &Problem{Reason: AttemptFailed}}.
			Finished(Defects(0).Add(CustomerDead)))
}

// What is parked says what becomes of it, and what is taken up by itself says that.
func TestRemedy(t *testing.T) {
	t.Parallel()
	for _, reason := range reasons {
		remedy := Problem{Reason: reason}.Remedy()
		require.Contains(t, remedy, "refrain recording retry", reason)
		require.Equal(t, slices.Contains(TakenUpOnce(), reason), strings.Contains(remedy, "once"), reason)
	}
}
