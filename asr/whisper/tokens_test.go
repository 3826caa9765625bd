package whisper

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

const ms = time.Millisecond

func TestJoinTokens(t *testing.T) {
	t.Parallel()
	within := asr.Span{Start: 100 * ms, End: 900 * ms}
	at := func(text string, prob float64, start, end time.Duration) rawToken {
		return rawToken{text: text, prob: prob, start: start, end: end}
	}
	token := func(text string, prob float64, start, end time.Duration) asr.Token {
		return asr.Token{Span: asr.Span{Start: start, End: end}, Text: text, Prob: prob}
	}
	for name, c := range map[string]struct {
		raw  []rawToken
		want []asr.Token
	}{
		"nothing": {},
		"whole characters stay apart": {
			[]rawToken{at("没", .9, 100*ms, 200*ms), at("兴趣", .8, 200*ms, 300*ms),
				at("ok", .7, 300*ms, 400*ms)},
			[]asr.Token{token("没", .9, 100*ms, 200*ms), token("兴趣", .8, 200*ms, 300*ms),
				token("ok", .7, 300*ms, 400*ms)},
		},
		"没 split 2+1": {
			[]rawToken{at("\xe6\xb2", .9, 100*ms, 150*ms), at("\xa1", .4, 150*ms, 200*ms),
				at("有", .8, 200*ms, 300*ms)},
			[]asr.Token{token("没", .4, 100*ms, 200*ms), token("有", .8, 200*ms, 300*ms)},
		},
		"split 1+1+1, beside a whole one": {
			[]rawToken{at("，\xe6", .9, 100*ms, 150*ms), at("\xb2", .5, 150*ms, 160*ms),
				at("\xa1", .6, 160*ms, 200*ms)},
			[]asr.Token{token("，没", .5, 100*ms, 200*ms)},
		},
		"four bytes": {
			[]rawToken{at("\xf0\xa0", .9, 100*ms, 150*ms), at("\xae\xb7", .5, 150*ms, 200*ms)},
			[]asr.Token{token("𠮷", .5, 100*ms, 200*ms)},
		},
		"never completed": {
			[]rawToken{at("不", .9, 100*ms, 150*ms), at("\xe6\xb2", .5, 150*ms, 200*ms)},
			[]asr.Token{token("不", .9, 100*ms, 150*ms), token("\uFFFD", .5, 150*ms, 200*ms)},
		},
		"broken off by another": {
			[]rawToken{at("\xe6", .9, 100*ms, 150*ms), at("好", .5, 150*ms, 200*ms)},
			[]asr.Token{token("\uFFFD好", .5, 100*ms, 200*ms)},
		},
		"never a character": {
			[]rawToken{at("\xff", .9, 100*ms, 150*ms), at("\x80", .8, 150*ms, 200*ms)},
			[]asr.Token{token("\uFFFD", .9, 100*ms, 150*ms), token("\uFFFD", .8, 150*ms, 200*ms)},
		},
		"empty tokens are skipped": {
			[]rawToken{at("", .1, 0, 0), at("好", .9, 100*ms, 200*ms)},
			[]asr.Token{token("好", .9, 100*ms, 200*ms)},
		},
		"times unknown, outside or backwards": {
			[]rawToken{at("没", .9, -10*ms, -10*ms), at("兴", .9, 300*ms, 250*ms),
				at("趣", .9, 200*ms, 5*time.Second)},
			[]asr.Token{token("没", .9, 100*ms, 100*ms), token("兴", .9, 300*ms, 300*ms),
				token("趣", .9, 300*ms, 900*ms)},
		},
	} {
		require.Equal(t, c.want, joinTokens(c.raw, within), name)
	}
}

func FuzzJoinTokens(f *testing.F) {
	f.Add("没兴趣", uint8(2))
	f.Add("a\xe6\xb2", uint8(1))
	f.Add("\xf0\xa0\xae\xb7\xff\x80x", uint8(3))
	f.Fuzz(func(t *testing.T, text string, step uint8) {
		n := int(step%5) + 1
		var raw []rawToken
		for i := 0; i < len(text); i += n {
			raw = append(raw, rawToken{text: text[i:min(i+n, len(text))], prob: 0.5})
		}
		var joined strings.Builder
		for _, token := range joinTokens(raw, asr.Span{End: time.Second}) {
			require.True(t, utf8.ValidString(token.Text))
			require.NotEmpty(t, token.Text)
			joined.WriteString(token.Text)
		}
		if utf8.ValidString(text) {
			require.Equal(t, text, joined.String(), "however it was cut")
		}
	})
}

func TestNewPhrase(t *testing.T) {
	t.Parallel()
	span := asr.Span{End: time.Second}
	p, ok := newPhrase([]rawToken{{text: " ", prob: 1}, {text: "\xe5\xa5", prob: .5},
		{text: "\xbd", prob: .25}}, span, 0.1)
	require.True(t, ok)
	require.Equal(t, "好", p.Text)
	require.Len(t, p.Tokens, 2)
	require.InDelta(t, (math.Log(.5)+math.Log(.25))/3, p.MeanLogProb, 1e-9,
		"over the model's tokens, not the joined")
	require.InDelta(t, 0.1, p.NoSpeechProb, 0)

	_, ok = newPhrase([]rawToken{{text: "  "}}, span, 0)
	require.False(t, ok, "white space is no text")
	_, ok = newPhrase(nil, span, 0)
	require.False(t, ok)
}

func TestMeanLogProbIsAlwaysANumber(t *testing.T) {
	t.Parallel()
	for _, prob := range []float64{0, -1, math.NaN(), math.Inf(1), 2} {
		got := meanLogProb([]rawToken{{text: "a", prob: prob}})
		require.False(t, math.IsNaN(got) || math.IsInf(got, 0), "%v", prob)
		require.LessOrEqual(t, got, 0.0)
	}
	require.Zero(t, meanLogProb(nil))
}

func TestIsSilence(t *testing.T) {
	t.Parallel()
	require.True(t, asr.Phrase{NoSpeechProb: 0.9, MeanLogProb: -1.5}.Silent())
	require.False(t, asr.Phrase{NoSpeechProb: 0.9, MeanLogProb: -0.5}.Silent(),
		"sure of its text")
	require.False(t, asr.Phrase{NoSpeechProb: 0.1, MeanLogProb: -1.5}.Silent())
}

func TestContextSlots(t *testing.T) {
	t.Parallel()
	for context, want := range map[time.Duration]int{
		0: 0, -time.Second: 0, ms: 256, 5120 * ms: 256, 5121 * ms: 512, 10 * time.Second: 512,
		25 * time.Second: 1280, 25600 * ms: 1280, 25601 * ms: 0, 30 * time.Second: 0, time.Hour: 0,
	} {
		require.Equal(t, want, contextSlots(context), "%v", context)
	}
}

func TestUnknownLanguage(t *testing.T) {
	t.Parallel()
	_, err := decoding{Language: "xx"}.params()
	require.ErrorContains(t, err, `unknown language "xx"`)
}
