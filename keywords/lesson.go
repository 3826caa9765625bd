package keywords

import (
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/learned"
)

// Lesson is a passage as the learned model reads it, and what the lexicon alone makes of
// it. Models are trained from lessons.
type Lesson struct {
	Passage learned.Passage
	// Evidence (0..1) is what its hits that count come to, and Vetoed says that others
	// don't count.
	Evidence float64
	Vetoed   bool
}

// Lessons are the passages of what a customer said, written down. The learned model has no
// part in them.
func (j *Judge) Lessons(text string) []Lesson {
	r := newReading()
	defer r.release()
	j.read(r, text)
	alone := *j
	alone.student = student{}
	hits := alone.hits(r, &plain{cursor: cursor{text: text}, of: asr.Customer}).hits
	var list []Lesson
	n := &r.normal
	for start := 0; start < len(n.runes); {
		end := n.passageEnd(start)
		p := r.passage(start, end)
		lesson := Lesson{Passage: learned.Passage{Text: slices.Clone(p.Text), Before: slices.Clone(p.Before)}}
		var here []judged
		for i, c := range r.candidates {
			if c.start >= start && c.start < end {
				here = append(here, hits[i])
				lesson.Vetoed = lesson.Vetoed || hits[i].Veto != nil
			}
		}
		lesson.Evidence = combine(here).evidence
		list = append(list, lesson)
		start = end
	}
	return list
}
