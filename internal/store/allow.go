package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/review"
)

const selectAllows = `SELECT a.id, p.number, COALESCE(p.text, ''), a.from_at, a.until_at, COALESCE(p.actor, ''), a.opened_seq,
	a.ended_at, COALESCE(a.ended_seq, 0), COALESCE(ep.actor, ''), COALESCE(ep.text, '')
	FROM allows a
	LEFT JOIN ledger_personal p ON p.seq = a.opened_seq
	LEFT JOIN ledger_personal ep ON ep.seq = a.ended_seq`

// stillAllowed selects the entries that nobody ended and that end after a moment.
const stillAllowed = `a.ended_at IS NULL AND a.until_at > ?`

func scanAllow(rw row) (freeze.Allow, error) {
	var (
		a           freeze.Allow
		r           freeze.Release
		from, until int64
		ended       sql.NullInt64
	)
	err := rw.Scan(&a.ID, numberInto{&a.Number}, &a.Note, &from, &until, &a.Actor, &a.Seq, &ended, &r.Seq, &r.Actor, &r.Reason)
	a.From, a.Until = fromMicros(from), fromMicros(until)
	if ended.Valid {
		r.Cause, r.At = freeze.ByHand, fromOptional(ended)
		a.Ended = &r
	}
	return a, err
}

// AllowNumber puts a number on the allow list, from now on where From is zero. A
// repeated req returns what it added the first time. When it returns, the gate knows.
// Invalid where the entry can't be ordered (see freeze.Allow.CheckOrder), or the
// request's ID was used for another number.
func (db *DB) AllowNumber(ctx context.Context, a freeze.Allow, req review.Request) (freeze.Allow, error) {
	now := db.now()
	if a.From.IsZero() {
		a.From = now
	}
	a.ID, a.From, a.Until, a.Ended = freeze.AllowID(newID(now)), inMicros(a.From), inMicros(a.Until), nil
	if err := a.CheckOrder(); err != nil {
		return freeze.Allow{}, err
	}
	return db.changeAllow(ctx, req, db.o.Keys.NumberMAC(a.Number).String(), func(ctx context.Context, tx Tx) (freeze.Allow, error) {
		e, err := db.appendEntry(ctx, tx, freeze.Entry{Kind: freeze.Allowed, FreezeID: freeze.ID(a.ID), At: a.From, Until: a.Until,
			NumberMAC: db.o.Keys.NumberMAC(a.Number)}, freeze.NewPersonal(a.Number, a.Actor, a.Note, freeze.Evidence{}))
		if err != nil {
			return a, err
		}
		a.Seq = e.Seq
		return a, wrap("add to the allow list", exec(ctx, tx, `INSERT INTO allows (id, number_mac, from_at, until_at, opened_seq)
			VALUES ($1, $2, $3, $4, $5)`, a.ID, e.NumberMAC[:], micros(a.From), micros(a.Until), a.Seq))
	})
}

// EndAllow ends an entry of the allow list before its time. A repeated req changes
// nothing. When it returns, the gate knows. NotFound where there is no such entry,
// Precondition where it ended before.
func (db *DB) EndAllow(ctx context.Context, id freeze.AllowID, r freeze.Release, req review.Request) (freeze.Allow, error) {
	return db.changeAllow(ctx, req, "allowances/"+string(id), func(ctx context.Context, tx Tx) (freeze.Allow, error) {
		a, err := readAllow(ctx, tx, id)
		if err != nil {
			return a, err
		}
		if a.Ended != nil || !r.At.Before(a.Until) {
			return a, &fault.Error{Op: "freeze.EndAllow", Kind: fault.Precondition, Reason: "NOT_ALLOWED", Subject: "allowances/" + string(id),
				Message: "it has ended already"}
		}
		return db.endAllow(ctx, tx, a, r)
	})
}

