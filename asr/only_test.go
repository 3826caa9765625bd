package asr

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// ones is a Source of so many samples, all 1, that gives some at a time.
type ones struct{ left, some int }

func (o *ones) Read(samples []float32) (int, error) {
	n := min(len(samples), o.left, o.some)
	for i := range n {
		samples[i] = 1
	}
	o.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func readAll(t *testing.T, src Source) (all []float32) {
	t.Helper()
	for block := make([]float32, SampleRate); ; {
		n, err := src.Read(block)
		all = append(all, block[:n]...)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
	}
}

func TestHearOnly(t *testing.T) {
	t.Parallel()
	spans := []Span{{0, s / 2}, {s, 2 * s}, {2500 * ms, time.Hour}}
	for _, block := range []int{1, 100, SampleRate / 3, SampleRate, 10 * SampleRate} {
		src := hearOnly(&ones{3 * SampleRate, block}, spans)
		got := readAll(t, src)
		require.Len(t, got, 3*SampleRate)
		for i, v := range got {
			at := sampleTime(int64(i))
			if heard := at < s/2 || s <= at && at < 2*s || at >= 2500*ms; heard != (v == 1) {
				require.Failf(t, "wrong", "%v in blocks of %d is %v", at, block, v)
			}
		}
	}
	src := &ones{1, 1}
	require.Same(t, src, hearOnly(src, nil))
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		gap        time.Duration
		give, want []Span
	}{
		{"none", s, nil, nil},
		{"one", s, []Span{{s, 2 * s}}, []Span{{s, 2 * s}}},
		{"out of order", s, []Span{{5 * s, 6 * s}, {s, 2 * s}}, []Span{{s, 2 * s}, {5 * s, 6 * s}}},
		{"overlapping", 0, []Span{{s, 3 * s}, {2 * s, 4 * s}}, []Span{{s, 4 * s}}},
		{"within another", s, []Span{{s, 9 * s}, {2 * s, 4 * s}}, []Span{{s, 9 * s}}},
		{"close", s, []Span{{s, 2 * s}, {2900 * ms, 4 * s}}, []Span{{s, 4 * s}}},
		{"as far apart as the gap", s, []Span{{s, 2 * s}, {3 * s, 4 * s}},
			[]Span{{s, 2 * s}, {3 * s, 4 * s}}},
	} {
		given := append([]Span(nil), tt.give...)
		require.Equal(t, tt.want, Join(tt.give, tt.gap), tt.name)
		require.Equal(t, given, tt.give, "%s: what was given is left as it is", tt.name)
	}
}

// Of an agent's track only the stretches are heard that are asked for; the customer's is always
// heard as a whole.
func TestHearPartOfTrack(t *testing.T) {
	t.Parallel()
	wav, err := testcall.Make(1, 30*s)
	require.NoError(t, err)
	part := []Span{{10 * s, 20 * s}}
	hear := func(side Side, c audio.Channel, only []Span) Transcript {
		got, _, err := Hear(t.Context(), opened{&scripted{answer: says("嗯")}, nil}, Config{},
			Track{Side: side, Audio: bytes.NewReader(wav), Channel: c, Only: only})
		require.NoError(t, err)
		require.Equal(t, 30*s, got.Duration)
		return got
	}
	all, some := hear(Agent, audio.Left, nil), hear(Agent, audio.Left, part)
	require.Empty(t, all.Heard)
	require.Equal(t, part, some.Heard)
	require.NotEmpty(t, some.Utterances)
	require.Less(t, len(some.Utterances), len(all.Utterances))
	for _, u := range some.Utterances {
		require.True(t, u.Start >= 10*s-100*ms && u.End <= 20*s+100*ms,
			"%v", u)
	}
	require.Nil(t, some.Sounds, "they are measured beside the customer's")

	customer := hear(Customer, audio.Right, part)
	require.Empty(t, customer.Heard)
	require.Equal(t, customer.Utterances, hear(Customer, audio.Right, nil).Utterances)
	talks := customer.Sounds.Agent.Talks
	require.Len(t, talks, len(all.Utterances), "when the agent speaks is known by now")
	for i, u := range all.Utterances {
		require.InDelta(t, u.Start.Seconds(), talks[i].Start.Seconds(), 0.1)
	}
}

// An agent's windows that are half empty are heard in half of the time, others and the customer's
// as a whole.
func TestHearBriefly(t *testing.T) {
	t.Parallel()
	wav, err := testcall.Make(1, 60*s)
	require.NoError(t, err)
	hear := func(side Side, c audio.Channel, only []Span) (briefly int, windows []Window) {
		tr := &scripted{answer: says("嗯"), model: Model{Packs: true}}
		_, _, err := Hear(t.Context(), opened{tr, nil}, Config{},
			Track{Side: side, Audio: bytes.NewReader(wav), Channel: c, Only: only})
		require.NoError(t, err)
		for _, w := range tr.windows {
			require.Equal(t, w.Context == HalfContext, side == Agent && len(w.Samples) <= mostBrief)
			if w.Context > 0 {
				briefly++
			}
		}
		return briefly, tr.windows
	}
	briefly, _ := hear(Agent, audio.Left, []Span{{5 * s, 15 * s}})
	require.Equal(t, 1, briefly)
	briefly, windows := hear(Agent, audio.Left, nil)
	require.Greater(t, len(windows), briefly)
	_, windows = hear(Customer, audio.Right, nil)
	require.NotEmpty(t, windows)
}
