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

// History is all that is known of a number, what ended and was released too.
type History interface {
	FreezesOf(ctx context.Context, n number.Number) ([]freeze.Freeze, error)
	AllowsOf(ctx context.Context, n number.Number) ([]freeze.Allow, error)
	// CallHistory reads the calls that began from the one time to the other, and all
	// releases of the number by people.
	CallHistory(ctx context.Context, n number.Number, from, to time.Time) (calls.History, error)
}

// Known is what is known of a number, for an answer that is made of it.
type Known struct {
	Freezes []freeze.Freeze
	Allows  []freeze.Allow
	History calls.History
}

// Gate answers. It is safe for concurrent use.
type Gate struct {
	table   *Table
	history History
	rules   func() calls.Timeline
}

// New makes a gate that answers for now from table and for other moments from history.
// Rules tells which rules are and were in force; it is called for every answer.
func New(table *Table, history History, rules func() calls.Timeline) *Gate {
	return &Gate{table: table, history: history, rules: rules}
}

// Now answers for the present moment, which the caller names. It reads memory only.
func (g *Gate) Now(ask Ask, now time.Time) Answer {
	j := judge{ask: ask, at: now, rules: g.rules()}
	if closed, a := j.hours(); closed {
		return a
	}
	found := g.table.find(ask.Number, ask.Line, ask.Agent, micros(now))
	if found.frozen.key == 0 && found.denied.key == 0 {
		return j.free()
	}
	var v verdict
	if r := &found.frozen; r.key != 0 {
		f := g.table.freeze(r)
		v.frozen = &f
	}
	if r := &found.allowed; r.key != 0 {
		a := g.table.allow(r)
		v.allowed = &a
	}
	if r := &found.denied; r.key != 0 {
		d := g.table.denial(r)
		v.denied = &d
	}
	return j.answer(v)
}

// At answers for any moment, past or future, by what is known today.
func (g *Gate) At(ctx context.Context, ask Ask, at time.Time) (Answer, error) {
	j := judge{ask: ask, at: at, rules: g.rules()}
	if closed, a := j.hours(); closed {
		return a, nil
	}
	var k Known
	var err error
	if k.Freezes, err = g.history.FreezesOf(ctx, ask.Number); err != nil {
		return Answer{}, err
	}
	if k.Allows, err = g.history.AllowsOf(ctx, ask.Number); err != nil {
		return Answer{}, err
	}
	if set := j.rules.At(at); set != nil && denies(set) {
		k.History, err = g.history.CallHistory(ctx, ask.Number, at.Add(-set.MaxWindow()), at.Add(calls.MaxAhead))
	}
	return j.answer(j.verdict(k)), err
}

// Judge answers for a moment from what the caller knows of the number: all freezes and
// allow entries that stand then, and the calls for as long as the longest window of the
// rules before. Now and At are the ways to ask; this one is for answers that must be
// made within a transaction.
func (g *Gate) Judge(ask Ask, at time.Time, k Known) Answer {
	j := judge{ask: ask, at: at, rules: g.rules()}
	if closed, a := j.hours(); closed {
		return a
	}
	return j.answer(j.verdict(k))
}

// denies reports whether a set has any rule that denies.
func denies(set *calls.RuleSet) bool {
	return slices.ContainsFunc(set.Rules, func(r calls.Rule) bool { return r.Enabled && r.Deny })
}
