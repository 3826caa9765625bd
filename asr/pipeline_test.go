package asr

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/vad"
)

const (
	ms = time.Millisecond
	s  = time.Second
)

// scripted is a Transcriber that answers by a function.
type scripted struct {
	model    Model
	parallel int
	readings bool
	answer   func(ctx context.Context, w Window) ([]Phrase, error)

	mu      sync.Mutex
	windows []Window
	now     int
	most    int // windows at once
}

func (t *scripted) Traits() Traits {
	return Traits{Model: t.model, Engine: "script 1", Language: "zh", Parallel: max(1, t.parallel),
		Readings: t.readings}
}

func (t *scripted) Transcribe(ctx context.Context, w Window) ([]Phrase, error) {
	t.mu.Lock()
	t.windows = append(t.windows, w)
	t.now++
	t.most = max(t.most, t.now)
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.now--
		t.mu.Unlock()
	}()
	return t.answer(ctx, w)
}

// count is how many windows there were. A window that was broken off may still be under way.
func (t *scripted) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.windows)
}

// says answers each window with one phrase of a second.
func says(text string) func(context.Context, Window) ([]Phrase, error) {
	return func(context.Context, Window) ([]Phrase, error) {
		return []Phrase{{Span: Span{End: s}, Text: text, MeanLogProb: -0.5,
			Tokens: []Token{{Span: Span{End: s}, Text: text, Prob: 0.6}}}}, nil
	}
}

// track is a Source with voices at given times over faint noise.
type track struct {
	samples []float32
	err     error // after the samples
}

func (t *track) Read(b []float32) (int, error) {
	n := copy(b, t.samples)
	t.samples = t.samples[n:]
	if n > 0 {
		return n, nil
	}
	if t.err != nil {
		return 0, t.err
	}
	return 0, io.EOF
}

func newTrack(length time.Duration, voices ...Span) *track {
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, length*SampleRate/s)
	for i := range x {
		x[i] = float32(0.001 * rng.NormFloat64())
	}
	for _, v := range voices {
		speak(x[v.Start*SampleRate/s : v.End*SampleRate/s])
	}
	return &track{samples: x}
}

// speak makes a voice: harmonics of a gliding pitch.
func speak(x []float32) {
	phase := 0.0
	for i := range x {
		phase += 2 * math.Pi * (160 - 50*float64(i)/float64(len(x))) / SampleRate
		for h := 2.0; h < 15; h++ {
			x[i] += float32(0.2 / h * math.Sin(h*phase))
		}
	}
}

func pipeline(t *testing.T, tr Transcriber, cfg Config) *Pipeline {
	t.Helper()
	p, err := NewPipeline(tr, cfg)
	require.NoError(t, err)
	return p
}

func TestOneUtteranceAWindow(t *testing.T) {
	t.Parallel()
	tr := &scripted{model: Model{Name: "m", ShortContext: true}, answer: says("不用")}
	got, stats, err := pipeline(t, tr, Config{}).Run(t.Context(), Customer,
		newTrack(30*s, Span{3 * s, 3250 * ms}, Span{6 * s, 8 * s}, Span{12 * s, 18 * s}))
	require.NoError(t, err)

	require.Equal(t, Customer, got.Side)
	require.Equal(t, 30*s, got.Duration)
	require.Equal(t, 3, got.Windows)
	require.Len(t, got.Utterances, 3)
	require.Len(t, got.Segments, 3)
	for i, start := range []time.Duration{3 * s, 6 * s, 12 * s} {
		g := got.Segments[i]
		require.InDelta(t, start.Seconds()-0.3, g.Start.Seconds(), 0.05)
		require.Equal(t, got.Utterances[i], g.Utterance)
		require.Equal(t, "不用", g.Text)
		require.Equal(t, g.Span, g.Tokens[0].Span)
		require.Greater(t, *g.SNR, 20.0)
		require.Nil(t, g.AgentLikeness)
	}
	// not into the silence that fills the window
	require.InDelta(t, 0.85, got.Segments[0].Duration().Seconds(), 0.05)
	require.Len(t, tr.windows[0].Samples, SampleRate)
	require.Equal(t, 5120*ms, tr.windows[1].Context)
	require.Equal(t, 10240*ms, tr.windows[2].Context)

	require.Equal(t, Stats{Audio: 30 * s, Utterances: 3, Windows: 3}, stats)
	require.Equal(t, Settings{Model: tr.model, Engine: "script 1", Language: "zh",
		VAD: vad.DefaultParams().String()}, got.Settings)
	require.Equal(t, "不用 不用 不用", got.Text())
}

func TestPackedUtterances(t *testing.T) {
	t.Parallel()
	tr := &scripted{model: Model{Name: "m", Packs: true}}
	// What is said at the middle of each utterance of the window, all in one phrase.
	tr.answer = func(_ context.Context, w Window) ([]Phrase, error) {
		var p Phrase
		// 1 s, padding, gap
		for at := 800 * ms; at < time.Duration(len(w.Samples))*s/SampleRate; at += 2300 * ms {
			p.Tokens = append(p.Tokens, Token{Span: Span{at, at + 100*ms}, Text: "好", Prob: 0.5})
		}
		p.End = p.Tokens[len(p.Tokens)-1].End
		p.Text = "-"
		return []Phrase{p}, nil
	}
	var voices []Span
	for at := 5 * s; at < 145*s; at += 7 * s {
		voices = append(voices, Span{at, at + s})
	}
	got, _, err := pipeline(t, tr, Config{}).Run(t.Context(), Customer, newTrack(150*s, voices...))
	require.NoError(t, err)
	require.Len(t, got.Utterances, 20)
	require.Equal(t, 2, got.Windows) // 13 utterances of 1.6 s with 0.7 s between
	require.Len(t, got.Segments, 20)
	for i, g := range got.Segments {
		require.Equal(t, "好", g.Text)
		require.Equal(t, got.Utterances[i], g.Utterance)
		require.InDelta(t, voices[i].Start.Seconds()+0.5, g.Start.Seconds(), 0.2)
		require.InDelta(t, math.Log(0.5), g.MeanLogProb, 1e-9)
	}
	for _, w := range tr.windows {
		require.Zero(t, w.Context)
		require.LessOrEqual(t, len(w.Samples), 30*SampleRate)
	}
}

