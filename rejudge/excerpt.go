package rejudge

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
)

// longestExcerpt is in characters.
const longestExcerpt = 40

// excerpt is the strongest hit's text, or how what was said ends.
func excerpt(t asr.Transcript, v keywords.Verdict) string {
	counting := slices.DeleteFunc(slices.Clone(v.Hits),
		func(h keywords.Hit) bool { return h.Veto != nil })
	if len(counting) > 0 {
		return maskNumbers(slices.MaxFunc(counting,
			func(a, b keywords.Hit) int { return cmp.Compare(a.Score, b.Score) }).Text)
	}
	text := []rune(maskNumbers(strings.TrimSpace(t.Text())))
	if len(text) > longestExcerpt {
		return "…" + string(text[len(text)-longestExcerpt:])
	}
	return string(text)
}

var spokenNumber = regexp.MustCompile(`\p{Nd}[\p{Nd} -]{5,}\p{Nd}|[零〇一二三四五六七八九幺两]{7,}`)

// maskNumbers hides what may be somebody's number in a text.
func maskNumbers(text string) string { return spokenNumber.ReplaceAllString(text, "***") }
