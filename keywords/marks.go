package keywords

import (
	"slices"
	"sort"

	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// How far in characters a mark is felt: a hallucination within its sentence, an
// announcement everywhere around, another wish or a later time in what is said in the
// same breath.
const (
	inventionReach = 60
	announceReach  = 80
	wishReach      = 40
	exclusionReach = 40
	takenBackReach = 4
	// leastApart is how far another wish must lie off within the same clause.
	leastApart = 2
)

// near calls look with the places of list that lie within reach of the candidate,
// until it returns true. The places are in order of their ends.
func near(list []find.Place, c candidate, reach int, look func(p find.Place) bool) bool {
	next := sort.Search(len(list), func(i int) bool { return list[i].End > c.start-reach })
	for _, p := range list[next:] {
		if p.End > c.end+reach+find.LongestText {
			return false
		}
		if p.Start < c.end+reach && look(p) {
			return true
		}
	}
	return false
}

// invented reports whether the candidate stands in a sentence that Whisper makes up.
func (o *objections) invented(r *reading, c candidate) (text string, found bool) {
	t := &r.text
	found = near(r.marks, c, inventionReach, func(p find.Place) bool {
		if o.meanings[p.Pattern].reason != VetoHallucination || !sameSentence(t, p.Start, c.start) {
			return false
		}
		text = t.Slice(p.Start, p.End)
		return true
	})
	if found {
		return text, true
	}
	return endless(t, c)
}

// announced reports whether a carrier's or an assistant's words stand near the candidate.
func (o *objections) announced(r *reading, c candidate) (text string, found bool) {
	t := &r.text
	found = near(r.marks, c, announceReach, func(p find.Place) bool {
		if o.meanings[p.Pattern].reason != VetoAnnouncement || !sameLine(t, p.Start, c.start) {
			return false
		}
		text = t.Slice(p.Start, p.End)
		return true
	})
	return text, found
}

// setPhrase reports whether the candidate is part of a set phrase, or an exclusion of
// its phrase or class stands in its clause.
func (o *objections) setPhrase(r *reading, c candidate) (text string, found bool) {
	if c.compound != "" {
		return c.compound, true
	}
	if len(c.rule.unless) == 0 {
		return "", false
	}
	t := &r.text
	found = near(r.exclusions, c, exclusionReach, func(p find.Place) bool {
		m := &o.meanings[p.Pattern]
		if !slices.Contains(c.rule.unless, m.group) ||
			t.Parted(min(p.Start, c.start)+1, max(p.Start, c.start)) || !o.marks(t, p, m) {
			return false
		}
		text = t.Slice(p.Start, p.End)
		return true
	})
	return text, found
}

// marks reports whether the place lies in one clause, and begins and ends it where its
// pattern asks for it.
func (o *objections) marks(t *normal.Text, p find.Place, m *meaning) bool {
	if crossesClause(t, p) {
		return false
	}
	return !m.begins && !m.ends || o.around.alone(t, p.Start, p.End, m.begins, m.ends)
}

// nearby reports whether another wish, or a later time, is told near the candidate, and
// is neither denied nor part of a hit itself. It counts only behind the refusal, in another
// clause or some way off, and only if no other refusal follows it: the last word stands.
func (o *objections) nearby(r *reading, c candidate, reason VetoReason) (text string, found bool) {
	t := &r.text
	found = near(r.marks, c, wishReach, func(p find.Place) bool {
		m := &o.meanings[p.Pattern]
		if m.reason != reason || !sameLine(t, p.Start, c.start) || !o.marks(t, p, m) ||
			forbidden(t, p.Start) || r.overlapsHit(p) {
			return false
		}
		if p.Start < c.end || p.End <= r.lastWord || p.Start < c.end+leastApart &&
			t.Before[p.Start] == normal.Joined {
			return false
		}
		text = t.Slice(p.Start, p.End)
		return true
	})
	return text, found
}

// takenBack reports whether a mark of the reason follows right behind the candidate.
func (o *objections) takenBack(
	r *reading, c candidate, reason VetoReason,
) (text string, found bool) {
	t := &r.text
	found = near(r.marks, c, takenBackReach, func(p find.Place) bool {
		m := &o.meanings[p.Pattern]
		if m.reason != reason || p.Start < c.end || !sameSentence(t, c.start, p.Start) ||
			!o.marks(t, p, m) {
			return false
		}
		text = t.Slice(p.Start, p.End)
		return true
	})
	return text, found
}
