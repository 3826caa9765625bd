package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/review"
)

const selectFreezes = `SELECT f.id, p.number, f.reason, f.class, f.line, f.rule, f.rule_version, COALESCE(p.text, ''), p.evidence,
	f.from_at, f.until_at, COALESCE(p.actor, ''), f.seq, f.released_at, f.cause, COALESCE(f.released_seq, 0), COALESCE(rp.actor, ''),
	COALESCE(rp.text, '')
	FROM freezes f
	LEFT JOIN ledger_personal p ON p.seq = f.opened_seq
	LEFT JOIN ledger_personal rp ON rp.seq = f.released_seq`

// selectRuledFreezes has beside each freeze by which name the ledger knows its number,
// and whether anybody extended it.
var selectRuledFreezes = strings.Replace(selectFreezes, "\n\tFROM", ", f.number_mac, f.seq <> f.opened_seq\n\tFROM", 1)

// stillFrozen selects the freezes that nobody released and that end after a moment.
const stillFrozen = `f.released_at IS NULL AND (f.until_at IS NULL OR f.until_at > ?)`

// freezeRow is a freeze as it is stored.
type freezeRow struct {
	f               freeze.Freeze
	r               freeze.Release
	from            int64
	until, released sql.NullInt64
}

func (w *freezeRow) dest() []any {
	f, r := &w.f, &w.r
	return []any{&f.ID, numberInto{&f.Number}, &f.Reason, &f.Class, &f.Line, &f.Rule, &f.RuleVersion, &f.Note, jsonInto{&f.Evidence},
		&w.from, &w.until, &f.Actor, &f.Seq, &w.released, &r.Cause, &r.Seq, &r.Actor, &r.Reason}
}

func (w *freezeRow) freeze() freeze.Freeze {
	w.f.From, w.f.Until = fromMicros(w.from), fromOptional(w.until)
	if w.released.Valid {
		w.r.At = fromOptional(w.released)
		w.f.Release = &w.r
	}
	return w.f
}

func scanFreeze(rw row) (freeze.Freeze, error) {
	var w freezeRow
	err := rw.Scan(w.dest()...)
	return w.freeze(), err
}

func scanRuledFreeze(rw row) (ruledFreeze, error) {
	var w freezeRow
	var f ruledFreeze
	err := rw.Scan(append(w.dest(), macInto{&f.mac}, &f.extended)...)
	f.Freeze = w.freeze()
	return f, err
}

