package asr

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/vad"
)

// tellsVoices is a scripted Transcriber that finds voices by a function.
type tellsVoices struct {
	*scripted
	voices func(w Window) ([]float32, error)
}

func (t *tellsVoices) Traits() Traits {
	traits := t.scripted.Traits()
	traits.Voices = t
	return traits
}

func (t *tellsVoices) Voices(_ context.Context, w Window) ([]float32, error) { return t.voices(w) }
func (t *tellsVoices) VoicesName() string                                    { return "test 1" }

// row is n values.
func row(n int, value float32) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = value
	}
	return out
}

func TestSpeechInASound(t *testing.T) {
	t.Parallel()
	join := func(parts ...[]float32) (all []float32) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	// 96 ms before the sound that is asked about.
	const from = 10*s - 3*VoiceStep
	for _, tt := range []struct {
		name   string
		length time.Duration
		values []float32
		want   []Span
	}{
		{"a word that is doubted", s, join(row(20, 0), row(1, 0.1), row(20, 0)), []Span{{10 * s, 11 * s}}},
		{"a click", s, row(40, 0.05), nil},
		{"no values", s, nil, nil},
		{"speech all along", 8 * s, row(256, 0.9), []Span{{10 * s, 18 * s}}},
		{"music", 8 * s, row(256, 0.3), nil},
		{"a spike in music", 8 * s, join(row(100, 0.1), row(1, 0.9), row(155, 0.1)), nil},
		{"a word in music", 8 * s, join(row(103, 0.1), row(5, 0.9), row(148, 0.1)),
			[]Span{{10*s + 100*VoiceStep - 500*ms, 10*s + 105*VoiceStep + 500*ms}}},
		{"two words apart", 8 * s, join(row(53, 0), row(5, 1), row(95, 0), row(5, 1), row(98, 0)),
			[]Span{{10*s + 49*VoiceStep - 500*ms, 10*s + 56*VoiceStep + 500*ms},
				{10*s + 149*VoiceStep - 500*ms, 10*s + 156*VoiceStep + 500*ms}}},
		{"a pause of less than a second", 3 * s, join(row(43, 1), row(28, 0), row(30, 1)),
			[]Span{{10 * s, 13 * s}}},
	} {
		got := speech(vad.Utterance{From: from, Start: 10 * s, End: 10*s + tt.length}, tt.values)
		require.Len(t, got, len(tt.want), tt.name)
		for i, want := range tt.want {
			require.InDelta(t, want.Start.Seconds(), got[i].Start.Seconds(), 0.04, tt.name)
			require.InDelta(t, want.End.Seconds(), got[i].End.Seconds(), 0.04, tt.name)
		}
	}
}

// Only what is speech is recognised, and the transcript says how much was not.
func TestOtherSoundsAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value   float32
		windows int
	}{{0, 0}, {1, 1}} {
		tr := &tellsVoices{&scripted{answer: says("不用")}, func(w Window) ([]float32, error) {
			return row(len(w.Samples)/512, tt.value), nil
		}}
		// in whatever a Transcriber is wrapped
		engine := InScript(opened{tr, nil}, strings.ToUpper)
		wrapped, err := engine.Open(t.Context())
		require.NoError(t, err)
		p, err := NewPipeline(wrapped, Config{})
		require.NoError(t, err)
		got, _, err := p.Run(t.Context(), Customer, newTrack(10*s, Span{2 * s, 3500 * ms}))
		require.NoError(t, err)
		require.Len(t, tr.windows, tt.windows)
		require.Len(t, got.Segments, tt.windows)
		require.Len(t, got.Utterances, tt.windows)
		require.NotNil(t, got.OtherSounds)
		require.Len(t, got.OtherSounds, 1-tt.windows)
		for _, o := range got.OtherSounds {
			require.InDelta(t, 1.5, o.Duration().Seconds(), 0.3)
		}
		require.Contains(t, got.Settings.VAD, "test 1")
	}
}

func TestVoicesFail(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tr := &tellsVoices{&scripted{answer: says("不用")}, func(Window) ([]float32, error) {
		return nil, boom
	}}
	p, err := NewPipeline(tr, Config{})
	require.NoError(t, err)
	_, _, err = p.Run(t.Context(), Customer, newTrack(10*s, Span{2 * s, 3500 * ms}))
	require.ErrorIs(t, err, boom)
}

// Faint and loud sounds are given to the detector alike, never beyond full scale.
func TestLevelled(t *testing.T) {
	t.Parallel()
	loud := newTrack(2*s, Span{500 * ms, 1500 * ms}).samples
	faint := make([]float32, len(loud))
	for i, v := range loud {
		faint[i] = v / 50
	}
	a, b := levelled(loud), levelled(faint)
	for i := range a {
		require.InDelta(t, a[i], b[i], 1e-3)
		require.LessOrEqual(t, max(a[i], -a[i]), float32(1))
	}
	for _, v := range levelled(make([]float32, SampleRate)) {
		require.InDelta(t, 0, v, 0.02)
	}
	require.Empty(t, levelled(nil))
}
