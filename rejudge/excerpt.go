package rejudge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
)

// longestExcerpt is in characters.
const longestExcerpt = 40

// Excerpt is the strongest hit's text, or how what was said ends; numbers are masked.
func Excerpt(t asr.Transcript, v keywords.Verdict) string {
	counting := slices.DeleteFunc(slices.Clone(v.Hits),
		func(h keywords.Hit) bool { return h.Veto != nil })
	if len(counting) > 0 {
		return number.MaskText(slices.MaxFunc(counting,
			func(a, b keywords.Hit) int { return cmp.Compare(a.Score, b.Score) }).Text)
	}
	text := []rune(number.MaskText(strings.TrimSpace(t.Text())))
	if len(text) > longestExcerpt {
		return "…" + string(text[len(text)-longestExcerpt:])
	}
	return string(text)
}
