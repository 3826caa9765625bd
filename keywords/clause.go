package keywords

import (
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// reach is how many characters beside a hit are looked at. It bounds the cost of a
// hit in text without any gap.
const reach = 16

// crossesClause reports whether a comma or more stands within the place.
func crossesClause(t *normal.Text, p find.Place) bool { return t.Parted(p.Start+1, p.End-1) }

// sameSentence reports whether no sentence ends between the two characters.
func sameSentence(t *normal.Text, a, b int) bool {
	return !slices.ContainsFunc(t.Before[min(a, b)+1:max(a, b)+1],
		func(g normal.Gap) bool { return g >= normal.Stop })
}

// sameLine reports whether no line ends between the two characters.
func sameLine(t *normal.Text, a, b int) bool {
	return !slices.ContainsFunc(t.Before[min(a, b)+1:max(a, b)+1],
		func(g normal.Gap) bool { return g >= normal.Line })
}

// deniedAt reports whether a word of no stands right before at.
func deniedAt(t *normal.Text, at int) bool {
	return at > 0 && t.Before[at] == normal.Joined && strings.ContainsRune("不没未", t.Runes[at-1])
}

// forbidden reports whether a word that denies or forbids stands shortly before at, in the
// same clause.
func forbidden(t *normal.Text, at int) bool {
	for i := at; i > max(0, at-2) && t.Before[i] == normal.Joined; i-- {
		if strings.ContainsRune("不没别莫甭勿休未少", t.Runes[i-1]) {
			return true
		}
	}
	return false
}

// alternative reports whether the candidate is the second half of an alternative that
// leaves the answer open, such as 需不需要, 需要不需要 or 有没有兴趣, or has one in it.
func alternative(t *normal.Text, c candidate) (text string, found bool) {
	for i := c.start + 1; i+1 < c.end; i++ {
		if isNo(t.Runes[i]) && t.Runes[i-1] == t.Runes[i+1] && (i < 2 || !isNo(t.Runes[i-2])) {
			return t.Slice(i-1, i+2), true
		}
	}
	if !isNo(t.Runes[c.start]) {
		return "", false
	}
	for length := 1; length <= 2 && length < c.end-c.start && c.start-length >= 0; length++ {
		from := c.start - length
		first, second := t.Runes[from:c.start], t.Runes[c.start+1:c.start+1+length]
		apart := t.Strongest(from+1, c.start) != normal.Joined
		if slices.Equal(first, second) && !apart && (from == 0 || !isNo(t.Runes[from-1])) {
			return t.Slice(from, c.end), true
		}
	}
	return "", false
}

func isNo(r rune) bool { return r == '不' || r == '没' || r == '别' }

// mentionsBefore reports whether one of the wordings stands before the character at,
// within reach and not beyond a pause.
func mentionsBefore(t *normal.Text, at int, wordings []string) bool {
	first, _ := t.Left(at, reach)
	before := t.Slice(first, at)
	return slices.ContainsFunc(wordings,
		func(wording string) bool { return strings.Contains(before, wording) })
}

// endsWithAny returns the first of endings that text ends with, or nothing.
func endsWithAny(text string, endings []string) string {
	for _, ending := range endings {
		if strings.HasSuffix(text, ending) {
			return ending
		}
	}
	return ""
}

// longestLoop is the length of the longest stretch that endless looks for again and again.
const longestLoop = 30

// endless reports whether the candidate is part of something that is repeated more often
// than people do.
func endless(t *normal.Text, c candidate) (text string, found bool) {
	for length := 1; length <= longestLoop; length++ {
		// The stretch ends with the candidate: the last time round nothing follows.
		from, to := loop(t.Runes, max(0, c.end-length), length)
		if (to-from)/length >= leastTimes(length) && from <= c.start {
			return t.Slice(from, from+length) + "…", true
		}
	}
	return "", false
}

// leastTimes is how often people do not say the same: the longer, the less often.
func leastTimes(length int) int { return max(4, 11-length) }

// loop is the stretch around at in which each character is the same as the one that
// many before it.
func loop(runes []rune, at, length int) (from, to int) {
	const reach = longestLoop * 10
	same := func(a, b int) bool { return a >= 0 && b < len(runes) && runes[a] == runes[b] }
	from, to = at, min(at+length, len(runes))
	for from > at-reach && same(from-1, from+length-1) {
		from--
	}
	for to < at+reach && same(to-length, to) {
		to++
	}
	return from, to
}
