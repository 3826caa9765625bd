package asr

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// member is a call of a sheaf: its utterances in seconds, and whether it breaks off before its end.
type member struct {
	utterances []time.Duration
	breaks     bool
}

var sheafMembers = []member{
	{[]time.Duration{4 * s, 2 * s}, false},
	{[]time.Duration{11 * s, 12 * s, 13 * s}, false}, // fills a window of its own
	{nil, false},
	{[]time.Duration{9 * s}, true},
	{[]time.Duration{20 * s}, false},
	{[]time.Duration{3 * s, 3 * s, 3 * s}, false},
}

// bind hears the members, who begin in that order and hurry as they like, and gives the windows in
// the order of what is in them.
func bind(t *testing.T, order []int) []string {
	t.Helper()
	x := newMixing(levels)
	x.Mixer = NewSheaf(len(sheafMembers) + 1)
	var calls sync.WaitGroup
	for _, i := range order {
		calls.Go(func() {
			p := x.join(t.Context(), x.scripted, Config{Place: i}, new(stopwatch))
			defer p.leave()
			pack := packer{model: x.model}
			for n, length := range sheafMembers[i].utterances {
				for _, full := range pack.add(spoken(length, float32(i+1)/100+float32(n)/1000)) {
					require.NoError(t, p.put(full))
				}
			}
			if sheafMembers[i].breaks {
				return
			}
			require.NoError(t, p.finish(pack.rest()))
			require.NoError(t, p.wait())
		})
	}
	x.Absent(len(sheafMembers))
	calls.Wait()
	var windows []string
	for _, w := range x.windows {
		phrases, err := levels(t.Context(), w)
		require.NoError(t, err)
		var text strings.Builder
		for _, p := range phrases {
			fmt.Fprintf(&text, "%s@%v ", p.Text, p.Start)
		}
		windows = append(windows, text.String())
	}
	slices.Sort(windows)
	return windows
}

// Whoever comes first: the same calls share the same windows.
func TestSheafIsAFunctionOfItsCalls(t *testing.T) {
	t.Parallel()
	order := []int{0, 1, 2, 3, 4, 5}
	want := bind(t, order)
	require.Len(t, want, 3)
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
		require.Equal(t, want, bind(t, order))
	}
}

// A sheaf waits for its last call, however much the others have brought, and for no clock.
func TestSheafWaitsForAll(t *testing.T) {
	t.Parallel()
	x := newMixing(levels)
	const calls = 12 // more than there is room for
	x.Mixer = NewSheaf(calls)
	x.patience = 0
	parties := make([]*party, calls-1)
	for i := range parties {
		parties[i] = x.join(t.Context(), x.scripted, Config{Place: i}, new(stopwatch))
		t.Cleanup(parties[i].leave)
		require.NoError(t, parties[i].finish(batch{spoken(20*s, 0.1)}))
	}
	require.True(t, x.waits())
	require.Empty(t, x.heard())
	x.Absent(0) // which is there: nothing changes
	require.True(t, x.waits())
	x.Absent(calls - 1)
	for _, p := range parties {
		require.NoError(t, p.wait())
	}
	require.Len(t, x.heard(), calls-1)
}

// A failed window takes its call's rest back, and the room that it took.
func TestSheafAfterAFailure(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	x := newMixing(func(ctx context.Context, w Window) ([]Phrase, error) {
		if w.Samples[0] == 0.5 {
			return nil, broken
		}
		return levels(ctx, w)
	})
	x.Mixer = NewSheaf(2)
	bad := x.join(t.Context(), x.scripted, Config{Place: 0}, new(stopwatch))
	require.NoError(t, bad.put(batch{spoken(20*s, 0.5)}))
	if err := bad.finish(batch{spoken(5*s, 0.1)}); err == nil {
		require.ErrorIs(t, bad.wait(), broken)
	}
	bad.leave()
	good := x.join(t.Context(), x.scripted, Config{Place: 1}, new(stopwatch))
	defer good.leave()
	p := spoken(5*s, 0.2)
	require.NoError(t, good.finish(batch{p}))
	require.NoError(t, good.wait())
	require.Equal(t, "200", texts(p))
	x.Mixer.mu.Lock()
	defer x.Mixer.mu.Unlock()
	require.Zero(t, x.Mixer.waiting, "all room is free again")
}
