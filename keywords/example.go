package keywords

import (
	"maps"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/learned"
)

// Example is a passage as the learned model reads it, and what the lexicon alone makes of
// it. Models are trained from examples.
type Example struct {
	Passage learned.Passage
	// Phrases are the scores of its hits that count, by phrase, the best of each; Vetoed says
	// that others don't count.
	Phrases map[string]float64
	Vetoed  bool
}

// Evidence (0..1) is what the phrases come to, each less its discount.
func (e Example) Evidence(discount func(phrase string) float64) float64 {
	unsure := 1.0
	for _, phrase := range slices.Sorted(maps.Keys(e.Phrases)) { // rounding is always the same
		unsure *= 1 - max(leastScore, e.Phrases[phrase]-discount(phrase))
	}
	return 1 - unsure
}

// Examples are the passages of what a customer said, written down. The learned model has no
// part in them.
func (j *Judge) Examples(text string) []Example {
	r := newReading()
	defer r.release()
	j.search.read(r, text)
	alone := *j
	alone.model = &weigher{}
	hits := alone.hits(r, &plain{cursor: cursor{text: text}, of: asr.Customer}).hits
	var list []Example
	for start := 0; start < len(r.text.Runes); {
		end := passageEnd(&r.text, start)
		p := r.passage(start, end)
		example := Example{Passage: learned.Passage{Text: slices.Clone(p.Text),
			Before: slices.Clone(p.Before)}}
		var here []judged
		for i, c := range r.candidates {
			if c.start >= start && c.start < end {
				here = append(here, hits[i])
				example.Vetoed = example.Vetoed || hits[i].Veto != nil
			}
		}
		example.Phrases = bestOf(here)
		list = append(list, example)
		start = end
	}
	return list
}
