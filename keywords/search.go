package keywords

import (
	"cmp"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/find"
)

// search finds where a lexicon's phrases stand, and what may speak against them.
type search struct {
	finder   *find.Finder
	meanings []meaning // of the finder's patterns
	words    *find.Dictionary
	misheard *find.Misheard // nil where sounds don't count
	around   around
	rules    []*rule // of the phrases
}

// read makes r ready to find hits in text.
func (s *search) read(r *reading, text string) {
	r.text.Read(text)
	if s.misheard != nil {
		s.misheard.Correct(&r.text, &r.memory)
	}
}

// find fills r with what stands in its text.
func (s *search) find(r *reading, side asr.Side) {
	s.sort(r, s.finder.Find(&r.text, &r.memory))
	s.sift(r, side)
	r.candidates = longest(r, r.candidates)
}

// sort splits the places by what was found there.
func (s *search) sort(r *reading, places []find.Place) {
	for _, p := range places {
		switch s.meanings[p.Pattern].kind {
		case isPhrase:
			r.phrases = append(r.phrases, p)
		case isCompound:
			r.compounds = append(r.compounds, p)
		case isMark:
			r.marks = append(r.marks, p)
		case isExclusion:
			r.exclusions = append(r.exclusions, p)
		case isRun:
			if r.unbroken(p.Start, p.End) {
				r.runs = append(r.runs, run{s.meanings[p.Pattern].item, p.Start, p.End})
			}
		}
	}
}

// sift keeps the places of phrases that lie within one clause and between words.
func (s *search) sift(r *reading, side asr.Side) {
	guard := find.Guard{Words: s.words, Compounds: r.compounds}
	for _, p := range r.phrases {
		m := &s.meanings[p.Pattern]
		switch {
		case !m.rule.reads(side):
		case crossesClause(&r.text, p):
			r.drop(m.rule, p.Start, p.End, "a clause ends within it")
		case !s.stands(r, p, m):
			r.drop(m.rule, p.Start, p.End, "other words stand beside it in its clause")
		default:
			compound, between := guard.Passes(&r.text, p, m.gaps)
			if !between {
				r.drop(m.rule, p.Start, p.End, "it cuts through other words")
				continue
			}
			r.candidates = append(r.candidates,
				candidate{rule: m.rule, order: p.Pattern, start: p.Start, end: p.End,
					compound: compound})
		}
	}
}

// stands reports whether the place begins and ends its clause where the pattern asks
// for that.
func (s *search) stands(r *reading, p find.Place, m *meaning) bool {
	begins, ends := m.begins || m.rule.whole, m.ends || m.rule.whole
	return !begins && !ends || s.around.alone(&r.text, p.Start, p.End, begins, ends)
}

// longest orders the candidates by position and drops those that overlap a longer
// one of their class.
func longest(r *reading, list []candidate) []candidate {
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end),
			cmp.Compare(a.order, b.order))
	})
	last := map[Class]int{} // index of the class's last candidate kept
	kept := list[:0]
	for _, c := range list {
		class := c.rule.class
		at, seen := last[class]
		if seen && c.start < kept[at].end {
			shorter := c
			if c.end-c.start > kept[at].end-kept[at].start {
				shorter, kept[at] = kept[at], c
			}
			r.drop(shorter.rule, shorter.start, shorter.end,
				"a longer phrase of its class stands there: "+kept[at].rule.phrase)
			continue
		}
		last[class] = len(kept)
		kept = append(kept, c)
	}
	slices.SortStableFunc(kept, func(a, b candidate) int { return cmp.Compare(a.start, b.start) })
	return kept
}
