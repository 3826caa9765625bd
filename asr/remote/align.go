package remote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// align cuts a segment's text into tokens, one for each word, which together spell all of
// the text: servers leave punctuation and spaces out of their words, and some split a
// character over several, none of which is found then. Those are joined to the next word
// that is found. It gives nothing where words lack times or don't fit the text.
func align(text string, words []word, prob float64, window asr.Span) []asr.Token {
	a := aligner{rest: text, prob: prob, window: window}
	for _, w := range words {
		if !w.timed() {
			return nil
		}
		a.take(w)
	}
	return a.end()
}

// aligner goes along a text.
type aligner struct {
	rest   string
	prob   float64 // of words that have none
	window asr.Span
	tokens []asr.Token
	missed []word // since the last word that was found
}

// take finds a word in the rest of the text. Up to it there may be one letter for each word
// that was missed before.
func (a *aligner) take(w word) {
	said := strings.TrimSpace(tags.ReplaceAllString(w.Word, ""))
	if said == "" {
		return
	}
	at := strings.Index(a.rest, said)
	a.missed = append(a.missed, w)
	if at < 0 || letters(a.rest[:at]) >= len(a.missed) {
		return
	}
	end := at + len(said)
	a.put(a.rest[:end])
	a.rest = a.rest[end:]
}

// put makes a token of the words since the last.
func (a *aligner) put(text string) {
	from := a.window
	if n := len(a.tokens); n > 0 {
		from.Start = a.tokens[n-1].End
	}
	first, last := a.missed[0], a.missed[len(a.missed)-1]
	a.tokens = append(a.tokens, asr.Token{Span: spanOf(first.Start, last.End, from), Text: text,
		Prob: a.least()})
	a.missed = nil
}

// least is the lowest probability of the words since the last token.
func (a *aligner) least() float64 {
	least := 1.0
	for _, w := range a.missed {
		p := a.prob
		if w.Probability != nil {
			p = between(*w.Probability, 0, 1)
		}
		least = min(least, p)
	}
	return least
}

// end gives what is left of the text to the last token.
func (a *aligner) end() []asr.Token {
	if len(a.tokens) == 0 || letters(a.rest) > len(a.missed) {
		return nil
	}
	last := &a.tokens[len(a.tokens)-1]
	last.Text += a.rest
	if n := len(a.missed); n > 0 {
		last.Prob = min(last.Prob, a.least())
		last.End = spanOf(nil, a.missed[n-1].End, asr.Span{Start: last.End, End: a.window.End}).End
	}
	return a.tokens
}

// letters counts the characters of a text that are spoken.
func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || r == utf8.RuneError {
			n++
		}
	}
	return n
}
