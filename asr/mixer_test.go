package asr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mixing is a Mixer, and what is heard by it.
type mixing struct {
	*Mixer
	*scripted
}

func newMixing(answer func(context.Context, Window) ([]Phrase, error)) *mixing {
	return &mixing{NewMixer(), &scripted{model: Model{Name: "m", Packs: true}, answer: answer}}
}

func (x *mixing) call(t *testing.T, ctx context.Context) *party { //nolint:revive // t first, as in all helpers
	t.Helper()
	p := x.join(ctx, x.scripted, Config{}, new(stopwatch))
	t.Cleanup(p.leave)
	return p
}

// heard are the lengths of the windows so far.
func (x *mixing) heard() (out []time.Duration) {
	x.scripted.mu.Lock()
	defer x.scripted.mu.Unlock()
	for _, w := range x.windows {
		out = append(out, sampleTime(int64(len(w.Samples))))
	}
	return out
}

// waits tells that nothing is being heard, and so that nothing will before something changes.
func (x *mixing) waits() bool {
	x.Mixer.mu.Lock()
	defer x.Mixer.mu.Unlock()
	return x.hearing == 0
}

// block has a run wait for room.
func (x *mixing) block(p *party) {
	x.Mixer.mu.Lock()
	defer x.Mixer.mu.Unlock()
	p.blocked = true
	x.kick()
}

// spoken is a piece of that length, whose samples all are as loud.
func spoken(length time.Duration, loud float32) *piece {
	p := newPiece(traced{Utterance: utterance(10*s, length)})
	for i := range p.samples {
		p.samples[i] = loud
	}
	return p
}

// levels answers with a phrase for each stretch of a window: how loud it is, in thousandths.
func levels(_ context.Context, w Window) (out []Phrase, err error) {
	from := 0
	for i := 1; i <= len(w.Samples); i++ {
		if i < len(w.Samples) && w.Samples[i] == w.Samples[from] {
			continue
		}
		if w.Samples[from] != 0 {
			out = append(out, phraseAt(sampleTime(int64(from)), sampleTime(int64(i)),
				fmt.Sprintf("%.0f", 1000*w.Samples[from])))
		}
		from = i
	}
	return out, nil
}

func phraseAt(from, to time.Duration, text string) Phrase {
	return Phrase{Span: Span{from, to}, Text: text, Tokens: []Token{token(from, to, text, 0.5)}}
}

func texts(pieces ...*piece) string {
	var out []string
	for _, p := range pieces {
		t := make([]string, len(p.segments))
		for i, s := range p.segments {
			t[i] = s.Text
		}
		out = append(out, strings.Join(t, "+"))
	}
	return strings.Join(out, " ")
}

func TestALoneCallWaitsForNothing(t *testing.T) {
	t.Parallel()
	x := newMixing(levels)
	a := x.call(t, t.Context())
	p, q := spoken(2*s, 0.1), spoken(3*s, 0.2)
	require.NoError(t, a.finish(batch{p, q}))
	require.NoError(t, a.wait())
	require.Equal(t, "100 200", texts(p, q))
	require.Equal(t, []time.Duration{5700 * ms}, x.heard())
	require.Nil(t, p.samples)
}

func TestACallWithoutSpeech(t *testing.T) {
	t.Parallel()
	x := newMixing(levels)
	a := x.call(t, t.Context())
	require.NoError(t, a.finish(nil))
	require.NoError(t, a.wait())
	require.Empty(t, x.heard())
}

