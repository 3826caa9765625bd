package asr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stepping hears one window at a time, each when it is told to.
type stepping struct {
	*mixing
	heard chan Window
}

func newStepping(m *Mixer) *stepping {
	x := &stepping{heard: make(chan Window)}
	x.mixing = newMixing(func(ctx context.Context, w Window) ([]Phrase, error) {
		select {
		case x.heard <- w:
			return levels(ctx, w)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	x.Mixer = m
	return x
}

// run begins a call of that priority.
func (x *stepping) run(t *testing.T, priority int) *party {
	t.Helper()
	p := x.join(t.Context(), x.scripted, Config{Priority: priority}, new(stopwatch))
	t.Cleanup(p.leave)
	return p
}

// loud are the first samples of the next n windows, in thousandths.
func (x *stepping) loud(n int) (out []int) {
	for range n {
		w := <-x.heard
		out = append(out, int(1000*w.Samples[0]+0.5))
	}
	return out
}

func full(loud float32) batch { return batch{spoken(29*s, loud)} }

// Whose windows go first, where one is being heard and all others wait.
func TestTurns(t *testing.T) {
	t.Parallel()
	type call struct {
		priority int
		windows  int
	}
	for _, tt := range []struct {
		name  string
		calls []call // the first's first window is being heard
		want  []int  // whose windows, counted from 1
	}{
		{"as they came", []call{{0, 2}, {0, 1}, {0, 1}}, []int{1, 2, 3, 1}},
		{"who has had less", []call{{0, 3}, {0, 1}, {0, 1}}, []int{1, 2, 3, 1, 1}},
		{"a live one before a backlog", []call{{1, 2}, {1, 1}, {0, 2}}, []int{1, 3, 3, 2, 1}},
		{"three priorities", []call{{2, 2}, {1, 1}, {0, 2}}, []int{1, 3, 3, 2, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := newStepping(NewMixer())
			for i, c := range tt.calls {
				p := x.run(t, c.priority)
				for range c.windows {
					require.NoError(t, p.put(full(0.1*float32(i+1))))
				}
				require.NoError(t, p.finish(nil))
			}
			got := x.loud(len(tt.want))
			for i := range got {
				got[i] /= 100
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// A short call beside long ones that have been heard for a while has the next window, and the
// long ones go on taking turns: nobody is owed what others had before he came.
func TestAShortCallBesideLongOnes(t *testing.T) {
	t.Parallel()
	x := newStepping(NewMixer())
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var long []*party
	for i := range 3 { // each has always more to give
		p := x.join(ctx, x.scripted, Config{}, new(stopwatch))
		t.Cleanup(p.leave)
		long = append(long, p)
		wg.Go(func() {
			for p.put(full(0.1*float32(i+1))) == nil {
				continue // until ctx ends
			}
		})
	}
	x.loud(30)
	full := func() bool {
		x.Mixer.mu.Lock()
		defer x.Mixer.mu.Unlock()
		return !slices.ContainsFunc(long, func(p *party) bool { return !p.blocked })
	}
	require.Eventually(t, full, time.Minute, time.Millisecond)
	short := x.run(t, 0)
	p := spoken(19*s, 0.9)
	require.NoError(t, short.finish(batch{p}))
	require.Contains(t, x.loud(2), 900, "one was being heard already")
	require.NoError(t, short.wait())
	counts := map[int]int{}
	for _, l := range x.loud(30) {
		counts[l]++
	}
	for i := 1; i <= 3; i++ {
		require.InDelta(t, 10, counts[100*i], 2, "%v", counts)
	}
}

// What has begun goes on, however many come before it.
func TestPassedOver(t *testing.T) {
	t.Parallel()
	m := NewMixer()
	m.passing = time.Nanosecond
	x := newStepping(m)
	live := x.run(t, 0)
	for range 4 {
		require.NoError(t, live.put(full(0.1)))
	}
	backlog := x.run(t, 1)
	p := spoken(29*s, 0.9)
	require.NoError(t, backlog.put(batch{p}))
	passed := func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return p.passed
	}
	require.Eventually(t, passed, 10*time.Second, time.Millisecond)
	require.Equal(t, []int{100, 900, 100, 100, 100}, x.loud(5))
}

// A call of one window comes in although those beside it fill the room.
func TestTheFirstWindowFindsRoom(t *testing.T) {
	t.Parallel()
	x := newStepping(NewMixer())
	long := x.run(t, 1)
	for range 5 {
		require.NoError(t, long.put(full(0.1)))
	}
	live, p := x.run(t, 0), spoken(29*s, 0.9)
	require.NoError(t, live.put(batch{p}))
	require.NoError(t, live.finish(nil))
	require.Equal(t, []int{100, 900, 100}, x.loud(3))
	require.NoError(t, live.wait())
}

// Loose words of a live call are mixed before those of others, which fill the window up.
func TestMixingGoesByTurns(t *testing.T) {
	t.Parallel()
	x := newStepping(NewMixer())
	first := x.run(t, 0)
	require.NoError(t, first.put(full(0.1)))
	require.NoError(t, first.finish(nil))
	for i, priority := range []int{1, 1, 0} {
		p := x.run(t, priority)
		require.NoError(t, p.finish(batch{spoken(12*s, 0.2+0.1*float32(i))}))
	}
	require.Equal(t, []int{100, 400, 300}, x.loud(3), "the live one goes with the second")
}

// What is left of a live call does not wait for a backlog that is being read, but for a live
// one, and that of a backlog for both.
func TestWhoIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		own, reader int
		waits       bool
	}{{0, 0, true}, {0, 1, false}, {1, 0, true}, {1, 1, true}, {1, 2, false}} {
		x := newMixing(levels)
		reader := x.join(t.Context(), x.scripted, Config{Priority: tt.reader}, new(stopwatch))
		p := x.join(t.Context(), x.scripted, Config{Priority: tt.own}, new(stopwatch))
		t.Cleanup(p.leave)
		require.NoError(t, p.finish(batch{spoken(2*s, 0.1)}))
		if tt.waits {
			require.True(t, x.waits(), "%v", tt)
			reader.leave()
		}
		require.NoError(t, p.wait())
		reader.leave()
	}
}

// Without sharing, windows are the same as if each run had all to itself, but in turns.
func TestUnmixed(t *testing.T) {
	t.Parallel()
	x := newStepping(NewUnmixed())
	require.False(t, pipeline(t, x.scripted, Config{Mixer: x.Mixer}).Settings().Shared)
	long := x.run(t, 1)
	for range 2 {
		require.NoError(t, long.put(full(0.1)))
	}
	require.NoError(t, long.finish(batch{spoken(2*s, 0.1)}))
	live := x.run(t, 0)
	p, q := spoken(2*s, 0.8), spoken(3*s, 0.9)
	require.NoError(t, live.finish(batch{p, q}))
	var got []time.Duration
	for range 4 {
		w := <-x.heard
		got = append(got, sampleTime(int64(len(w.Samples))))
	}
	require.Equal(t, []time.Duration{29 * s, 5700 * ms, 29 * s, 2 * s}, got)
	require.NoError(t, live.wait())
	require.Equal(t, "800 900", texts(p, q))
	require.NoError(t, long.wait())
}

// Many at once, that come, wait for room and leave as they like: each is heard as a whole, and
// in the end nothing is left.
func TestTurnsAtOnce(t *testing.T) {
	t.Parallel()
	for _, m := range []*Mixer{NewMixer(), NewUnmixed()} {
		tr := &scripted{model: Model{Name: "m", Packs: true}, parallel: 2, answer: levels}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p := m.join(ctx, tr, Config{Priority: i % 3}, new(stopwatch))
				defer p.leave()
				loud := 0.001 * float32(i+1)
				var pieces []*piece
				for range i % 7 {
					x := spoken(29*s, loud)
					pieces = append(pieces, x)
					if err := p.put(batch{x}); err != nil {
						t.Error(err)
						return
					}
				}
				if i%5 == 4 {
					cancel()
				}
				x := spoken(3*s, loud)
				err := p.finish(batch{x})
				if err == nil {
					err = p.wait()
				}
				if i%5 == 4 && errors.Is(err, context.Canceled) {
					return
				}
				if err != nil {
					t.Error(err)
				}
				for _, x := range append(pieces, x) {
					if got := texts(x); got != fmt.Sprint(i+1) {
						t.Errorf("call %d: %q", i, got)
					}
				}
			})
		}
		wg.Wait()
		m.mu.Lock()
		require.Zero(t, m.waiting)
		require.Empty(t, slices.Concat(m.full, m.again, []batch{m.loose}[:min(1, len(m.loose))]))
		require.Empty(t, m.readers)
		m.mu.Unlock()
	}
}
