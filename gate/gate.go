package gate

import (
	"context"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Ask is a question: may this number be called?
type Ask struct {
	Number number.Number
	// Line is the one that would be used; "" where it is not known. A freeze of a line
	// then answers, too.
	Line string
	// Agent is who would call; "" where that is not known. What is denied to one agent
	// then does not answer.
	Agent string
}

// Present is what stands now, in memory. Table implements it.
type Present interface {
	// Find is what answers the ask at a moment, which is that of asking. It waits for
	// neither disk nor network.
	Find(ask Ask, at time.Time) Found
	// FindAll is Find for many numbers in place of the ask's own. It calls each with the
	// place of the number and what was found, which must not be kept.
	FindAll(numbers []number.Number, ask Ask, at time.Time, each func(i int, found *Found))
}

// Found is what answers an ask, of each kind the one that ends last. Of a freeze and an
// entry of the allow list it holds what the gate has a use for: not Note, Evidence,
// Actor and Release.
type Found struct {
	Freeze freeze.Freeze
	Allow  freeze.Allow
	Denial calls.Denial
	// Frozen, Allowed and Denied say which of them there are.
	Frozen, Allowed, Denied bool
}

// History is all that is known of a number, what ended and was released too.
type History interface {
	freeze.Reader
	// Histories is that of calls.Reader.
	Histories(
		ctx context.Context, numbers []number.Number, at calls.Span, rules calls.Timeline,
	) (map[number.Number]*calls.History, error)
}

// Gate answers. It is safe for concurrent use.
type Gate struct {
	present Present
	history History
	rules   func() calls.Timeline
}

// New makes a gate that answers for now and later from present, and for before from history.
// Rules tells which rules are and were in force; it is called for every answer.
func New(present Present, history History, rules func() calls.Timeline) *Gate {
	return &Gate{present: present, history: history, rules: rules}
}

// Now answers for the present moment, which the caller names, or for a later one, as it
// will be if nothing happens until then. It reads memory only.
func (g *Gate) Now(ask Ask, now time.Time) Answer {
	j := newJudge(ask, now, g.rules())
	found := g.present.Find(ask, now)
	return j.answer(&found)
}

// NowAll is Now for many numbers in place of the ask's own, in less time. It calls each
// with the place of the number and the answer, which must not be kept.
func (g *Gate) NowAll(
	numbers []number.Number, ask Ask, now time.Time, each func(i int, a *Answer),
) {
	j := newJudge(ask, now, g.rules())
	var a Answer
	g.present.FindAll(numbers, ask, now, func(i int, found *Found) {
		j.ask.Number = numbers[i]
		a = j.answer(found)
		each(i, &a)
	})
}

// At answers for a moment that is over, by what is known today and by the times that it was
// noted with.
func (g *Gate) At(ctx context.Context, ask Ask, at time.Time) (Answer, error) {
	j := newPastJudge(ask, at, g.rules())
	k, err := g.known(ctx, ask.Number, at, j.rules)
	if err != nil {
		return Answer{}, err
	}
	found := j.find(k)
	return j.answer(&found), nil
}

func (g *Gate) known(
	ctx context.Context, n number.Number, at time.Time, rules calls.Timeline,
) (k calls.Known, err error) {
	numbers := []number.Number{n}
	if k.Freezes, err = g.history.Freezes(ctx, freeze.Query{Numbers: numbers}); err != nil {
		return k, err
	}
	if k.Allows, err = g.history.Allows(ctx, freeze.AllowQuery{Numbers: numbers}); err != nil {
		return k, err
	}
	set := rules.At(at)
	if set == nil || !denies(set) {
		return k, nil
	}
	window := calls.Span{From: at.Add(-set.MaxWindow() - set.SameCall), To: at.Add(calls.MaxAhead)}
	histories, err := g.history.Histories(ctx, numbers, window, rules)
	if err != nil {
		return k, err
	}
	k.History = *histories[n]
	return k, nil
}

// Judge answers for the moment of what the caller knows, which is now, of the number: all freezes and
// allow entries that stand then, and the calls for as long as the longest window of the
// rules before. Now and At are the ways to ask; this one is for answers that must be
// made within a transaction. Where k.Again is set, a freeze alone refuses.
func (g *Gate) Judge(ask Ask, k calls.Known) Answer {
	j := newJudge(ask, k.At, g.rules())
	found := j.find(k)
	if k.Again {
		found.Denied, j.closed = false, false
	}
	return j.answer(&found)
}

// denies reports whether a set has any rule that denies.
func denies(set *calls.RuleSet) bool {
	return slices.ContainsFunc(set.Rules, func(r calls.Rule) bool { return r.Enabled && r.Deny })
}
