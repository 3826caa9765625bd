package keywords

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// veto returns the first reason for which the candidate does not count, or nil. What
// it looks at lies within reach of the candidate.
func (j *Judge) veto(r *reading, c candidate, rule rule) *Veto {
	n := &r.normal
	if text, found := r.invented(c); found {
		return &Veto{VetoHallucination, text}
	}
	if text, found := n.alternative(c); found {
		return &Veto{VetoQuestion, text}
	}
	if text, found := j.denial.before(n, c.start); found {
		return &Veto{VetoNegated, text}
	}
	if rule.asked {
		return nil
	}
	if text, found := j.asking.about(n, c, j.denial.between); found {
		return &Veto{VetoQuestion, text}
	}
	return nil
}

// inventionReach is how far in characters a marker of a hallucination is felt within
// its sentence.
const inventionReach = 60

// invented reports whether the candidate stands in a sentence that Whisper makes up.
func (r *reading) invented(c candidate) (text string, found bool) {
	n := &r.normal
	next := sort.Search(len(r.inventions), func(i int) bool { return r.inventions[i].end > c.start })
	for _, i := range []int{next - 1, next} {
		if i < 0 || i >= len(r.inventions) {
			continue
		}
		at := r.inventions[i]
		from, to := min(c.start, at.start), max(c.start, at.start)
		if to-from <= inventionReach && !slices.ContainsFunc(n.before[from+1:to+1], endsSentence) {
			return n.slice(at.start, at.end), true
		}
	}
	return "", false
}

func endsSentence(g gap) bool { return g >= stop }

// denial knows what denies a phrase that follows.
type denial struct {
	markers, between vocabulary
	unless           []string
}

func newDenial(p *preparer, l lexicon.Negated) denial {
	return denial{newVocabulary(p.all(l.Before)), newVocabulary(p.all(l.Between)), p.all(l.Unless)}
}

// before returns the denial of what begins at start.
func (d denial) before(n *normal, start int) (text string, found bool) {
	from, to, found := markerBefore(n, start, d.markers, d.between)
	if !found || d.excused(n, from, to, start) {
		return "", false
	}
	return n.slice(from, to), true
}

// excused reports whether the denial from..to is part of a wording that denies
// nothing (不是说了).
func (d denial) excused(n *normal, from, to, start int) bool {
	left, right := max(0, from-2), min(len(n.runes), start+2)
	window := n.slice(left, right)
	offset := int(n.at[from] - n.at[left])
	length := int(n.at[to] - n.at[from])
	return slices.ContainsFunc(d.unless, func(wording string) bool {
		at := strings.Index(window, wording)
		return at >= 0 && at < offset+length && at+len(wording) > offset
	})
}

// markerBefore finds a marker before the character at that only words of between
// separate from it.
func markerBefore(n *normal, at int, markers, between vocabulary) (from, to int, found bool) {
	first, _ := n.leftOf(at)
	for to = at; to > first; to-- {
		if !between.spells(n, to, at) {
			continue
		}
		if from, found = markers.endingAt(n, first, to); found {
			return from, to, true
		}
	}
	return 0, 0, false
}

// asking knows what makes a question of a phrase.
type asking struct {
	before        vocabulary
	after, unless []string
}

func newAsking(p *preparer, l lexicon.Question) asking {
	return asking{newVocabulary(p.all(l.Before)), p.all(l.After), p.all(l.Unless)}
}

// bareQuestion is how many characters may follow a phrase before a question mark if
// no other word asks: 不需要了? asks, 没兴趣你还打? doesn't.
const bareQuestion = 2

// about returns what asks about the candidate.
func (a asking) about(n *normal, c candidate, between vocabulary) (text string, found bool) {
	if from, to, found := markerBefore(n, c.start, a.before, between); found {
		return n.slice(from, to), true
	}
	end, complete := n.rightOf(c.end)
	if !complete {
		return "", false
	}
	tail := n.slice(c.end, end)
	if endsWithAny(tail, a.unless) != "" || n.mentionsBefore(c.start, a.unless) {
		return "", false
	}
	if ending := endsWithAny(tail, a.after); ending != "" {
		return ending, true
	}
	if n.before[end] == question && utf8.RuneCountInString(tail) <= bareQuestion {
		return tail + "?", true
	}
	return "", false
}

// alternative reports whether the candidate is the second half of an alternative that
// leaves the answer open, such as 需不需要, 需要不需要 or 有没有兴趣.
func (n *normal) alternative(c candidate) (text string, found bool) {
	if !isNo(n.runes[c.start]) {
		return "", false
	}
	for length := 1; length <= 2 && length < c.end-c.start && c.start-length >= 0; length++ {
		from := c.start - length
		first, second := n.runes[from:c.start], n.runes[c.start+1:c.start+1+length]
		apart := slices.ContainsFunc(n.before[from+1:c.start+1], func(g gap) bool { return g != joined })
		if slices.Equal(first, second) && !apart && (from == 0 || !isNo(n.runes[from-1])) {
			return n.slice(from, c.end), true
		}
	}
	return "", false
}

func isNo(r rune) bool { return r == '不' || r == '没' }

// mentionsBefore reports whether one of the wordings stands before the character at,
// within reach and not beyond a pause.
func (n *normal) mentionsBefore(at int, wordings []string) bool {
	first, _ := n.leftOf(at)
	before := n.slice(first, at)
	return slices.ContainsFunc(wordings, func(wording string) bool { return strings.Contains(before, wording) })
}
