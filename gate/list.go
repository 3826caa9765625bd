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
}

// CheckList answers for each number of a list as Check does: it calls each with the place
// of the number and the answer, which is nil for a zero number, and must not be kept. It
// says as of which moment it answers. Where it fails nothing is counted.
func (s *Service) CheckList(
	ctx context.Context, l List, each func(i int, a *Answer),
) (asOf time.Time, err error) {
	c := listCheck{Service: s, list: &l, asOf: s.now(), reasons: map[Reason]int{}}
	now := c.asOf
	if l.At != nil {
		c.asOf = *l.At
	}
	var a Answer // one for all: each keeps none
	for i, n := range l.Numbers {
		if n.IsZero() {
			each(i, nil)
			continue
		}
		if a, err = c.answer(ctx, n); err != nil {
			return c.asOf, err
		}
		if !a.Allowed || !l.RefusedOnly {
			each(i, &a)
		}
	}
	c.count(now)
	return c.asOf, nil
}

// listCheck is on its way through a list.
type listCheck struct {
	*Service
	list    *List
	asOf    time.Time
	free    int
	reasons map[Reason]int
	refused []Refusal
}

func (c *listCheck) answer(ctx context.Context, n number.Number) (a Answer, err error) {
	ask := Ask{Number: n, Line: c.list.Line, Agent: c.list.Agent}
	if c.list.At == nil {
		a = c.gate.Now(ask, c.asOf)
	} else if a, err = c.gate.At(ctx, ask, c.asOf); err != nil {
		return Answer{}, err
	}
	if a.Reason == None {
		c.free++ // most of them are: the map takes longer
		return a, nil
	}
	c.reasons[a.Reason]++
	if !a.Allowed && c.list.At == nil {
		c.refused = append(c.refused, Refusal{n, a.Reason})
	}
	return a, nil
}

func (c *listCheck) count(now time.Time) {
	c.reasons[None] = c.free
	for r, n := range c.reasons {
		c.counts.Answered(r, n)
	}
	c.counts.Asked(now, len(c.list.Numbers))
	c.counts.Refused(now, !c.list.RefusedOnly, c.refused...)
}
