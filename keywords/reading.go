package keywords

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// reading is the memory that judging one text takes.
type reading struct {
	normal   normal
	found    []found
	partials []partial
	texts    uint32 // how many were read, which tells the partials of one from the next
	places   []place
	// What the places are, each in order of their ends.
	phrases, compounds, marks, exclusions []place
	candidates                            []candidate
	// lastWord is where the last refusal begins that no veto removed, as far as the
	// candidates were judged from behind.
	lastWord int
	// passages are what the learned model weighed, suspicions where it suspects a refusal
	// by itself.
	passages   []passage
	suspicions []candidate
	bounds     []learned.Bound
	weigher    learned.Weigher
	// trace, where it is not nil, notes the places of phrases that are no hit and why.
	trace func(at place, why string)
	// traceWithin does so for those that a longer one of their class covers.
	traceWithin func(shorter, longer candidate)
}

// candidate is a place of a phrase that may become a hit.
type candidate struct {
	rule       int
	start, end int
	compound   string // the set phrase that contains it, or empty
}

// judged is a hit with the rule that made it.
type judged struct {
	Hit
	rule *rule
	// passage is the index of the passage that it stands in, -1 where none was weighed.
	passage int
}

// keepAtMost is the length in characters up to which a reading's memory is kept for
// the next text; a call is far below it.
const keepAtMost = 1 << 16

var readings = sync.Pool{New: func() any { return new(reading) }}

func newReading() *reading {
	r := readings.Get().(*reading)
	r.places, r.candidates = r.places[:0], r.candidates[:0]
	r.phrases, r.compounds = r.phrases[:0], r.compounds[:0]
	r.marks, r.exclusions = r.marks[:0], r.exclusions[:0]
	r.passages, r.suspicions = r.passages[:0], r.suspicions[:0]
	r.trace, r.traceWithin = nil, nil
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
	// since tells how long after the answer and before the end of the call a hit was
	// said; timed is false where that is not known.
	since(time asr.Span) (answer, end time.Duration, timed bool)
	// side is whose words were read.
	side() asr.Side
}

// hits finds all hits, vetoed ones among them, in order of position, and the passages
// that they stand in.
func (j *Judge) hits(r *reading, from source) account {
	j.finder.find(r)
	j.sift(r, from.side())
	r.candidates = j.longest(r, r.candidates)
	if j.taught(from.side()) {
		j.weigh(r)
		j.suspect(r)
	}
	hits, own := j.locate(r, from)
	j.vetoAll(r, hits)
	r.excuse(hits)
	for i, c := range r.suspicions {
		own[i].Veto = cmp.Or(own[i].Veto, j.notSpoken(r, c))
	}
	j.speakAgainst(r, hits)
	return account{merge(hits, own), slices.Clone(r.passages)}
}

// locate makes hits of the candidates and of the suspicions, in order of position, since
// where and when they lie is read on.
func (j *Judge) locate(r *reading, from source) (hits, own []judged) {
	hits, own = make([]judged, 0, len(r.candidates)), make([]judged, 0, len(r.suspicions))
	for len(hits) < len(r.candidates) || len(own) < len(r.suspicions) {
		c, k := len(hits), len(own)
		if k == len(r.suspicions) || c < len(r.candidates) && r.candidates[c].start <= r.suspicions[k].start {
			hits = append(hits, j.hit(r, r.candidates[c], from))
		} else {
			own = append(own, j.hit(r, r.suspicions[k], from))
		}
	}
	return hits, own
}

// vetoAll judges the candidates from behind: the last word stands.
func (j *Judge) vetoAll(r *reading, hits []judged) {
	r.lastWord = 0
	for i, c := range slices.Backward(r.candidates) {
		if hits[i].Veto == nil {
			hits[i].Veto = j.veto(r, c, hits[i].rule)
		}
		if hits[i].Veto == nil {
			r.lastWord = max(r.lastWord, c.start)
		}
	}
}

// notSpoken vetoes a suspicion of the model where no customer spoke.
func (j *Judge) notSpoken(r *reading, c candidate) *Veto {
	for _, check := range vetoes[:2] {
		if text, found := check.look(j, r, c, &j.rules[c.rule]); found {
			return &Veto{check.reason, text}
		}
	}
	return nil
}

// A denied refusal is followed by its excuse: 不是没兴趣，是没闲钱. Within so many
// characters a phrase of at most that weight is no refusal then.
const (
	excuseReach  = 24
	excuseWeight = 0.75
)

// excuse vetoes the excuses that follow denied refusals.
func (r *reading) excuse(hits []judged) {
	var denied *Veto
	end := 0
	for i, c := range r.candidates {
		h := &hits[i]
		switch {
		case h.Veto != nil && h.Veto.Reason == VetoNegated:
			denied, end = h.Veto, c.end
		case h.Veto == nil && denied != nil && c.start-end <= excuseReach && h.rule.weight <= excuseWeight &&
			h.rule.soft() && r.normal.sameLine(end-1, c.start):
			h.Veto = denied
		}
	}
}

