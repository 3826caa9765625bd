package keywords

import (
	"cmp"
	"slices"
	"sync"

	"github.com/refrain-asr/refrain/asr"
)

// reading is the memory that judging one text takes.
type reading struct {
	normal     normal
	places     []place
	candidates []candidate
	compounds  []place // in order of their ends
	inventions []place // in order of their ends
}

// candidate is a place of a phrase that may become a hit.
type candidate struct {
	rule       int
	start, end int
}

// keepAtMost is the length in characters up to which a reading's memory is kept for
// the next text; a call is far below it.
const keepAtMost = 1 << 16

var readings = sync.Pool{New: func() any { return new(reading) }}

func newReading() *reading {
	r := readings.Get().(*reading)
	r.places, r.candidates = r.places[:0], r.candidates[:0]
	r.compounds, r.inventions = r.compounds[:0], r.inventions[:0]
	return r
}

func (r *reading) release() {
	if cap(r.normal.runes) <= keepAtMost {
		readings.Put(r)
	}
}

// source tells about the text that was read: what stands in it where and how surely.
type source interface {
	// hit fills Text, Start, End, Segment and Time from the range of original
	// characters, and returns how surely it was heard (0..1).
	hit(from, to int, h *Hit) float64
	// early reports whether a hit at that time was heard before the answer.
	early(time asr.Span) bool
}

// hits finds all hits, vetoed ones among them, in order of position.
func (j *Judge) hits(r *reading, from source) []Hit {
	r.places = j.finder.find(&r.normal, r.places)
	j.sift(r)
	r.candidates = j.longest(r.candidates)
	hits := make([]Hit, 0, len(r.candidates))
	for _, c := range r.candidates {
		hits = append(hits, j.hit(r, c, from))
	}
	return hits
}

// sift keeps the places of phrases that lie within one clause and between words.
func (j *Judge) sift(r *reading) {
	n := &r.normal
	phrases := r.sort(j)
	guard := guard{words: j.words, compounds: r.compounds}
	for _, p := range phrases {
		if n.crossesClause(p.start, p.end) {
			continue
		}
		if j.rules[p.pattern].whole && !j.around.alone(n, p.start, p.end) {
			continue
		}
		if !guard.passes(n, p) {
			continue
		}
		r.candidates = append(r.candidates, candidate{p.pattern, p.start, p.end})
	}
}

// sort splits the places by what was found there and returns those of phrases.
func (r *reading) sort(j *Judge) []place {
	phrases := r.places[:0]
	for _, p := range r.places {
		switch {
		case p.pattern < j.compounds:
			phrases = append(phrases, p)
		case p.pattern < j.inventions:
			r.compounds = append(r.compounds, p)
		default:
			r.inventions = append(r.inventions, p)
		}
	}
	return phrases
}

// crossesClause reports whether a comma or more stands between start and end.
func (n *normal) crossesClause(start, end int) bool {
	return slices.ContainsFunc(n.before[start+1:end], func(g gap) bool { return g >= comma })
}

// longest orders the candidates by position and drops those that overlap a longer
// one of their class.
func (j *Judge) longest(list []candidate) []candidate {
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.rule, b.rule))
	})
	last := map[Class]int{} // index of the class's last candidate kept
	kept := list[:0]
	for _, c := range list {
		class := j.rules[c.rule].class
		at, seen := last[class]
		if seen && c.start < kept[at].end {
			if c.end-c.start > kept[at].end-kept[at].start {
				kept[at] = c
			}
			continue
		}
		last[class] = len(kept)
		kept = append(kept, c)
	}
	slices.SortStableFunc(kept, func(a, b candidate) int { return cmp.Compare(a.start, b.start) })
	return kept
}

func (j *Judge) hit(r *reading, c candidate, from source) Hit {
	n, rule := &r.normal, j.rules[c.rule]
	h := Hit{Class: rule.class, Phrase: rule.phrase, Match: MatchExact}
	confidence := from.hit(int(n.from[c.start]), int(n.to[c.end-1]), &h)
	h.Score = score(rule.weight, h.Match, confidence)
	h.Veto = j.veto(r, c, rule)
	if from.early(h.Time) {
		h.Veto = &Veto{Reason: VetoBeforeAnswer}
	}
	return h
}