func TestSilenceGivesNothing(t *testing.T) {
	t.Parallel()
	tr := &scripted{answer: says("字幕")}
	for _, length := range []time.Duration{0, 5 * ms, 10 * s} {
		got, _, err := pipeline(t, tr, Config{}).Run(t.Context(), Agent, newTrack(length))
		require.NoError(t, err)
		require.Equal(t, length, got.Duration)
		require.Empty(t, got.Segments)
		require.Empty(t, got.Utterances)
		require.Zero(t, got.Windows)
	}
	require.Empty(t, tr.windows)
}

func TestEmptyTextsAreDropped(t *testing.T) {
	t.Parallel()
	tr := &scripted{answer: says(" \n")}
	got, _, err := pipeline(t, tr, Config{}).Run(t.Context(), Agent, newTrack(5*s, Span{s, 2 * s}))
	require.NoError(t, err)
	require.Empty(t, got.Segments)
	require.Len(t, got.Utterances, 1)
	require.Equal(t, 1, got.Windows)
}

func manyVoices() *track {
	var voices []Span
	for at := s; at < 20*s; at += 2 * s {
		voices = append(voices, Span{at, at + 500*ms})
	}
	return newTrack(22*s, voices...)
}

func TestParallelWindowsStayInOrder(t *testing.T) {
	t.Parallel()
	length := func(_ context.Context, w Window) ([]Phrase, error) {
		return []Phrase{{Span: Span{End: s}, Text: strconv.Itoa(len(w.Samples))}}, nil
	}
	source := func() *track {
		var voices []Span
		for i := range 6 * s / s {
			voices = append(voices, Span{(4*i + 1) * s, (4*i+2)*s + i*200*ms})
		}
		return newTrack(26*s, voices...)
	}
	want, _, err := pipeline(t, &scripted{answer: length}, Config{}).Run(t.Context(), Agent,
		source())
	require.NoError(t, err)
	require.Len(t, want.Segments, 6)

	tr, arrived := &scripted{parallel: 2}, make(chan struct{})
	var calls atomic.Int32
	tr.answer = func(ctx context.Context, w Window) ([]Phrase, error) {
		switch calls.Add(1) {
		case 1: // overtaken by the second
			<-arrived
		case 2:
			close(arrived)
		}
		return length(ctx, w)
	}
	got, _, err := pipeline(t, tr, Config{}).Run(t.Context(), Agent, source())
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, 2, tr.most)
}

func TestFailuresEndTheRun(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tr := &scripted{answer: func(context.Context, Window) ([]Phrase, error) { return nil, broken }}
	_, _, err := pipeline(t, tr, Config{}).Run(t.Context(), Customer, manyVoices())
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "customer's track: window at ")
	require.Less(t, tr.count(), 5)

	src := manyVoices()
	src.err = broken
	waits := &scripted{parallel: 99, answer: func(ctx context.Context, _ Window) ([]Phrase, error) {
		<-ctx.Done() // until the source's failure ends it
		return nil, ctx.Err()
	}}
	_, _, err = pipeline(t, waits, Config{}).Run(t.Context(), Customer, src)
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "reading audio at 22s")
}

func TestCancelReachesIntoAWindow(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	tr := &scripted{answer: func(ctx context.Context, _ Window) ([]Phrase, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	_, _, err := pipeline(t, tr, Config{}).Run(ctx, Customer, manyVoices())
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, tr.count(), 1)

	_, _, err = pipeline(t, tr, Config{}).Run(ctx, Customer, manyVoices())
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, tr.count(), 1)

	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	_, _, err = pipeline(t, tr, Config{}).Run(late, Customer, manyVoices())
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestStats(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	clock := time.Unix(0, 0)
	pass := func(d time.Duration) time.Time {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(d)
		return clock
	}
	tr := &scripted{answer: func(ctx context.Context, w Window) ([]Phrase, error) {
		pass(95 * ms)
		return says("喂")(ctx, w)
	}}
	_, stats, err := pipeline(t, tr, Config{Now: func() time.Time {
		return pass(0)
	}}).Run(t.Context(), Agent, manyVoices())
	require.NoError(t, err)
	require.Equal(t, 10*95*ms, stats.Transcribing)
	require.Equal(t, 10*95*ms, stats.Total)
	require.InDelta(t, 0.05, Stats{Transcribing: 95, Preparing: 5}.Outside(), 1e-9)
	require.Zero(t, Stats{}.Outside())
}

func TestNewPipelineRefusesParameters(t *testing.T) {
	t.Parallel()
	p := vad.DefaultParams()
	p.Pad = -1
	_, err := NewPipeline(&scripted{}, Config{VAD: p})
	require.ErrorContains(t, err, "padding")
}
