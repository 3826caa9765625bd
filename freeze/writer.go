package freeze

import (
	"context"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/number"
)

// Writer enters freezes, and what becomes of them, into the ledger, within one
// transaction and at one moment.
type Writer struct {
	Book Book
	// Keys name numbers in the ledger.
	Keys Keys
	Now  time.Time
}

// Open opens a freeze and returns it with its ID and its place in the ledger.
func (w Writer) Open(ctx context.Context, f Freeze) (Freeze, error) {
	f.ID, f.From, f.Until, f.NumberMAC = ID(newID(w.Now)), micro(f.From), micro(f.Until), f.name(w.Keys)
	e, err := w.Book.Enter(ctx, Entry{
		Kind: Opened, FreezeID: f.ID, At: f.From, Reason: f.Reason, Class: f.Class, Until: f.Until,
		Line: f.Line, Rule: f.Rule, RuleVersion: f.RuleVersion, NumberMAC: f.NumberMAC,
	}, NewPersonal(f.Number, f.Actor, f.Note, f.Evidence))
	f.Seq, f.OpenedSeq = e.Seq, e.Seq
	return f, wrap("open a freeze", err)
}

// name is what the ledger knows the freeze's number by, also where that was erased.
func (f Freeze) name(keys Keys) MAC {
	if f.Number.IsZero() {
		return f.NumberMAC
	}
	return keys.NumberMAC(f.Number)
}

// Opens is the freeze that an entry of the kind Opened opens.
func (e Entry) Opens(p Personal) (Freeze, error) {
	var n number.Number
	var err error
	if p.Number != "" { // it was erased before
		n, err = number.FromE164(p.Number)
	}
	return Freeze{
		ID: e.FreezeID, Number: n, Reason: e.Reason, Class: e.Class, Line: e.Line, Rule: e.Rule,
		RuleVersion: e.RuleVersion,
		Note:        p.Text, Evidence: p.Evidence, From: e.At, Until: e.Until, Actor: p.Actor,
		Seq: e.Seq, OpenedSeq: e.Seq,
		NumberMAC: e.NumberMAC,
	}, err
}

// Release ends a freeze that was not released before.
func (w Writer) Release(ctx context.Context, f Freeze, r Release) (Freeze, error) {
	e, err := w.Book.Enter(ctx, Entry{Kind: Released, FreezeID: f.ID, At: r.At,
		Reason: Reason(r.Cause), NumberMAC: f.NumberMAC},
		NewPersonal(f.Number, r.Actor, r.Reason, Evidence{}))
	if err != nil {
		return f, fmt.Errorf("release freezes/%s: %w", f.ID, err)
	}
	r.At, r.Seq = e.At, e.Seq
	f.Release = &r
	return f, nil
}

// extend notes the end that the freeze has now.
func (w Writer) extend(ctx context.Context, f Freeze, actor, note string) (Freeze, error) {
	e, err := w.Book.Enter(ctx, Entry{Kind: Extended, FreezeID: f.ID, At: w.Now, Until: f.Until,
		NumberMAC: f.NumberMAC},
		NewPersonal(f.Number, actor, note, Evidence{}))
	if err != nil {
		return f, fmt.Errorf("extend freezes/%s: %w", f.ID, err)
	}
	f.Seq = e.Seq
	return f, nil
}

// allow adds an entry to the allow list.
func (w Writer) allow(ctx context.Context, a Allow) (Allow, error) {
	a.NumberMAC = w.Keys.NumberMAC(a.Number)
	e, err := w.Book.Enter(ctx, Entry{Kind: Allowed, FreezeID: ID(a.ID), At: a.From, Until: a.Until,
		NumberMAC: a.NumberMAC},
		NewPersonal(a.Number, a.Actor, a.Note, Evidence{}))
	a.Seq = e.Seq
	return a, wrap("add to the allow list", err)
}

// endAllow ends an entry of the allow list before its time.
func (w Writer) endAllow(ctx context.Context, a Allow, r Release) (Allow, error) {
	e, err := w.Book.Enter(ctx, Entry{Kind: Disallowed, FreezeID: ID(a.ID), At: r.At,
		NumberMAC: a.NumberMAC},
		NewPersonal(a.Number, r.Actor, r.Reason, Evidence{}))
	if err != nil {
		return a, fmt.Errorf("end allowances/%s: %w", a.ID, err)
	}
	r.Cause, r.At, r.Seq = ByHand, e.At, e.Seq
	a.Ended = &r
	return a, nil
}

func newID(now time.Time) string { return ulid.MustNewDefault(now).String() }

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