// openFreeze gives the freeze an id and a place in the ledger, and adds it.
func (db *DB) openFreeze(ctx context.Context, tx querier, f freeze.Freeze) (freeze.Freeze, error) {
	f.From, f.Until = inMicros(f.From), inMicros(f.Until)
	f.ID = freeze.ID(newID(db.now()))
	e, err := db.appendEntry(ctx, tx, freeze.Entry{
		Kind: freeze.Opened, FreezeID: f.ID, At: f.From, Reason: f.Reason, Class: f.Class, Until: f.Until,
		Line: f.Line, Rule: f.Rule, RuleVersion: f.RuleVersion, NumberMAC: db.o.Keys.NumberMAC(f.Number),
	}, freeze.NewPersonal(f.Number, f.Actor, f.Note, f.Evidence))
	if err != nil {
		return f, err
	}
	f.Seq = e.Seq
	err = exec(ctx, tx, `INSERT INTO freezes (id, number_mac, reason, class, line, rule, rule_version, from_at, until_at, opened_seq, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		f.ID, e.NumberMAC[:], f.Reason, f.Class, f.Line, f.Rule, f.RuleVersion, micros(f.From), optionalMicros(f.Until), f.Seq, f.Seq)
	return f, wrap("add the freeze", err)
}

// releaseFreeze ends a freeze that was not released before.
func (db *DB) releaseFreeze(ctx context.Context, tx querier, f freeze.Freeze, r freeze.Release) (freeze.Freeze, error) {
	e := freeze.Entry{Kind: freeze.Released, FreezeID: f.ID, At: inMicros(r.At), Reason: freeze.Reason(r.Cause)}
	var err error
	if e.NumberMAC, err = numberMACOf(ctx, tx, `SELECT number_mac FROM freezes WHERE id = $1`, string(f.ID)); err != nil {
		return f, err
	}
	if e, err = db.appendEntry(ctx, tx, e, freeze.NewPersonal(f.Number, r.Actor, r.Reason, freeze.Evidence{})); err != nil {
		return f, err
	}
	r.At, r.Seq = e.At, e.Seq
	f.Release = &r
	err = exec(ctx, tx, `UPDATE freezes SET released_at = $1, released_seq = $2, cause = $3 WHERE id = $4`, micros(r.At), r.Seq, r.Cause, f.ID)
	return f, wrap("release the freeze", err)
}

// numberMACOf reads under which name the ledger knows a number that may have been
// erased, so that it can't be made of the number.
func numberMACOf(ctx context.Context, tx querier, query, id string) (mac freeze.MAC, err error) {
	err = tx.QueryRowContext(ctx, query, id).Scan(macInto{&mac})
	return mac, err
}

// Freeze reads a freeze. NotFound where there is none.
func (db *DB) Freeze(ctx context.Context, id freeze.ID) (freeze.Freeze, error) {
	return readFreeze(ctx, db.r, id)
}

func readFreeze(ctx context.Context, q querier, id freeze.ID) (freeze.Freeze, error) {
	f, err := scanFreeze(q.QueryRowContext(ctx, selectFreezes+` WHERE f.id = $1`, id))
	return f, notFound(err, "freezes/"+string(id))
}

// FreezesOf implements gate.History.
func (db *DB) FreezesOf(ctx context.Context, n number.Number) ([]freeze.Freeze, error) {
	return db.freezesOf(ctx, db.r, n)
}

func (db *DB) freezesOf(ctx context.Context, q querier, n number.Number) ([]freeze.Freeze, error) {
	freezes, err := list(ctx, q, scanFreeze, selectFreezes+` WHERE f.number_mac = $1 ORDER BY f.opened_seq`, db.numberMAC(n))
	return freezes, wrap("list the freezes of a number", err)
}

// Standing hands every freeze to visit that nobody released and that has not ended by
// now, in the order of the ledger, until visit fails; its error is returned as it is.
func (db *DB) Standing(ctx context.Context, now time.Time, visit func(freeze.Freeze) error) error {
	var c conditions
	c.add(stillFrozen, micros(now))
	return each(ctx, db.r, scanFreeze, func(f freeze.Freeze) error {
		if f.Number.IsZero() {
			return fmt.Errorf("freezes/%s stands, but its number is gone from ledger_personal: restore the row from a backup", f.ID)
		}
		return visit(f)
	}, selectFreezes+c.where()+` ORDER BY f.opened_seq`, c.args...)
}

// ReleaseNumber ends all freezes that stand on the number, or would yet begin to, and
// returns them; a repeated req returns what it ended the first time. When it returns,
// the gate knows. A release without a Cause is ByHand. Precondition where the number is
// not frozen; Invalid where the request's ID was used for another number.
func (db *DB) ReleaseNumber(ctx context.Context, n number.Number, r freeze.Release, req review.Request) ([]freeze.Freeze, error) {
	if r.Cause == "" {
		r.Cause = freeze.ByHand
	}
	return db.changeFreezes(ctx, req, db.o.Keys.NumberMAC(n).String(), func(ctx context.Context, tx Tx) ([]freeze.Freeze, error) {
		return db.releaseAll(ctx, tx, n, r)
	})
}

// changeFreezes returns the freezes that change touched, after the gate has heard of
// them. A repeated req calls no change, and returns what it touched the first time.
func (db *DB) changeFreezes(ctx context.Context, req review.Request, subject string,
	change func(context.Context, Tx) ([]freeze.Freeze, error)) ([]freeze.Freeze, error) {
	var touched []freeze.Freeze
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		result, again, err := beginRequest(ctx, tx, req, subject, db.now())
		switch {
		case err != nil:
			return err
		case again:
			touched, err = freezesIn(ctx, tx, result)
			return err
		}
		if touched, err = change(ctx, tx); err != nil {
			return err
		}
		return keepFreezes(ctx, tx, req, touched)
	})
	if err != nil {
		return nil, err
	}
	db.o.Standing(touched...)
	return touched, nil
}

func (db *DB) releaseAll(ctx context.Context, tx Tx, n number.Number, r freeze.Release) ([]freeze.Freeze, error) {
	var c conditions
	c.add("f.number_mac = ?", db.numberMAC(n))
	c.add(stillFrozen, micros(r.At))
	freezes, err := list(ctx, tx, scanFreeze, selectFreezes+c.where()+` ORDER BY f.opened_seq`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("list the freezes of a number: %w", err)
	}
	if len(freezes) == 0 {
		return nil, &fault.Error{Op: "freeze.Release", Kind: fault.Precondition, Reason: "NOT_FROZEN",
			Message: fmt.Sprintf("the number %s is not frozen", n)}
	}
	for i, f := range freezes {
		if freezes[i], err = db.releaseFreeze(ctx, tx, f, r); err != nil {
			return nil, fmt.Errorf("release freezes/%s: %w", f.ID, err)
		}
	}
	return freezes, nil
}

// keepFreezes keeps for a repetition of the request which freezes it touched.
func keepFreezes(ctx context.Context, tx Tx, req review.Request, freezes []freeze.Freeze) error {
	ids := make([]freeze.ID, len(freezes))
	for i, f := range freezes {
		ids[i] = f.ID
	}
	result, err := toJSON(ids)
	if err != nil {
		return err
	}
	return keepResult(ctx, tx, req, result)
}

// freezesIn reads the freezes that keepFreezes kept.
func freezesIn(ctx context.Context, tx Tx, result string) ([]freeze.Freeze, error) {
	var ids []freeze.ID
	if err := json.Unmarshal([]byte(result), &ids); err != nil {
		return nil, errors.Join(errors.New("read a request's result"), err)
	}
	freezes := make([]freeze.Freeze, len(ids))
	for i, id := range ids {
		var err error
		if freezes[i], err = readFreeze(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	return freezes, nil
}

func (db *DB) numberMAC(n number.Number) []byte {
	mac := db.o.Keys.NumberMAC(n)
	return mac[:]
}
