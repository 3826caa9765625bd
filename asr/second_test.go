package asr

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wanting doubts utterances in which it finds a text, and chooses the reading that has another.
type wanting struct{ doubts, chooses string }

func (w wanting) Doubts(heard []Segment) bool { return strings.Contains(joinTexts(heard), w.doubts) }

func (w wanting) Choose(readings []Reading) int {
	for i, r := range readings {
		if strings.Contains(r.Text, w.chooses) {
			return i
		}
	}
	return 0
}

// twice answers windows with beams by readings, others by a phrase.
func twice(text string, readings ...Reading) *scripted {
	return &scripted{readings: true, answer: func(_ context.Context, w Window) ([]Phrase, error) {
		span := Span{End: sampleTime(int64(len(w.Samples)))}
		if w.Beams == 0 {
			return []Phrase{{Span: span, Text: text, MeanLogProb: -0.5}}, nil
		}
		p := Phrase{Span: span, Text: "?", Readings: readings}
		if len(readings) == 0 {
			return nil, nil
		}
		return []Phrase{p}, nil
	}}
}

func TestSecondLook(t *testing.T) {
	t.Parallel()
	readings := []Reading{{"没性气", 0.7, -0.2}, {"没兴趣", 0.2, -0.4}}
	for name, tt := range map[string]struct {
		tr       *scripted
		second   Second
		text     string
		readings int
		windows  int
	}{
		"not asked for":   {twice("没性气", readings...), nil, "没性气", 0, 1},
		"no doubt":        {twice("没性气", readings...), wanting{"有", ""}, "没性气", 0, 1},
		"another reading": {twice("没性气", readings...), wanting{"气", "趣"}, "没兴趣", 2, 2},
		"the likeliest":   {twice("没性气啊", readings...), wanting{"气", "有"}, "没性气", 2, 2},
		"the same words":  {twice("没 兴趣。", readings...), wanting{"趣", "趣"}, "没 兴趣。", 2, 2},
		"nothing heard":   {twice("没性气"), wanting{"气", "趣"}, "没性气", 0, 2},
	} {
		src := newTrack(4*s, Span{s, 3 * s})
		got, _, err := pipeline(t, tt.tr, Config{Second: tt.second}).Run(t.Context(), Customer, src)
		require.NoError(t, err, name)
		require.Len(t, got.Segments, 1, name)
		require.Equal(t, tt.text, got.Segments[0].Text, name)
		require.Len(t, got.Segments[0].Readings, tt.readings, name)
		require.Equal(t, tt.windows, got.Windows, name)
		require.Equal(t, got.Utterances[0], got.Segments[0].Utterance, name)
	}
}

// Where the second look fails, what was heard at first stays.
func TestSecondLookFails(t *testing.T) {
	t.Parallel()
	tr := twice("没性气")
	first := tr.answer
	tr.answer = func(ctx context.Context, w Window) ([]Phrase, error) {
		if w.Beams > 0 {
			return nil, errors.New("no beams today")
		}
		return first(ctx, w)
	}
	got, _, err := pipeline(t, tr, Config{Second: wanting{"气", "趣"}}).Run(t.Context(), Customer,
		newTrack(4*s, Span{s, 3 * s}))
	require.NoError(t, err)
	require.Equal(t, "没性气", got.Text())
	require.Len(t, tr.windows, 2)
}

type broken struct{ wanting }

func (broken) Doubts([]Segment) bool { panic("a bug") }

// A bug in judging fails the recording, and no more.
func TestSecondLookPanics(t *testing.T) {
	t.Parallel()
	m := NewMixer()
	tr := twice("没性气")
	_, _, err := pipeline(t, tr, Config{Mixer: m, Second: broken{}}).Run(t.Context(), Customer,
		newTrack(4*s, Span{s, 3 * s}))
	require.ErrorContains(t, err, "a bug in refrain: a bug")
	got, _, err := pipeline(t, tr, Config{Mixer: m}).Run(t.Context(), Customer,
		newTrack(4*s, Span{s, 3 * s}))
	require.NoError(t, err)
	require.Equal(t, "没性气", got.Text())
}

// A recording that may have killed the engine is heard as simply as can be.
func TestNoSecondLookAlone(t *testing.T) {
	t.Parallel()
	tr := twice("没性气", Reading{"没兴趣", 1, -0.1})
	got, _, err := pipeline(t, tr, Config{Alone: true, Second: wanting{"气", "趣"}}).Run(t.Context(),
		Customer, newTrack(4*s, Span{s, 3 * s}))
	require.NoError(t, err)
	require.Equal(t, "没性气", got.Text())
}

// hanging is a Source that gives nothing until ctx ends.
type hanging struct{ ctx context.Context } //nolint:containedctx // a test's

func (h hanging) Read([]float32) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

// A source that hangs holds up no other call for long.
func TestHangingSourceHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	m := NewMixer()
	m.patience = time.Millisecond
	tr := twice("没性气")
	tr.model.Packs = true
	ctx, cancel := context.WithCancel(t.Context())
	hung := make(chan error)
	p := pipeline(t, tr, Config{Mixer: m})
	began := make(chan struct{})
	go func() {
		close(began)
		_, _, err := p.Run(ctx, Customer, hanging{ctx})
		hung <- err
	}()
	<-began
	got, _, err := p.Run(t.Context(), Customer, newTrack(4*s, Span{s, 3 * s}))
	require.NoError(t, err)
	require.Equal(t, "没性气", got.Text())
	cancel()
	require.ErrorIs(t, <-hung, context.Canceled)
}

// An engine that knows no readings is not asked again, nor is an agent's track.
func TestNoSecondLook(t *testing.T) {
	t.Parallel()
	tr := twice("没性气", Reading{"没兴趣", 1, -0.1})
	tr.readings = false
	got, _, err := pipeline(t, tr, Config{Second: wanting{"气", "趣"}}).Run(t.Context(), Customer,
		newTrack(4*s, Span{s, 3 * s}))
	require.NoError(t, err)
	require.Equal(t, "没性气", got.Text())
	require.Zero(t, got.Settings.Second)
}
