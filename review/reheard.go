package review

import (
	"slices"
	"time"

	"github.com/refrain-asr/refrain/keywords"
)

// Reheard is the suspect once its recording, of which only the beginning had been there,
// was heard as a whole; before is how long that beginning was. One that waits for a decision
// rests on the verdict on the whole from then on, and so does one that was dismissed, in
// another round, where the customer refuses in what is new: nobody has decided on that.
// Other decisions stand as they are. changed reports whether anything is different.
func (s Suspect) Reheard(v keywords.Verdict, before time.Duration) (now Suspect, changed bool) {
	if d := s.Decision; d != nil {
		if d.Verdict == Confirm || !v.Suspect || !refusesAfter(v.Hits, before) {
			return s, false
		}
		s.Decision, s.Claim, s.Pass, s.Round = nil, nil, nil, s.Round+1
	}
	now, changed = s.Rejudged(v)
	if v.Suspect { // a sample no longer: the lexicon doesn't miss it
		now.Kind = Found
	}
	return now, changed
}

// refusesAfter reports whether a hit that counts reaches beyond t.
func refusesAfter(hits []keywords.Hit, t time.Duration) bool {
	return slices.ContainsFunc(hits, func(h keywords.Hit) bool {
		return h.Veto == nil && h.Time.End > t
	})
}
