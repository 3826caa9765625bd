package keywords

import (
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// clock tells when the characters of a segment were said. It keeps the last segment,
// since hits come in order.
type clock struct {
	segment int // one more than the index of the segment that was read, 0 for none
	within  asr.Span
	marks   []mark
}

// mark is a time at a place in the segment's text, in characters. Between two marks
// time runs evenly.
type mark struct {
	place int
	time  time.Duration
}

// read makes c the clock of segments[index].
func (c *clock) read(segments []asr.Segment, index int) *clock {
	if c.segment == index+1 {
		return c
	}
	segment := segments[index]
	c.segment, c.within = index+1, segment.Span
	c.marks = append(c.marks[:0], mark{0, segment.Start})
	length := utf8.RuneCountInString(segment.Text)
	if offset, fit := tokensFit(segment); fit {
		c.addTokens(segment.Tokens, -offset, length)
	}
	c.add(length, segment.End)
	return c
}

// tokensFit reports whether the tokens spell the text, and how many characters of
// white space they begin with.
func tokensFit(segment asr.Segment) (offset int, fit bool) {
	if len(segment.Tokens) == 0 {
		return 0, false
	}
	var spelt strings.Builder
	for _, token := range segment.Tokens {
		spelt.WriteString(token.Text)
	}
	at := strings.Index(spelt.String(), segment.Text)
	if at < 0 || strings.TrimSpace(spelt.String()) != strings.TrimSpace(segment.Text) {
		return 0, false
	}
	return utf8.RuneCountInString(spelt.String()[:at]), true
}

func (c *clock) addTokens(tokens []asr.Token, place, length int) {
	for _, token := range tokens {
		end := place + utf8.RuneCountInString(token.Text)
		if token.End > token.Start { // without a stretch of its own a token has no time
			c.add(max(place, 0), token.Start)
			c.add(min(end, length), token.End)
		}
		place = end
	}
}

// add notes a time, moved into the segment and not before the time noted last.
func (c *clock) add(place int, at time.Duration) {
	at = min(max(at, c.within.Start, c.marks[len(c.marks)-1].time), c.within.End)
	c.marks = append(c.marks, mark{place, at})
}

// begins is the time at which the character at place begins: after a silence that
// stands before it.
func (c *clock) begins(place int) time.Duration {
	return c.at(place, sort.Search(len(c.marks),
		func(i int) bool { return c.marks[i].place > place })-1)
}

// ends is the time at which the character before place ends: before a silence that
// stands after it.
func (c *clock) ends(place int) time.Duration {
	first := sort.Search(len(c.marks), func(i int) bool { return c.marks[i].place >= place })
	if first < len(c.marks) && c.marks[first].place > place {
		first--
	}
	return c.at(place, first)
}

// at is the time at place, which lies at the mark or between it and the next.
func (c *clock) at(place, index int) time.Duration {
	if index >= len(c.marks)-1 {
		return c.within.End
	}
	a, b := c.marks[index], c.marks[index+1]
	if a.place == place {
		return a.time
	}
	share := float64(place-a.place) / float64(b.place-a.place)
	return a.time + time.Duration(share*float64(b.time-a.time))
}