// soft reports whether vetoes for a later time touch the rule: those it disregards are
// too plain to be an excuse.
func (u *rule) soft() bool { return !u.despite[VetoDeferred] && !u.despite[VetoCondition] }

// sift keeps the places of phrases that lie within one clause and between words.
func (j *Judge) sift(r *reading, side asr.Side) {
	n := &r.normal
	j.sort(r)
	guard := guard{words: j.words, compounds: r.compounds}
	for _, p := range r.phrases {
		pattern := &j.finder.patterns[p.pattern]
		rule := &j.rules[pattern.index]
		switch {
		case rule.track != string(side) && rule.track != lexicon.TrackBoth:
		case n.crossesClause(p.start, p.end):
			r.drop(p, "a clause ends within it")
		case !j.stands(n, p, pattern, rule):
			r.drop(p, "other words stand beside it in its clause")
		default:
			compound, between := guard.passes(n, p, len(pattern.gaps) > 1)
			if !between {
				r.drop(p, "it cuts through other words")
				continue
			}
			r.candidates = append(r.candidates, candidate{pattern.index, p.start, p.end, compound})
		}
	}
}

func (r *reading) drop(p place, why string) {
	if r.trace != nil {
		r.trace(p, why)
	}
}

func (r *reading) within(shorter, longer candidate) {
	if r.traceWithin != nil {
		r.traceWithin(shorter, longer)
	}
}

// stands reports whether the place begins and ends its clause where the pattern asks
// for that.
func (j *Judge) stands(n *normal, p place, pattern *pattern, rule *rule) bool {
	begins, ends := pattern.begins || rule.whole, pattern.ends || rule.whole
	return !begins && !ends || j.around.alone(n, p.start, p.end, begins, ends)
}

// sort splits the places by what was found there.
func (j *Judge) sort(r *reading) {
	for _, p := range r.places {
		switch j.finder.patterns[p.pattern].what {
		case isPhrase:
			r.phrases = append(r.phrases, p)
		case isCompound:
			r.compounds = append(r.compounds, p)
		case isMark:
			r.marks = append(r.marks, p)
		case isExclusion:
			r.exclusions = append(r.exclusions, p)
		}
	}
}

// crossesClause reports whether a comma or more stands between start and end.
func (n *normal) crossesClause(start, end int) bool { return n.parted(start+1, end-1) }

// longest orders the candidates by position and drops those that overlap a longer
// one of their class.
func (j *Judge) longest(r *reading, list []candidate) []candidate {
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.rule, b.rule))
	})
	last := map[Class]int{} // index of the class's last candidate kept
	kept := list[:0]
	for _, c := range list {
		class := j.rules[c.rule].class
		at, seen := last[class]
		if seen && c.start < kept[at].end {
			shorter := c
			if c.end-c.start > kept[at].end-kept[at].start {
				shorter, kept[at] = kept[at], c
			}
			r.within(shorter, kept[at])
			continue
		}
		last[class] = len(kept)
		kept = append(kept, c)
	}
	slices.SortStableFunc(kept, func(a, b candidate) int { return cmp.Compare(a.start, b.start) })
	return kept
}

func (j *Judge) hit(r *reading, c candidate, from source) judged {
	n, rule := &r.normal, &j.rules[c.rule]
	h := Hit{Class: rule.class, Phrase: rule.phrase, Match: n.match(c.start, c.end)}
	confidence := from.hit(int(n.from[c.start]), int(n.to[c.end-1]), &h)
	h.Score = score(rule.weight, h.Match, confidence)
	at := r.passageOf(c.start)
	if at >= 0 {
		r.passages[at].heard = min(r.passages[at].heard, confidence)
	}
	if rule.learned {
		h.Match = MatchLearned
	}
	switch {
	case from.early(h.Time):
		h.Veto = &Veto{Reason: VetoBeforeAnswer}
	case rule.outside(from, h.Time):
		h.Veto = &Veto{Reason: VetoWindow}
	}
	return judged{h, rule, at}
}

// match tells how the characters from start to end were found.
func (n *normal) match(start, end int) MatchKind {
	if len(n.heard) > 0 && slices.Contains(n.heard[start:end], true) {
		return MatchPinyin
	}
	return MatchExact
}

// outside reports whether the rule is narrowed to other stretches of the call.
func (u *rule) outside(from source, at asr.Span) bool {
	if u.first == 0 && u.last == 0 {
		return false
	}
	answer, end, timed := from.since(at)
	return timed && (u.first == 0 || answer > u.first) && (u.last == 0 || end > u.last)
}