func (db *DB) endAllow(ctx context.Context, tx Tx, a freeze.Allow, r freeze.Release) (freeze.Allow, error) {
	mac, err := numberMACOf(ctx, tx, `SELECT number_mac FROM allows WHERE id = $1`, string(a.ID))
	if err != nil {
		return a, err
	}
	e, err := db.appendEntry(ctx, tx, freeze.Entry{Kind: freeze.Disallowed, FreezeID: freeze.ID(a.ID), At: inMicros(r.At), NumberMAC: mac},
		freeze.NewPersonal(a.Number, r.Actor, r.Reason, freeze.Evidence{}))
	if err != nil {
		return a, err
	}
	r.Cause, r.At, r.Seq = freeze.ByHand, e.At, e.Seq
	a.Ended = &r
	err = exec(ctx, tx, `UPDATE allows SET ended_at = $1, ended_seq = $2 WHERE id = $3`, micros(r.At), r.Seq, a.ID)
	return a, wrap("end the entry of the allow list", err)
}

// changeAllow returns the entry that change wrote, after the gate has heard of it. A
// repeated req calls no change, and returns the entry as it is.
func (db *DB) changeAllow(ctx context.Context, req review.Request, subject string,
	change func(context.Context, Tx) (freeze.Allow, error)) (freeze.Allow, error) {
	var a freeze.Allow
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		id, again, err := beginRequest(ctx, tx, req, subject, db.now())
		switch {
		case err != nil:
			return err
		case again:
			a, err = readAllow(ctx, tx, freeze.AllowID(id))
			return err
		}
		if a, err = change(ctx, tx); err != nil {
			return err
		}
		return keepResult(ctx, tx, req, string(a.ID))
	})
	if err != nil {
		return freeze.Allow{}, err
	}
	db.o.Allowed(a)
	return a, nil
}

// Allow reads an entry of the allow list. NotFound where there is none.
func (db *DB) Allow(ctx context.Context, id freeze.AllowID) (freeze.Allow, error) {
	return readAllow(ctx, db.r, id)
}

func readAllow(ctx context.Context, q querier, id freeze.AllowID) (freeze.Allow, error) {
	a, err := scanAllow(q.QueryRowContext(ctx, selectAllows+` WHERE a.id = $1`, id))
	return a, missing(err, "allowances/"+string(id), "there is no such entry of the allow list")
}

// AllowFilter selects entries of the allow list.
type AllowFilter struct {
	// Number selects the entries of a number; zero selects all.
	Number number.Number
	// ShowEnded adds entries that were ended, or have ended by Now.
	ShowEnded bool
	Now       time.Time
	// Before continues a list: only what began before.
	Before *Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// Allows lists the allow list, the newest first.
func (db *DB) Allows(ctx context.Context, f AllowFilter) ([]freeze.Allow, error) {
	var c conditions
	if !f.Number.IsZero() {
		c.add("a.number_mac = ?", db.numberMAC(f.Number))
	}
	if !f.ShowEnded {
		c.add(stillAllowed, micros(f.Now))
	}
	if f.Before != nil {
		c.add("(a.from_at, a.id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := selectAllows + c.where() + ` ORDER BY a.from_at DESC, a.id DESC` + c.limit(f.Limit)
	allows, err := list(ctx, db.r, scanAllow, query, c.args...)
	return allows, wrap("list the allow list", err)
}

// AllowsOf lists all entries of a number, ended ones too, in the order of the ledger.
func (db *DB) AllowsOf(ctx context.Context, n number.Number) ([]freeze.Allow, error) {
	return db.allowsOf(ctx, db.r, n)
}

func (db *DB) allowsOf(ctx context.Context, q querier, n number.Number) ([]freeze.Allow, error) {
	allows, err := list(ctx, q, scanAllow, selectAllows+` WHERE a.number_mac = $1 ORDER BY a.opened_seq`, db.numberMAC(n))
	return allows, wrap("list a number's entries of the allow list", err)
}

// StandingAllows hands every entry to visit that nobody ended and that has not ended by
// now, in the order of the ledger, until visit fails; its error is returned as it is.
func (db *DB) StandingAllows(ctx context.Context, now time.Time, visit func(freeze.Allow) error) error {
	var c conditions
	c.add(stillAllowed, micros(now))
	return each(ctx, db.r, scanAllow, func(a freeze.Allow) error {
		if a.Number.IsZero() {
			return fmt.Errorf("allowances/%s holds, but its number is gone from ledger_personal: restore the row from a backup", a.ID)
		}
		return visit(a)
	}, selectAllows+c.where()+` ORDER BY a.opened_seq`, c.args...)
}