// What is left of a call waits while another is read, and shares its window.
func TestCallsShareAWindow(t *testing.T) {
	t.Parallel()
	x := newMixing(levels)
	a, b, c := x.call(t, t.Context()), x.call(t, t.Context()), x.call(t, t.Context())
	p, q, r := spoken(2*s, 0.1), spoken(3*s, 0.2), spoken(2*s, 0.3)
	require.NoError(t, a.finish(batch{p, r}))
	require.True(t, x.waits())
	require.NoError(t, b.finish(batch{q}))
	require.True(t, x.waits())
	c.leave() // of which nothing comes any more
	for _, call := range []*party{a, b} {
		require.NoError(t, call.wait())
	}
	require.Equal(t, "100 200 300", texts(p, q, r))
	require.Equal(t, []time.Duration{(2000 + 700 + 2000 + 1000 + 3000) * ms}, x.heard())
	require.Equal(t, 1, a.windows)
	require.Equal(t, 1, b.windows)
}

// A full window waits for nobody, nor for a call that has handed something in since, or begun.
func TestWhatIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*testing.T, *mixing, *party){
		"it is full": func(t *testing.T, x *mixing, _ *party) {
			t.Helper()
			require.NoError(t, x.call(t, t.Context()).finish(batch{spoken(20*s, 0.4)}))
		},
		"the other one goes on": func(t *testing.T, _ *mixing, other *party) {
			t.Helper()
			require.NoError(t, other.put(batch{spoken(27*s, 0.4)}))
		},
		"the other one waits": func(_ *testing.T, x *mixing, other *party) { x.block(other) },
		"another one begins": func(t *testing.T, x *mixing, other *party) {
			t.Helper()
			x.call(t, t.Context())
			other.leave()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newMixing(levels)
			a, other := x.call(t, t.Context()), x.call(t, t.Context())
			p := spoken(10*s, 0.1)
			require.NoError(t, a.finish(batch{p}))
			require.True(t, x.waits())
			then(t, x, other)
			require.NoError(t, a.wait())
			require.Equal(t, "100", texts(p))
		})
	}
}

// A call's own words and the agent's echo lie in different windows, which others may fill.
func TestEchoHasItsOwnWindow(t *testing.T) {
	t.Parallel()
	x := newMixing(levels)
	a, b := x.call(t, t.Context()), x.call(t, t.Context())
	own, echo, other := spoken(5*s, 0.1), spoken(5*s, 0.2), spoken(5*s, 0.3)
	echo.echo = true
	require.NoError(t, a.finish(batch{own, echo}))
	require.NoError(t, b.finish(batch{other}))
	require.NoError(t, a.wait())
	require.NoError(t, b.wait())
	require.Equal(t, "100 200 300", texts(own, echo, other))
	require.ElementsMatch(t, []time.Duration{11 * s, 5 * s}, x.heard())
}

