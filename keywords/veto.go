package keywords

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// veto returns the first reason for which the candidate does not count, or nil. What
// it looks at lies within reach of the candidate.
func (j *Judge) veto(r *reading, c candidate, rule *rule) *Veto {
	for _, check := range vetoes {
		if rule.despite[check.reason] {
			continue
		}
		if text, found := check.look(j, r, c, rule); found {
			return &Veto{check.reason, text}
		}
	}
	return nil
}

// check looks for one reason.
type check struct {
	reason VetoReason
	look   func(j *Judge, r *reading, c candidate, rule *rule) (text string, found bool)
}

// vetoes are all checks, in the order in which they are tried.
var vetoes = []check{
	{VetoHallucination, (*Judge).invented},
	{VetoAnnouncement, (*Judge).announced},
	{VetoSetPhrase, (*Judge).setPhrase},
	{VetoNegated, (*Judge).negated},
	{VetoQuestion, (*Judge).asked},
	{VetoCondition, (*Judge).conditional},
	{VetoReported, (*Judge).told},
	{VetoNarrowed, (*Judge).narrowed},
	{VetoDeferred, (*Judge).deferred},
}

func (j *Judge) negated(r *reading, c candidate, _ *rule) (text string, found bool) {
	n := &r.normal
	if n.deniedAt(c.start) && (!isNo(n.runes[c.start]) || n.runes[c.start-1] == '没') { // but not 不，不需要
		return n.slice(c.start-1, c.start), true
	}
	if text, found := j.denial.before(n, c.start); found {
		return text, true
	}
	return j.takenBack(r, c, VetoNegated)
}

func (j *Judge) asked(r *reading, c candidate, _ *rule) (text string, found bool) {
	if text, found := r.normal.alternative(c); found {
		return text, true
	}
	return j.asking.about(&r.normal, c, j.denial.between)
}

func (j *Judge) conditional(r *reading, c candidate, _ *rule) (text string, found bool) {
	return j.condition.about(&r.normal, c)
}

func (j *Judge) told(r *reading, c candidate, _ *rule) (text string, found bool) {
	if text, found := j.reported.about(&r.normal, c); found {
		return text, true
	}
	return j.takenBack(r, c, VetoReported)
}

func (j *Judge) narrowed(r *reading, c candidate, _ *rule) (text string, found bool) {
	return j.nearby(r, c, VetoNarrowed)
}

func (j *Judge) deferred(r *reading, c candidate, _ *rule) (text string, found bool) {
	return j.nearby(r, c, VetoDeferred)
}

// denial knows what denies a phrase that follows.
type denial struct {
	markers, between vocabulary
	far, unless      []string
}

func newDenial(p *preparer, l lexicon.Before) denial {
	return denial{newVocabulary(p.all(l.Before)), newVocabulary(p.all(l.Between)), p.all(l.Far), p.all(l.Unless)}
}

// before returns the denial of what begins at start.
func (d denial) before(n *normal, start int) (text string, found bool) {
	if from, to, found := markerBefore(n, start, d.markers, d.between); found && !d.excused(n, from, to, start) {
		return n.slice(from, to), true
	}
	first, _ := n.leftOf(start)
	before := n.slice(first, start)
	for _, word := range d.far {
		if at := strings.LastIndex(before, word); at >= 0 {
			from := first + utf8.RuneCountInString(before[:at])
			if !d.excused(n, from, from+utf8.RuneCountInString(word), start) {
				return word, true
			}
		}
	}
	return "", false
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

func newAsking(p *preparer, l lexicon.Asked) asking {
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
	if n.before[end].asks() && utf8.RuneCountInString(tail) <= bareQuestion {
		return tail + "?", true
	}
	return "", false
}

// alternative reports whether the candidate is the second half of an alternative that
// leaves the answer open, such as 需不需要, 需要不需要 or 有没有兴趣, or has one in it.
func (n *normal) alternative(c candidate) (text string, found bool) {
	for i := c.start + 1; i+1 < c.end; i++ {
		if isNo(n.runes[i]) && n.runes[i-1] == n.runes[i+1] && (i < 2 || !isNo(n.runes[i-2])) {
			return n.slice(i-1, i+2), true
		}
	}
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

func isNo(r rune) bool { return r == '不' || r == '没' || r == '别' }

// mentionsBefore reports whether one of the wordings stands before the character at,
// within reach and not beyond a pause.
func (n *normal) mentionsBefore(at int, wordings []string) bool {
	first, _ := n.leftOf(at)
	before := n.slice(first, at)
	return slices.ContainsFunc(wordings, func(wording string) bool { return strings.Contains(before, wording) })
}

// condition knows what makes a phrase a mere condition.
type condition struct{ before, after, unless []string }

func newCondition(p *preparer, l lexicon.Asked) condition {
	return condition{p.all(l.Before), p.all(l.After), p.all(l.Unless)}
}

// about returns what makes the candidate a condition: a word anywhere before it in its
// clause, or one right at the clause's end.
func (d condition) about(n *normal, c candidate) (text string, found bool) {
	first, _ := n.leftOf(c.start)
	before := n.slice(first, c.start)
	for _, word := range d.unless {
		before = strings.ReplaceAll(before, word, "")
	}
	for _, word := range d.before {
		if strings.Contains(before, word) {
			return word, true
		}
	}
	end, complete := n.rightOf(c.end)
	if !complete {
		return "", false
	}
	ending := endsWithAny(n.slice(c.end, end), d.after)
	return ending, ending != ""
}

// reporting knows whose refusals are told rather than made.
type reporting struct {
	others vocabulary
	// own make what follows the customer's own again; part are words that merely
	// contain one of others (其他).
	own, part []string
}

func newReporting(p *preparer, l lexicon.Before) reporting {
	others := p.all(l.Before)
	r := reporting{others: newVocabulary(others)}
	for _, word := range p.all(l.Unless) {
		if slices.ContainsFunc(others, func(o string) bool { return strings.Contains(word, o) }) {
			r.part = append(r.part, word)
		} else {
			r.own = append(r.own, word)
		}
	}
	return r
}

// tells are the characters with which somebody's words are told.
const tells = "说讲嫌让叫劝"

// about returns who else is spoken of in the candidate's clause before it, if nothing
// between makes it the customer's own.
func (d reporting) about(n *normal, c candidate) (text string, found bool) {
	first, _ := n.leftOf(c.start)
	for end := c.start; end > first; end-- {
		start, found := d.others.endingAt(n, first, end)
		if !found || d.isPart(n, first, start, end, c.start) {
			continue
		}
		between := n.slice(end, c.start)
		if strings.ContainsAny(n.slice(start, c.start), tells) && !strings.Contains(between, "我") {
			return n.slice(start, c.start), true
		}
		if slices.ContainsFunc(d.own, func(word string) bool { return strings.Contains(between, word) }) {
			return "", false
		}
		return n.slice(start, end), true
	}
	return "", false
}

// isPart reports whether the word from start to end is part of one that means no other.
func (d reporting) isPart(n *normal, first, start, end, last int) bool {
	return slices.ContainsFunc(d.part, func(word string) bool {
		length := utf8.RuneCountInString(word)
		for at := max(first, end-length); at <= start && at+length <= last; at++ {
			if n.slice(at, at+length) == word {
				return true
			}
		}
		return false
	})
}
