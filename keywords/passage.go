package keywords

import (
	"cmp"
	"math"
	"sort"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/learned"
)

// longestPassage is how many characters are weighed as one; longer talk is cut where a
// sentence or a clause ends.
const longestPassage = 60

// passage is what the learned model weighs as one: what was said in one breath.
type passage struct {
	start, end int // characters of the normal form
	// sum is how much in it speaks for a refusal; see learned.Model.
	sum float64
	// heard (0..1) is how surely it was, where a hit stands in it; else 1.
	heard float64
	// against is the stretch that speaks most against a refusal, where the passage as a
	// whole does.
	against string
}

// account is what was found in a text, or in several one after another.
type account struct {
	hits     []judged
	passages []passage
}

// add appends what was found in the next text.
func (a *account) add(next account) {
	for _, h := range next.hits {
		if h.passage >= 0 {
			h.passage += len(a.passages)
		}
		a.hits = append(a.hits, h)
	}
	a.passages = append(a.passages, next.passages...)
}

// student is the learned model as a judge uses it.
type student struct {
	model  *learned.Model
	weight float64 // the lexicon's, 0..1
	// rules are the hits that the model makes, by its classes: an index of the judge's
	// rules, or -1 where the lexicon has no such class for the customer.
	rules [learned.ClassCount]int
}

// taught reports whether the model is asked at all.
func (j *Judge) taught(side asr.Side) bool { return j.student.model != nil && side == asr.Customer }

// weigh cuts what was read into passages and weighs them.
func (j *Judge) weigh(r *reading) {
	n := &r.normal
	for start := 0; start < len(n.runes); {
		end := n.passageEnd(start)
		p := passage{start: start, end: end, heard: 1}
		p.sum = j.student.weight * r.weigher.Weigh(j.student.model, r.passage(start, end))
		r.passages = append(r.passages, p)
		start = end
	}
}

// passageEnd is where the passage that begins at start ends: with the line, or before it
// grows too long at the strongest gap in its second half.
func (n *normal) passageEnd(start int) int {
	end := start + 1
	for end < len(n.runes) && n.before[end] < line {
		end++
	}
	if end-start <= longestPassage {
		return end
	}
	best := start + longestPassage
	for at := best; at > start+longestPassage/2; at-- {
		if n.before[at] > n.before[best] {
			best = at
		}
	}
	return best
}

// passage is the text from start to end as the model reads it. It is valid until the next
// call.
func (r *reading) passage(start, end int) learned.Passage {
	n := &r.normal
	r.bounds = r.bounds[:0]
	for _, g := range n.before[start : end+1] {
		r.bounds = append(r.bounds, g.bound())
	}
	return learned.Passage{Text: n.runes[start:end], Before: r.bounds}
}

func (g gap) bound() learned.Bound {
	switch {
	case g.asks():
		return learned.Question
	case g >= comma:
		return learned.Clause
	}
	return learned.None
}

// suspect finds what the model alone may take for a refusal.
func (j *Judge) suspect(r *reading) {
	least := logOdds(j.options.Threshold)
	for _, p := range r.passages {
		if j.student.model.Balance().LogOdds(p.sum, 0, false) < least {
			continue
		}
		if rule := j.suspectedRule(r, p); rule >= 0 {
			start, end := r.stretch(j.student.model, p, 1)
			r.suspicions = append(r.suspicions, candidate{rule: rule, start: start, end: end})
		}
	}
}

// speakAgainst notes what speaks against the hits that count, in passages that would be no
// refusal even if the lexicon were certain.
func (j *Judge) speakAgainst(r *reading, hits []judged) {
	for _, h := range hits {
		if h.Veto != nil || h.passage < 0 {
			continue
		}
		p := &r.passages[h.passage]
		if p.against == "" && j.student.model.Balance().LogOdds(p.sum, 1, false) < min(0, logOdds(j.options.Threshold)) {
			start, end := r.stretch(j.student.model, *p, -1)
			p.against = r.normal.slice(start, end)
		}
	}
}

// suspectedRule is that of the likeliest class of the lexicon, or -1.
func (j *Judge) suspectedRule(r *reading, p passage) int {
	rule, most := -1, 0.0
	for class, likely := range r.weigher.Class(j.student.model, r.passage(p.start, p.end)) {
		if j.student.rules[class] >= 0 && likely > most {
			rule, most = j.student.rules[class], likely
		}
	}
	return rule
}

// stretch is where the passage speaks most for a refusal (with sign 1) or against it (-1).
func (r *reading) stretch(m *learned.Model, p passage, sign float64) (start, end int) {
	shares := make([]float64, p.end-p.start)
	r.weigher.Shares(m, r.passage(p.start, p.end), shares)
	from, to := heaviest(shares, sign)
	return p.start + from, p.start + to
}

// heaviest is the stretch of shares with the greatest sum, times sign; it is never empty.
func heaviest(shares []float64, sign float64) (from, to int) {
	best, sum, first := math.Inf(-1), 0.0, 0
	for i, share := range shares {
		if sum <= 0 {
			sum, first = 0, i
		}
		sum += sign * share
		if sum > best {
			best, from, to = sum, first, i+1
		}
	}
	return from, to
}

// passageOf is the index of the passage in which the character at stands, or -1.
func (r *reading) passageOf(at int) int {
	return sort.Search(len(r.passages), func(i int) bool { return r.passages[i].start > at }) - 1
}

// merge puts the model's own hits among those of the rules, in order of position.
func merge(hits, own []judged) []judged {
	if len(own) == 0 {
		return hits
	}
	all := make([]judged, 0, len(hits)+len(own))
	for len(hits) > 0 && len(own) > 0 {
		if before(hits[0], own[0]) {
			all, hits = append(all, hits[0]), hits[1:]
		} else {
			all, own = append(all, own[0]), own[1:]
		}
	}
	return append(append(all, hits...), own...)
}

func before(a, b judged) bool {
	return cmp.Or(cmp.Compare(a.passage, b.passage), cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Start, b.Start)) <= 0
}

func logOdds(probability float64) float64 { return math.Log(probability / (1 - probability)) }