// What may have got into the wrong call is heard again, each call by itself.
func TestDoubtsAreHeardAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		phrases []Phrase // of the shared window, with calls at 0..4 s, 5..9 s and 10..14 s
		want    string
		windows int
		shorter time.Duration // is the second call's piece, and so earlier the third
	}{
		{"certain", []Phrase{phraseAt(200*ms, 4100*ms, "a"), phraseAt(4900*ms, 9*s, "b"),
			phraseAt(10*s, 30*s, "c")}, "a b c", 1, 0},
		{"nothing", nil, "  ", 1, 0},
		{"nothing but behind the end", []Phrase{phraseAt(15*s, 16*s, "c")}, "  c", 1, 0},
		{"stopped", []Phrase{phraseAt(0, 4*s, "a")}, "a 200 300", 3, 0},
		{"nothing in the middle", []Phrase{phraseAt(0, 4*s, "a"), phraseAt(10*s, 14*s, "c")}, "a  c", 1, 0},
		{"across", []Phrase{phraseAt(s, 6*s, "ab"), phraseAt(10*s, 14*s, "c")}, "100 200 c", 3, 0},
		{"across all", []Phrase{phraseAt(0, 14*s, "abc")}, "100 200 300", 4, 0},
		{"between", []Phrase{phraseAt(s, 2*s, "a"), phraseAt(9300*ms, 9700*ms, "?")},
			"a 200 300", 3, 0},
		{"too much", []Phrase{phraseAt(0, 4*s, strings.Repeat("话", 40)), phraseAt(10*s, 14*s, "c")},
			"100 200 c", 3, 0},
		{"another's words again, otherwise misheard", []Phrase{phraseAt(0, 4*s, "一共浩斯左上,再打位就投诉一门。"),
			phraseAt(5*s, 8*s, "一口口似左上,再打位就投诉一门。"), phraseAt(9*s, 13*s, "c")},
			"一共浩斯左上,再打位就投诉一门。 200 c", 2, s},
		{"another's words again, of whom is not beside", []Phrase{phraseAt(0, 4*s, "a"), phraseAt(5*s, 8*s, "以后不要再给我打电话了"),
			phraseAt(9*s, 13*s, "以后不要再给我打电话")}, "a 以后不要再给我打电话了 300", 2, s},
		{"an announcement that both heard", []Phrase{phraseAt(0, 4*s, "您拨打的电话暂时无法接通"), phraseAt(5*s, 9*s, "您拨打的电话暂时无法接听"),
			phraseAt(10*s, 14*s, "c")}, "您拨打的电话暂时无法接通 您拨打的电话暂时无法接听 c", 1, 0},
		{"its other half in between", []Phrase{phraseAt(0, 4*s, "您拨打的电话暂时无法接通"), phraseAt(5*s, 8*s, "您拨打的电话暂时无人接听"),
			phraseAt(9*s, 13*s, "您拨打的电话暂时无法接通")}, "您拨打的电话暂时无法接通 200 您拨打的电话暂时无法接通", 2, s},
		{"the same greeting", []Phrase{phraseAt(0, 4*s, "喂，你好，哪位"), phraseAt(5*s, 8*s, "喂，你好，哪位"), phraseAt(9*s, 13*s, "c")},
			"喂，你好，哪位 喂，你好，哪位 c", 1, s},
		{"alike in part", []Phrase{phraseAt(0, 4*s, "我对保险不感兴趣谢谢"), phraseAt(5*s, 8*s, "我对你们的课程也不感兴趣再见"),
			phraseAt(9*s, 13*s, "c")}, "我对保险不感兴趣谢谢 我对你们的课程也不感兴趣再见 c", 1, s},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := newMixing(nil)
			first := true
			x.answer = func(ctx context.Context, w Window) ([]Phrase, error) {
				if first {
					first = false
					return tt.phrases, nil
				}
				return levels(ctx, w)
			}
			var calls []*party
			var pieces []*piece
			for i := range 3 {
				calls = append(calls, x.call(t, t.Context()))
				length := 4 * s
				if i == 1 {
					length -= tt.shorter
				}
				pieces = append(pieces, spoken(length, 0.1*float32(i+1)))
			}
			for i, c := range calls {
				require.NoError(t, c.finish(batch{pieces[i]}))
			}
			for _, c := range calls {
				require.NoError(t, c.wait())
			}
			require.Equal(t, tt.want, texts(pieces...))
			require.Len(t, x.heard(), tt.windows)
		})
	}
}

// One call's bad window is no other's; the engine's death is that of all that were in it.
func TestFailuresOfASharedWindow(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	for _, tt := range []struct {
		err    error
		shared bool
	}{{bad, false}, {ErrWindow, false}, {ErrDied, true}, {ErrUnavailable, true}, {ErrClosed, true},
		{ErrModel, true}} {
		t.Run(tt.err.Error(), func(t *testing.T) {
			t.Parallel()
			x := newMixing(func(ctx context.Context, w Window) ([]Phrase, error) {
				if w.Samples[0] == 0.1 {
					return nil, tt.err
				}
				return levels(ctx, w)
			})
			a, b := x.call(t, t.Context()), x.call(t, t.Context())
			p := spoken(3*s, 0.2)
			require.NoError(t, a.finish(batch{spoken(3*s, 0.1)}))
			require.NoError(t, b.finish(batch{p}))
			require.ErrorIs(t, a.wait(), tt.err)
			if tt.shared {
				require.ErrorIs(t, b.wait(), tt.err)
				return
			}
			require.NoError(t, b.wait())
			require.Equal(t, "200", texts(p))
		})
	}
}

