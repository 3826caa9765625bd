package transcript

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Dialogue is what was said in a call, for people.
type Dialogue struct {
	turns []turn
	both  bool // the agent was heard, too
}

// turn is a segment with what was found in it.
type turn struct {
	side  asr.Side
	said  Segment
	marks []Mark
	hits  []Hit
}

// NewDialogue begins with what the customer said and, where it isn't nil, the agent. Find tells
// what was found in the customer's segment i.
func NewDialogue(customer []Segment, agent *Said, find func(i int) ([]Mark, []Hit)) Dialogue {
	var d Dialogue
	for i, s := range customer {
		marks, hits := find(i)
		d.turns = append(d.turns, turn{asr.Customer, s, marks, hits})
	}
	if agent == nil {
		return d
	}
	d.both = true
	for _, s := range agent.Segments {
		d.turns = append(d.turns, turn{side: asr.Agent, said: s})
	}
	slices.SortStableFunc(d.turns, func(a, b turn) int { return cmp.Compare(a.said.Start, b.said.Start) })
	return d
}

// Text is the dialogue in order of time: when each segment begins, who speaks where both were
// heard, what was said with its marks, and what was found in it.
func (d Dialogue) Text() (lines []string) {
	for _, t := range d.turns {
		who := ""
		if d.both {
			who = fmt.Sprintf("%-10s", t.side)
		}
		lines = append(lines, fmt.Sprintf("%9s  %s%s", Clock(output.Duration(t.said.Start)), who,
			Highlight(t.said.Text, t.marks)))
		for _, h := range t.hits {
			lines = append(lines, indent+h.Describe())
		}
	}
	return lines
}
