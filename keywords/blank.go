package keywords

import (
	"slices"

	"github.com/refrain-asr/refrain/asr"
)

// Blank hides in hits what was hidden of the segments that they were found in, with asr.Transcript.Blank:
// before and after are the segments' texts before that and after it. It tells whether anything was.
func Blank(hits []Hit, before, after []asr.Segment) (found bool) {
	for i := range hits {
		h := &hits[i]
		if text := blanked(*h, before, after); text != h.Text {
			h.Text, found = text, true
		}
	}
	return found
}

// blanked is the text of a hit as its segment, and those into which it runs on, are now.
func blanked(h Hit, before, after []asr.Segment) string {
	text := []rune(h.Text)
	from := h.Start
	done := 0
	for at := h.Segment; at >= 0 && at < min(len(before), len(after)) && done < len(text); at++ {
		was, is := []rune(before[at].Text), []rune(after[at].Text)
		if from < 0 || from > len(was) || len(was) != len(is) {
			break
		}
		for at > h.Segment && done < len(text) && text[done] == ' ' { // what joins segments
			done++
		}
		n := min(len(text)-done, len(was)-from)
		if !slices.Equal(text[done:done+n], was[from:from+n]) {
			break
		}
		copy(text[done:], is[from:from+n])
		done, from = done+n, 0
	}
	return string(text)
}
