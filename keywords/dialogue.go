package keywords

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// Turn is what one side said before the other spoke or paused.
type Turn struct {
	Side asr.Side `json:"side"`
	Text string   `json:"text"`
	// Time may be zero where it is not known; then no class is narrowed to a stretch of
	// the call.
	Time asr.Span `json:"time"`
}

// Dialogue judges both sides of a call, such as one typed in to try a lexicon. The
// hits' Segment is the index of the turn; each class reads its own track. What the agent said
// just before tells what a customer's no means. Turns of the customer that repeat what the agent
// says at that time are an echo, and no hits.
func (j *Judge) Dialogue(turns []Turn, answerOffset time.Duration) Verdict {
	var all account
	end := time.Duration(0)
	for _, t := range turns {
		end = max(end, t.Time.End)
	}
	for first := 0; first < len(turns); {
		last := first + 1
		for last < len(turns) && turns[last].Side == turns[first].Side {
			last++
		}
		all.add(j.turns(turns, first, last, end, answerOffset))
		first = last
	}
	return j.verdict(&all)
}

// turns judges those of one side from first to last as if written in one transcript.
func (j *Judge) turns(all []Turn, first, last int, end, answered time.Duration) account {
	t := asr.Transcript{Side: all[first].Side, Duration: end}
	for _, turn := range all[first:last] {
		t.Segments = append(t.Segments, asr.Segment{Span: turn.Time, Text: turn.Text})
	}
	var found account
	if end == 0 {
		asked := ""
		if first > 0 {
			asked = all[first-1].Text
		}
		found = j.untimed(t, asked)
	} else {
		s := newSpoken(t, j.options.MaxPause, answered)
		s.agent = agents(all)
		found = j.spoken(s)
	}
	for i := range found.hits {
		h := &found.hits[i]
		h.Segment += first
		if text, echo := echoOf(all, h.Segment); echo && h.Veto == nil {
			h.Veto = &Veto{VetoEcho, text}
		}
	}
	return found
}

// agents are the agent's turns.
func agents(turns []Turn) (list []asr.Segment) {
	for _, t := range turns {
		if t.Side == asr.Agent {
			list = append(list, asr.Segment{Span: t.Time, Text: t.Text})
		}
	}
	return list
}

// untimed judges segments without times, before the first of which the other side asked.
func (j *Judge) untimed(t asr.Transcript, asked string) account {
	var all account
	for i, segment := range t.Segments {
		r := newReading()
		j.search.read(r, segment.Text)
		found := j.hits(r, &plain{cursor: cursor{text: segment.Text},
			of: cmp.Or(t.Side, asr.Customer), asked: asked})
		asked = ""
		for k := range found.hits {
			found.hits[k].Segment = i
		}
		all.add(found)
		r.release()
	}
	return all
}

// What makes an echo: the customer's turn begins while the agent speaks or soon after,
// and most pairs of neighbouring characters are the agent's.
const (
	echoDelay = 2 * time.Second
	echoShare = 0.7
	echoLeast = 6 // characters
)

func echoOf(turns []Turn, index int) (text string, found bool) {
	own := turns[index]
	if own.Side == asr.Agent || own.Time.End == 0 || utf8.RuneCountInString(own.Text) < echoLeast {
		return "", false
	}
	i := slices.IndexFunc(turns, func(t Turn) bool {
		during := t.Time.Start <= own.Time.Start && own.Time.Start <= t.Time.End+echoDelay
		return t.Side == asr.Agent && during && likeness(own.Text, t.Text) >= echoShare
	})
	if i < 0 {
		return "", false
	}
	return turns[i].Text, true
}

// likeness is the share of neighbouring characters in text that are neighbours in other.
func likeness(text, other string) float64 {
	characters := []rune(text)
	same := 0
	for i := range len(characters) - 1 {
		if strings.Contains(other, string(characters[i:i+2])) {
			same++
		}
	}
	return float64(same) / float64(max(1, len(characters)-1))
}
