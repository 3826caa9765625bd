package gate

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// List is a question about many numbers at one moment.
type List struct {
	// Numbers may hold zero ones: those that could not be read, which must not keep the
	// others from being answered.
	Numbers     []number.Number
	Line, Agent string
	// At is the moment that is asked about; nil is now.
	At *time.Time
	// RefusedOnly leaves out those that may be called: a list is scrubbed, and nobody is
	// about to dial.
	RefusedOnly bool
	// Looking says that nobody is about to dial, but somebody looks.
	Looking bool
}

// CheckList answers for each number of a list as Check does: it calls each with the place
// of the number and the answer, which is nil for a zero number, and must not be kept. It
// says as of which moment it answers. Where it fails nothing is counted.
func (s *Service) CheckList(
	ctx context.Context, l List, each func(i int, a *Answer),
) (asOf time.Time, err error) {
	now := s.now()
	asOf = now
	if l.At != nil {
		asOf = *l.At
	}
	c := listCheck{Service: s, list: &l, each: each, reasons: map[Reason]int{}}
	ask := Ask{Line: l.Line, Agent: l.Agent}
	if !asOf.Before(now) {
		s.gate.NowAll(l.Numbers, ask, asOf, c.note)
		c.count(now)
		if l.At == nil {
			asOf = s.known(now)
		}
		return asOf, nil
	}
	for i, n := range l.Numbers {
		var a Answer
		if ask.Number = n; !n.IsZero() {
			var err error
			if a, err = s.gate.At(ctx, ask, asOf); err != nil {
				return asOf, err
			}
		}
		c.note(i, &a)
	}
	c.count(now)
	return asOf, nil
}

// listCheck is on its way through a list.
type listCheck struct {
	*Service
	list    *List
	each    func(i int, a *Answer)
	free    int
	reasons map[Reason]int
	refused []Refusal
}

// note counts the answer for the number at a place, and passes it on.
func (c *listCheck) note(i int, a *Answer) {
	n := c.list.Numbers[i]
	switch {
	case n.IsZero():
		c.each(i, nil)
		return
	case a.Reason == None:
		c.free++ // most of them are: the map takes longer
	default:
		c.reasons[a.Reason]++
	}
	if !a.Allowed && c.list.At == nil {
		c.refused = append(c.refused, Refusal{n, a.Reason})
	}
	if !a.Allowed || !c.list.RefusedOnly {
		c.each(i, a)
	}
}

func (c *listCheck) count(now time.Time) {
	c.reasons[None] = c.free
	for r, n := range c.reasons {
		c.counts.Answered(r, n)
	}
	c.counts.Asked(now, len(c.list.Numbers))
	c.counts.Refused(now, !c.list.RefusedOnly && !c.list.Looking, c.refused...)
}
