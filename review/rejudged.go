package review

import (
	"cmp"

	"github.com/refrain-asr/refrain/keywords"
)

// Rejudged is the suspect once what was heard in its recording was judged again. One that waits
// for a decision rests on the new verdict from then on, also where that finds no refusal any more:
// it still waits, since it was put before reviewers. One that was decided stays as it was decided
// on. changed reports whether anything is different.
func (s Suspect) Rejudged(v keywords.Verdict) (now Suspect, changed bool) {
	if s.Decision != nil {
		return s, false
	}
	s.Hits, s.Score, s.Lexicon = v.Hits, v.Score, v.Lexicon
	s.Class = cmp.Or(Strongest(v.Hits), s.Class)
	return s, true
}
