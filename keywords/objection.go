package keywords

import (
	"slices"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// objections know what speaks against a hit.
type objections struct {
	meanings  []meaning // of the finder's patterns
	around    around
	denial    denial
	asking    asking
	condition condition
	reported  reporting
}

func (c *compiler) objections(v lexicon.Vetoes) *objections {
	c.marks(VetoHallucination, v.Hallucination)
	c.marks(VetoAnnouncement, v.Announcement)
	c.marks(VetoNegated, v.Negated.After)
	c.marks(VetoReported, v.Reported.After)
	c.marks(VetoNarrowed, v.Narrowed)
	c.marks(VetoDeferred, v.Deferred)
	return &objections{denial: c.denial(v.Negated), asking: c.asking(v.Question),
		condition: c.condition(v.Condition), reported: c.reporting(v.Reported)}
}

// objection is one reason not to count a candidate.
type objection struct {
	reason VetoReason
	look   func(o *objections, r *reading, c candidate) (text string, found bool)
}

// allObjections are all, in the order in which they are tried; the first silent of them
// hold wherever nobody spoke.
var allObjections = []objection{
	{VetoHallucination, (*objections).invented},
	{VetoAnnouncement, (*objections).announced},
	{VetoSetPhrase, (*objections).setPhrase},
	{VetoNegated, (*objections).negated},
	{VetoQuestion, (*objections).asked},
	{VetoCondition, (*objections).conditional},
	{VetoReported, (*objections).retold},
	{VetoNarrowed, (*objections).narrowed},
	{VetoDeferred, (*objections).deferred},
}

const silent = 2

// judgeAll judges the candidates from behind: the last word stands.
func (o *objections) judgeAll(r *reading, hits []judged) {
	r.lastWord = 0
	for i, c := range slices.Backward(r.candidates) {
		if hits[i].Veto == nil {
			hits[i].Veto = o.first(r, c, allObjections)
		}
		if hits[i].Veto == nil {
			r.lastWord = max(r.lastWord, c.start)
		}
	}
}

// notSpoken vetoes a suspicion of the model where no customer spoke.
func (o *objections) notSpoken(r *reading, c candidate) *Veto {
	return o.first(r, c, allObjections[:silent])
}

// first returns the first objection of list to the candidate that its rule regards, or nil.
// What it looks at lies within reach of the candidate.
func (o *objections) first(r *reading, c candidate, list []objection) *Veto {
	for _, objection := range list {
		if c.rule.despite[objection.reason] {
			continue
		}
		if text, found := objection.look(o, r, c); found {
			return &Veto{objection.reason, text}
		}
	}
	return nil
}

// negated reports whether the candidate is denied (不是没兴趣).
func (o *objections) negated(r *reading, c candidate) (text string, found bool) {
	t := &r.text
	// but not 不，不需要
	if deniedAt(t, c.start) && (!isNo(t.Runes[c.start]) || t.Runes[c.start-1] == '没') {
		return t.Slice(c.start-1, c.start), true
	}
	if text, found := o.denial.before(t, c.start); found {
		return text, true
	}
	return o.takenBack(r, c, VetoNegated)
}

func (o *objections) asked(r *reading, c candidate) (text string, found bool) {
	if text, found := alternative(&r.text, c); found {
		return text, true
	}
	return o.asking.about(&r.text, c, o.denial.between)
}

func (o *objections) conditional(r *reading, c candidate) (text string, found bool) {
	return o.condition.about(&r.text, c)
}

func (o *objections) retold(r *reading, c candidate) (text string, found bool) {
	if text, found := o.reported.about(&r.text, c); found {
		return text, true
	}
	return o.takenBack(r, c, VetoReported)
}

func (o *objections) narrowed(r *reading, c candidate) (text string, found bool) {
	return o.nearby(r, c, VetoNarrowed)
}

func (o *objections) deferred(r *reading, c candidate) (text string, found bool) {
	return o.nearby(r, c, VetoDeferred)
}
