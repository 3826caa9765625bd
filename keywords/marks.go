package keywords

import (
	"slices"
	"sort"
	"strings"
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
func near(list []place, c candidate, reach int, look func(p place) bool) bool {
	next := sort.Search(len(list), func(i int) bool { return list[i].end > c.start-reach })
	for _, p := range list[next:] {
		if p.end > c.end+reach+longestText {
			return false
		}
		if p.start < c.end+reach && look(p) {
			return true
		}
	}
	return false
}

// invented reports whether the candidate stands in a sentence that Whisper makes up.
func (j *Judge) invented(r *reading, c candidate, _ *rule) (text string, found bool) {
	n := &r.normal
	found = near(r.marks, c, inventionReach, func(p place) bool {
		if j.finder.patterns[p.pattern].reason != VetoHallucination || !n.sameSentence(p.start, c.start) {
			return false
		}
		text = n.slice(p.start, p.end)
		return true
	})
	if found {
		return text, true
	}
	return n.endless(c)
}

// sameSentence reports whether no sentence ends between the two characters.
func (n *normal) sameSentence(a, b int) bool {
	from, to := min(a, b), max(a, b)
	return !slices.ContainsFunc(n.before[from+1:to+1], endsSentence)
}

// sameLine reports whether no line ends between the two characters.
func (n *normal) sameLine(a, b int) bool {
	from, to := min(a, b), max(a, b)
	return !slices.ContainsFunc(n.before[from+1:to+1], func(g gap) bool { return g >= line })
}

func endsSentence(g gap) bool { return g >= stop }

// longestLoop is the length of the longest stretch that endless looks for again and again.
const longestLoop = 12

// endless reports whether the candidate is part of something that is repeated more often
// than people do.
func (n *normal) endless(c candidate) (text string, found bool) {
	for length := 1; length <= longestLoop; length++ {
		from, to := n.loop(c.start, length)
		if times := (to - from) / length; times >= leastTimes(length) && to-from >= c.end-c.start {
			return n.slice(from, from+length) + "…", true
		}
	}
	return "", false
}

// leastTimes is how often people do not say the same: the longer, the less often.
func leastTimes(length int) int { return max(6, 12-length) }

// loop is the stretch around at in which each character is the same as the one that
// many before it.
func (n *normal) loop(at, length int) (from, to int) {
	const reach = longestLoop * 10
	same := func(a, b int) bool { return a >= 0 && b < len(n.runes) && n.runes[a] == n.runes[b] }
	from, to = at, min(at+length, len(n.runes))
	for from > at-reach && same(from-1, from+length-1) {
		from--
	}
	for to < at+reach && same(to-length, to) {
		to++
	}
	return from, to
}

// announced reports whether a carrier's or an assistant's words stand near the candidate.
func (j *Judge) announced(r *reading, c candidate, _ *rule) (text string, found bool) {
	found = near(r.marks, c, announceReach, func(p place) bool {
		if j.finder.patterns[p.pattern].reason != VetoAnnouncement || !r.normal.sameLine(p.start, c.start) {
			return false
		}
		text = r.normal.slice(p.start, p.end)
		return true
	})
	return text, found
}

// setPhrase reports whether the candidate is part of a set phrase, or an exclusion of
// its phrase or class stands in its clause.
func (j *Judge) setPhrase(r *reading, c candidate, rule *rule) (text string, found bool) {
	if c.compound != "" {
		return c.compound, true
	}
	if len(rule.unless) == 0 {
		return "", false
	}
	n := &r.normal
	found = near(r.exclusions, c, exclusionReach, func(p place) bool {
		pattern := &j.finder.patterns[p.pattern]
		if !slices.Contains(rule.unless, pattern.index) || n.crossesClause(p.start, p.end) || n.parted(min(p.start, c.start)+1, max(p.start, c.start)) {
			return false
		}
		if !j.marks(n, p, pattern) {
			return false
		}
		text = n.slice(p.start, p.end)
		return true
	})
	return text, found
}

// marks reports whether the place begins and ends its clause where its pattern asks for it.
func (j *Judge) marks(n *normal, p place, pattern *pattern) bool {
	if n.crossesClause(p.start, p.end) {
		return false
	}
	return !pattern.begins && !pattern.ends || j.around.alone(n, p.start, p.end, pattern.begins, pattern.ends)
}

// nearby reports whether another wish, or a later time, is told near the candidate, and
// is neither denied nor part of a hit itself. It counts only behind the refusal, in another
// clause or some way off, and only if no other refusal follows it: the last word stands.
func (j *Judge) nearby(r *reading, c candidate, reason VetoReason) (text string, found bool) {
	n := &r.normal
	found = near(r.marks, c, wishReach, func(p place) bool {
		pattern := &j.finder.patterns[p.pattern]
		if pattern.reason != reason || !n.sameLine(p.start, c.start) || !j.marks(n, p, pattern) || n.forbidden(p.start) || r.overlapsHit(p) {
			return false
		}
		if p.start < c.end || p.end <= r.lastWord || p.start < c.end+leastApart && n.before[p.start] == joined {
			return false
		}
		text = n.slice(p.start, p.end)
		return true
	})
	return text, found
}

// takenBack reports whether a mark of the reason follows right behind the candidate.
func (j *Judge) takenBack(r *reading, c candidate, reason VetoReason) (text string, found bool) {
	n := &r.normal
	found = near(r.marks, c, takenBackReach, func(p place) bool {
		pattern := &j.finder.patterns[p.pattern]
		if pattern.reason != reason || p.start < c.end || !n.sameSentence(c.start, p.start) || !j.marks(n, p, pattern) {
			return false
		}
		text = n.slice(p.start, p.end)
		return true
	})
	return text, found
}

// deniedAt reports whether a word of no stands right before at.
func (n *normal) deniedAt(at int) bool {
	return at > 0 && n.before[at] == joined && strings.ContainsRune("不没未", n.runes[at-1])
}

// forbidden reports whether a word that denies or forbids stands shortly before at, in the same clause.
func (n *normal) forbidden(at int) bool {
	for i := at; i > max(0, at-2) && n.before[i] == joined; i-- {
		if strings.ContainsRune("不没别莫甭勿休未少", n.runes[i-1]) {
			return true
		}
	}
	return false
}

// overlapsHit reports whether a candidate stands where p does.
func (r *reading) overlapsHit(p place) bool {
	first := sort.Search(len(r.candidates), func(i int) bool { return r.candidates[i].start >= p.start-longestText })
	for _, c := range r.candidates[first:] {
		if c.start >= p.end {
			return false
		}
		if c.end > p.start {
			return true
		}
	}
	return false
}
