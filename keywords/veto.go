package keywords

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// denial knows what denies a phrase that follows.
type denial struct {
	markers, between vocabulary
	far, unless      []string
}

func (c *compiler) denial(l lexicon.Before) denial {
	return denial{newVocabulary(c.all(l.Before)), newVocabulary(c.all(l.Between)), c.all(l.Far),
		c.all(l.Unless)}
}

// before returns the denial of what begins at start.
func (d denial) before(t *normal.Text, start int) (text string, found bool) {
	if from, to, found := markerBefore(t, start, d.markers, d.between); found &&
		!d.excused(t, from, to, start) {
		return t.Slice(from, to), true
	}
	first, _ := t.Left(start, reach)
	before := t.Slice(first, start)
	for _, word := range d.far {
		if at := strings.LastIndex(before, word); at >= 0 {
			from := first + utf8.RuneCountInString(before[:at])
			if !d.excused(t, from, from+utf8.RuneCountInString(word), start) {
				return word, true
			}
		}
	}
	return "", false
}

// excused reports whether the denial from..to is part of a wording that denies
// nothing (不是说了).
func (d denial) excused(t *normal.Text, from, to, start int) bool {
	left, right := max(0, from-2), min(len(t.Runes), start+2)
	window := t.Slice(left, right)
	offset, length := len(t.Bytes(left, from)), len(t.Bytes(from, to))
	return slices.ContainsFunc(d.unless, func(wording string) bool {
		at := strings.Index(window, wording)
		return at >= 0 && at < offset+length && at+len(wording) > offset
	})
}

// markerBefore finds a marker before the character at that only words of between
// separate from it.
func markerBefore(t *normal.Text, at int, markers, between vocabulary) (from, to int, found bool) {
	first, _ := t.Left(at, reach)
	for to = at; to > first; to-- {
		if !between.spells(t, to, at) {
			continue
		}
		if from, found = markers.endingAt(t, first, to); found {
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

func (c *compiler) asking(l lexicon.Asked) asking {
	return asking{newVocabulary(c.all(l.Before)), c.all(l.After), c.all(l.Unless)}
}

// bareQuestion is how many characters may follow a phrase before a question mark if
// no other word asks: 不需要了? asks, 没兴趣你还打? doesn't.
const bareQuestion = 2

// about returns what asks about the candidate.
func (a asking) about(t *normal.Text, c candidate, between vocabulary) (text string, found bool) {
	if from, to, found := markerBefore(t, c.start, a.before, between); found {
		return t.Slice(from, to), true
	}
	end, complete := t.Right(c.end, reach)
	if !complete {
		return "", false
	}
	tail := t.Slice(c.end, end)
	if endsWithAny(tail, a.unless) != "" || mentionsBefore(t, c.start, a.unless) {
		return "", false
	}
	if ending := endsWithAny(tail, a.after); ending != "" {
		return ending, true
	}
	if t.Before[end].Asks() && utf8.RuneCountInString(tail) <= bareQuestion {
		return tail + "?", true
	}
	return "", false
}

// condition knows what makes a phrase a mere condition.
type condition struct{ before, after, unless []string }

func (c *compiler) condition(l lexicon.Asked) condition {
	return condition{c.all(l.Before), c.all(l.After), c.all(l.Unless)}
}

// about returns what makes the candidate a condition: a word anywhere before it in its
// clause, or one right at the clause's end.
func (d condition) about(t *normal.Text, c candidate) (text string, found bool) {
	first, _ := t.Left(c.start, reach)
	before := t.Slice(first, c.start)
	for _, word := range d.unless {
		before = strings.ReplaceAll(before, word, "")
	}
	for _, word := range d.before {
		if strings.Contains(before, word) {
			return word, true
		}
	}
	end, complete := t.Right(c.end, reach)
	if !complete {
		return "", false
	}
	ending := endsWithAny(t.Slice(c.end, end), d.after)
	return ending, ending != ""
}

// reporting knows whose refusals are told rather than made.
type reporting struct {
	others vocabulary
	// own make what follows the customer's own again; part are words that merely
	// contain one of others (其他).
	own, part []string
}

func (c *compiler) reporting(l lexicon.Before) reporting {
	others := c.all(l.Before)
	r := reporting{others: newVocabulary(others)}
	for _, word := range c.all(l.Unless) {
		if slices.ContainsFunc(others, func(o string) bool { return strings.Contains(word, o) }) {
			r.part = append(r.part, word)
		} else {
			r.own = append(r.own, word)
		}
	}
	return r
}

// reportingVerbs are the characters with which somebody's words are told.
const reportingVerbs = "说讲嫌让叫劝"

// about returns who else is spoken of in the candidate's clause before it, if nothing
// between makes it the customer's own.
func (d reporting) about(t *normal.Text, c candidate) (text string, found bool) {
	first, _ := t.Left(c.start, reach)
	for end := c.start; end > first; end-- {
		start, found := d.others.endingAt(t, first, end)
		if !found || d.isPart(t, first, start, end, c.start) {
			continue
		}
		between := t.Slice(end, c.start)
		if strings.ContainsAny(t.Slice(start, c.start), reportingVerbs) &&
			!strings.Contains(between, "我") {
			return t.Slice(start, c.start), true
		}
		if slices.ContainsFunc(d.own, func(word string) bool {
			return strings.Contains(between, word)
		}) {
			return "", false
		}
		return t.Slice(start, end), true
	}
	return "", false
}

// isPart reports whether the word from start to end is part of one that means no other.
func (d reporting) isPart(t *normal.Text, first, start, end, last int) bool {
	return slices.ContainsFunc(d.part, func(word string) bool {
		length := utf8.RuneCountInString(word)
		for at := max(first, end-length); at <= start && at+length <= last; at++ {
			if t.Slice(at, at+length) == word {
				return true
			}
		}
		return false
	})
}
