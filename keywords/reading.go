package keywords

import (
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// reading is the memory that judging one text takes.
type reading struct {
	text   normal.Text
	memory find.Memory
	// What the finder's places are, each in order of their ends.
	phrases, compounds, marks, exclusions []find.Place
	candidates                            []candidate
	runs                                  []run // of the lexicon's correction
	// lastWord is where the last refusal begins that no veto removed, as far as the
	// candidates were judged from behind.
	lastWord int
	// passages are what the learned model weighed, suspicions where it suspects a refusal
	// by itself.
	passages   []passage
	suspicions []candidate
	// elsewhere are the customer's answers to questions that were no offer.
	elsewhere []elsewhere
	bounds    []learned.Bound
	weigher   learned.Weigher
	// trace, where it is not nil, notes the places of phrases that are no hit and why.
	trace func(u *rule, start, end int, why string)
}

// candidate is a place of a phrase that may become a hit.
type candidate struct {
	rule       *rule
	order      int // of the phrase in the lexicon
	start, end int
	compound   string // the set phrase that contains it, or empty
	asked      string // by the agent, of an answer to an offer
}

// keepAtMost is the length in characters up to which a reading's memory is kept for
// the next text; a call is far below it.
const keepAtMost = 1 << 16

var readings = sync.Pool{New: func() any { return new(reading) }}

func newReading() *reading {
	r := readings.Get().(*reading)
	r.candidates, r.runs = r.candidates[:0], r.runs[:0]
	r.phrases, r.compounds = r.phrases[:0], r.compounds[:0]
	r.marks, r.exclusions = r.marks[:0], r.exclusions[:0]
	r.passages, r.suspicions = r.passages[:0], r.suspicions[:0]
	r.elsewhere = r.elsewhere[:0]
	r.trace = nil
	return r
}

func (r *reading) release() {
	if cap(r.text.Runes) <= keepAtMost {
		readings.Put(r)
	}
}

// drop notes why a place of a phrase is no hit.
func (r *reading) drop(u *rule, start, end int, why string) {
	if r.trace != nil {
		r.trace(u, start, end, why)
	}
}

// passageOf is the index of the passage in which the character at stands, or -1.
func (r *reading) passageOf(at int) int {
	return sort.Search(len(r.passages), func(i int) bool { return r.passages[i].start > at }) - 1
}

// overlapsHit reports whether a candidate stands where p does.
func (r *reading) overlapsHit(p find.Place) bool {
	first := sort.Search(len(r.candidates),
		func(i int) bool { return r.candidates[i].start >= p.Start-find.LongestText })
	for _, c := range r.candidates[first:] {
		if c.start >= p.End {
			return false
		}
		if c.end > p.Start {
			return true
		}
	}
	return false
}

// source tells about the text that was read: what stands in it where and how surely.
type source interface {
	listener
	speaker
	timer
	// hit fills Text, Start, End, Segment and Time from the range of original
	// characters, and returns how surely it was heard (0..1).
	hit(from, to int, h *Hit) float64
}

// timer knows when things were said.
type timer interface {
	// early reports whether a hit at that time was heard before the answer.
	early(time asr.Span) bool
	// since tells how long after the answer and before the end of the call a hit was
	// said; timed is false where that is not known.
	since(time asr.Span) (answer, end time.Duration, timed bool)
}

// speaker knows whose words were read, and how.
type speaker interface {
	// side is whose words were read.
	side() asr.Side
	// recognised reports whether a recogniser heard the words, who makes mistakes.
	recognised() bool
}

// listener knows what the other side said.
type listener interface {
	// saysNo is told that a customer says no, and nothing else, from that original character on;
	// it tells what the agent said just before, "" where that is not known.
	saysNo(character int) (agentSaid string)
}

// judged is a hit with the rule that made it.
type judged struct {
	Hit
	rule *rule
	// passage is the index of the passage that it stands in, -1 where none was weighed.
	passage int
}

// hit makes a hit of c, with the vetoes that its time alone gives.
func (r *reading) hit(c candidate, from source) judged {
	u := c.rule
	h := Hit{Class: u.class, Phrase: u.phrase, Match: MatchExact}
	if r.text.Corrected(c.start, c.end) {
		h.Match = MatchPinyin
	}
	first, last := r.text.Origin(c.start, c.end)
	confidence := from.hit(first, last, &h)
	h.Score = max(leastScore, score(u.weight, h.Match, confidence)-u.ordinary.discount)
	at := r.passageOf(c.start)
	if at >= 0 {
		r.passages[at].heard = min(r.passages[at].heard, confidence)
	}
	switch {
	case u.learned:
		h.Match = MatchLearned
	case u.answer:
		h.Match, h.Asked = MatchAnswer, c.asked
	}
	other, isOther := r.otherQuestion(c)
	switch {
	case from.early(h.Time):
		h.Veto = &Veto{Reason: VetoBeforeAnswer}
	case asr.IsEcho(h.AgentLikeness):
		h.Veto = &Veto{Reason: VetoEcho}
	case u.outside(from, h.Time):
		h.Veto = &Veto{Reason: VetoWindow}
	case isOther:
		h.Veto = &Veto{VetoOtherQuestion, other}
	}
	return judged{h, u, at}
}

// account is what was found in a text, or in several one after another.
type account struct {
	hits     []judged
	passages []passage
}

// account is what was found: the rules' hits, and the model's own among them.
func (r *reading) account(hits, own []judged) account {
	return account{merge(hits, own), slices.Clone(r.passages)}
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
		case h.Veto == nil && denied != nil && c.start-end <= excuseReach &&
			h.rule.weight <= excuseWeight &&
			h.rule.soft() && sameLine(&r.text, end-1, c.start):
			h.Veto = denied
		}
	}
}
