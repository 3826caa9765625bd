package whisper

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// rawToken is a token as whisper.cpp gives it: its bytes need not be whole characters,
// its times need not make sense.
type rawToken struct {
	text       string
	prob       float64
	start, end time.Duration
}

// joinTokens makes tokens of whole characters. Tokens are joined as long as their
// bytes end within a character; bytes that never become one are replaced by U+FFFD.
// Times are forced into the span and into order.
func joinTokens(raw []rawToken, within asr.Span) []asr.Token {
	var out []asr.Token
	var open []rawToken
	var text strings.Builder
	at := within.Start
	flush := func() {
		if len(open) == 0 {
			return
		}
		token := wholeToken(open, text.String(), asr.Span{Start: at, End: within.End})
		at = token.End
		out = append(out, token)
		open = nil
		text.Reset()
	}
	for _, t := range raw {
		if t.text == "" {
			continue
		}
		open = append(open, t)
		text.WriteString(t.text)
		if !endsWithin(text.String()) {
			flush()
		}
	}
	flush()
	return out
}

func wholeToken(run []rawToken, text string, within asr.Span) asr.Token {
	prob := 1.0
	for _, t := range run {
		prob = min(prob, t.prob)
	}
	start := clamp(run[0].start, within)
	return asr.Token{
		Span: asr.Span{
			Start: start, End: clamp(run[len(run)-1].end, asr.Span{Start: start, End: within.End}),
		},
		Text: strings.ToValidUTF8(text, string(utf8.RuneError)),
		Prob: max(0, prob),
	}
}

// endsWithin reports whether the text stops in the middle of a character that further
// bytes could complete.
func endsWithin(text string) bool {
	for i := len(text) - 1; i >= 0 && i >= len(text)-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			return !utf8.FullRuneInString(text[i:])
		}
	}
	return false
}

func clamp(t time.Duration, within asr.Span) time.Duration {
	return min(max(t, within.Start), within.End)
}

// leastProb stands for probabilities that came out as zero, whose logarithm is no number.
const leastProb = 1e-9

// meanLogProb is the mean over the model's own tokens, before any joining.
func meanLogProb(raw []rawToken) float64 {
	if len(raw) == 0 {
		return 0
	}
	var sum float64
	for _, t := range raw {
		p := t.prob
		if !(p > leastProb) { // also where it is no number
			p = leastProb
		}
		sum += math.Log(min(p, 1))
	}
	return sum / float64(len(raw))
}

// newPhrase makes a phrase of a segment's tokens; ok is false where it has no text.
func newPhrase(raw []rawToken, span asr.Span, noSpeech float64) (phrase asr.Phrase, ok bool) {
	tokens := joinTokens(raw, span)
	var text strings.Builder
	for _, t := range tokens {
		text.WriteString(t.Text)
	}
	trimmed := strings.TrimSpace(text.String())
	if trimmed == "" {
		return asr.Phrase{}, false
	}
	return asr.Phrase{
		Span:         span,
		Text:         trimmed,
		Tokens:       tokens,
		MeanLogProb:  meanLogProb(raw),
		NoSpeechProb: noSpeech,
	}, true
}
