package lexicon

import (
	"cmp"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
)

// excerpt is the strongest hit's text, or how what was said ends.
func excerpt(p pastCall, v keywords.Verdict) string {
	const most = 40 // characters
	counting := slices.DeleteFunc(slices.Clone(v.Hits),
		func(h keywords.Hit) bool { return h.Veto != nil })
	if len(counting) > 0 {
		return number.MaskText(slices.MaxFunc(counting,
			func(a, b keywords.Hit) int { return cmp.Compare(a.Score, b.Score) }).Text)
	}
	text := []rune(strings.TrimSpace(p.transcript.Text()))
	if len(text) > most {
		return "…" + number.MaskText(string(text[len(text)-most:]))
	}
	return number.MaskText(string(text))
}
