package asr

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/vad"
)

// utterance is one from start on whose audio, with 300 ms padding, lasts length.
func utterance(start, length time.Duration) vad.Utterance {
	return vad.Utterance{
		Start: start, End: start + length - 600*ms, From: start - 300*ms,
		Samples: make([]float32, length*SampleRate/s), SNR: 20,
	}
}

func TestPacking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		packs   bool
		lengths []time.Duration
		want    [][]time.Duration // where utterances begin in each window
		windows []time.Duration   // lengths
	}{
		{"nothing", true, nil, nil, nil},
		{"alone", false, []time.Duration{2 * s, 3 * s}, [][]time.Duration{{0}, {0}},
			[]time.Duration{2 * s, 3 * s}},
		{"filled to a second", false, []time.Duration{850 * ms}, [][]time.Duration{{0}},
			[]time.Duration{s}},
		{"together", true, []time.Duration{2 * s, 3 * s}, [][]time.Duration{{0, 2700 * ms}},
			[]time.Duration{5700 * ms}},
		{"just full", true, []time.Duration{20 * s, 8300 * ms, s},
			[][]time.Duration{{0, 20700 * ms}, {0}}, []time.Duration{29 * s, s}},
		{"too full", true, []time.Duration{20 * s, 8301 * ms}, [][]time.Duration{{0}, {0}},
			[]time.Duration{20 * s, 8301 * ms}},
		{"long ones", true, []time.Duration{27 * s, 27 * s, 900 * ms},
			[][]time.Duration{{0}, {0, 27700 * ms}}, []time.Duration{27 * s, 28600 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := packer{model: Model{Packs: c.packs}}
			var windows []batch
			for i, l := range c.lengths {
				windows = append(windows, p.add(newPiece(traced{Utterance: utterance(time.Duration(i+1)*40*s, l)}))...)
			}
			if rest := p.rest(); rest != nil {
				windows = append(windows, rest)
			}
			require.Len(t, windows, len(c.want))
			for i, b := range windows {
				w := pack(b, p.model)
				require.Len(t, w.window.Samples, int(c.windows[i]*SampleRate/s))
				var at []time.Duration
				for _, pl := range w.places {
					at = append(at, pl.at)
				}
				require.Equal(t, c.want[i], at)
			}
		})
	}
}

func TestContextIsARoundNumberOfSlots(t *testing.T) {
	t.Parallel()
	for length, want := range map[time.Duration]time.Duration{
		s:            5120 * ms,
		5120 * ms:    5120 * ms,
		5120*ms + 1:  10240 * ms,
		25600 * ms:   25600 * ms,
		25600*ms + 1: 0,
		30 * s:       0,
	} {
		require.Equal(t, want, contextFor(length), "%v", length)
	}
}

// twoUtterances is a window with utterances at 0..2 s and 2.7..4.7 s that were
// spoken at 10 s and 40 s.
func twoUtterances() packed {
	p := packer{model: Model{Packs: true}}
	p.add(newPiece(traced{Utterance: utterance(10*s, 2*s)}))
	p.add(newPiece(traced{Utterance: utterance(40*s, 2*s)}))
	return pack(p.rest(), p.model)
}

// segmentsOf are the segments that a phrase gives, none of them in doubt.
func segmentsOf(t *testing.T, w packed, p Phrase) []Segment {
	t.Helper()
	heard, doubts := w.segments([]Phrase{p})
	require.Empty(t, doubts)
	return slices.Concat(heard...)
}

func token(start, end time.Duration, text string, prob float64) Token {
	return Token{Span: Span{start, end}, Text: text, Prob: prob}
}

func TestPlacing(t *testing.T) {
	t.Parallel()
	a, b, c := token(500*ms, 700*ms, " 不", 0.5), token(1800*ms, 2100*ms, "用", 0.9),
		token(3*s, 3500*ms, "再见", 0.25)
	for _, test := range []struct {
		name   string
		phrase Phrase
		want   []Segment // Span, Text, number of tokens, MeanLogProb, Utterance
	}{
		{"within the first", Phrase{Span: Span{400 * ms, 2 * s}, Text: " 不用",
			Tokens: []Token{a, b}, MeanLogProb: -0.3},
			[]Segment{{Span: Span{10100 * ms, 11700 * ms}, Text: "不用", Tokens: []Token{a, b},
				MeanLogProb: -0.3}}},
		{"within the second", Phrase{Span: Span{3 * s, 4 * s}, Text: "再见", Tokens: []Token{c},
			MeanLogProb: -1},
			[]Segment{{Span: Span{40 * s, 41 * s}, Text: "再见", Tokens: []Token{c},
				MeanLogProb: -1}}},
		{"across", Phrase{Span: Span{400 * ms, 4 * s}, Text: " 不用再见", Tokens: []Token{a, b, c},
			MeanLogProb: -0.4},
			[]Segment{
				{Span: Span{10200 * ms, 11700 * ms}, Text: "不用", Tokens: []Token{a, b},
					MeanLogProb: (math.Log(0.5) + math.Log(0.9)) / 2},
				{Span: Span{40 * s, 40500 * ms}, Text: "再见", Tokens: []Token{c},
					MeanLogProb: math.Log(0.25)},
			}},
		{"across, without tokens", Phrase{Span: Span{2 * s, 4700 * ms}, Text: "再见"},
			[]Segment{{Span: Span{39700 * ms, 41700 * ms}, Text: "再见"}}},
		{"in the silence between, nearer the first",
			Phrase{Span: Span{2100 * ms, 2300 * ms}, Text: "嗯"},
			[]Segment{{Span: Span{11700 * ms, 11700 * ms}, Text: "嗯"}}},
		{"beyond the end", Phrase{Span: Span{4 * s, 29 * s}, Text: "嗯"},
			[]Segment{{Span: Span{41 * s, 41700 * ms}, Text: "嗯"}}},
		{"nothing", Phrase{Span: Span{0, s}, Text: "  "}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := segmentsOf(t, twoUtterances(), test.phrase)
			require.Len(t, got, len(test.want))
			for i, want := range test.want {
				require.Equal(t, want.Span, got[i].Span)
				require.Equal(t, want.Text, got[i].Text)
				require.InDelta(t, want.MeanLogProb, got[i].MeanLogProb, 1e-9)
				require.Equal(t, 20.0, *got[i].SNR)
				require.Len(t, got[i].Tokens, len(want.Tokens))
				for k, tok := range got[i].Tokens {
					require.Equal(t, want.Tokens[k].Text, tok.Text)
					require.GreaterOrEqual(t, tok.Start, got[i].Utterance.Start-300*ms)
					require.LessOrEqual(t, tok.End, got[i].Utterance.End+300*ms)
				}
			}
		})
	}
}

func TestTokensThatJumpBackStayTogether(t *testing.T) {
	t.Parallel()
	p := Phrase{Span: Span{3 * s, 4 * s}, Text: "再见",
		Tokens: []Token{token(3*s, 3200*ms, "再", 0.9), token(0, 100*ms, "见", 0.9)}}
	got := segmentsOf(t, twoUtterances(), p)
	require.Len(t, got, 1)
	require.Equal(t, "再见", got[0].Text)
	require.Equal(t, 39700*ms, got[0].Tokens[1].Start)
}