// A call that ends takes back what waits, and breaks off what nobody else is in.
func TestLeaving(t *testing.T) {
	t.Parallel()
	hears, goOn := make(chan Window), make(chan struct{})
	x := newMixing(func(ctx context.Context, w Window) ([]Phrase, error) {
		hears <- w
		select {
		case <-goOn:
			return levels(ctx, w)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	gone, a, b := x.call(t, ctx), x.call(t, t.Context()), x.call(t, t.Context())
	require.NoError(t, gone.put(batch{spoken(27*s, 0.9)}))
	<-hears // one at a time: all others wait
	p, q := spoken(3*s, 0.1), spoken(4*s, 0.2)
	require.NoError(t, gone.finish(batch{spoken(2*s, 0.8)}))
	require.NoError(t, a.finish(batch{p}))
	require.NoError(t, b.finish(batch{q}))
	cancel()
	require.ErrorIs(t, gone.wait(), context.Canceled)
	gone.leave()
	require.Len(t, (<-hears).Samples, 8*SampleRate)
	b.leave() // the window goes on, for the other
	goOn <- struct{}{}
	require.NoError(t, a.wait())
	require.Equal(t, "100", texts(p))
}

// Who has too much to give waits, and goes on when some of it is heard.
func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	x := newMixing(func(context.Context, Window) ([]Phrase, error) {
		<-goOn
		return nil, nil
	})
	defer close(goOn)
	ctx, cancel := context.WithCancel(t.Context())
	a := x.call(t, ctx)
	for range 5 { // one is heard, four wait
		require.NoError(t, a.put(batch{spoken(29*s, 0.1)}))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.put(batch{spoken(29*s, 0.1)}); err != nil {
			t.Error(err)
		}
	})
	goOn <- struct{}{}
	wg.Wait()
	wg.Go(func() {
		if err := a.put(batch{spoken(29*s, 0.1)}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	cancel()
	wg.Wait()
}

// Calls heard together give what each gives alone, whatever shares their windows.
func TestMixedCallsAreAsAlone(t *testing.T) {
	t.Parallel()
	// It says how long each stretch between silences is, in samples.
	measure := func(_ context.Context, w Window) (out []Phrase, err error) {
		from, end := 0, 0
		flush := func() {
			if end > from {
				out = append(out, phraseAt(sampleTime(int64(from)), sampleTime(int64(end)), fmt.Sprint(end-from)))
			}
		}
		for i, v := range w.Samples {
			switch {
			case v == 0:
			case i-end > SampleRate/2:
				flush()
				from, end = i, i+1
			default:
				end = i + 1
			}
		}
		flush()
		return out, nil
	}
	source := func(n int) *track {
		var voices []Span
		for i := range n {
			at := time.Duration(4*i+1) * s
			voices = append(voices, Span{at, at + s + time.Duration(n*i%7)*200*ms})
		}
		return newTrack(time.Duration(4*n+2)*s, voices...)
	}
	tr := &scripted{model: Model{Name: "m", Packs: true}, parallel: 3, answer: measure}
	lone, mixed := pipeline(t, tr, Config{}), pipeline(t, tr, Config{Mixer: NewMixer()})
	require.False(t, lone.Settings().Shared)
	require.True(t, mixed.Settings().Shared)
	var wg sync.WaitGroup
	got := make([]Transcript, 9)
	for n := range got {
		wg.Go(func() {
			var err error
			if got[n], _, err = mixed.Run(t.Context(), Customer, source(n)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n := range got {
		want, _, err := lone.Run(t.Context(), Customer, source(n))
		require.NoError(t, err)
		require.Len(t, want.Segments, n)
		require.Equal(t, want.Segments, got[n].Segments)
	}
}
