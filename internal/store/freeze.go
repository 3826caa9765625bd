package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/review"
)

const selectFreezes = `SELECT f.id, p.number, f.reason, f.class, p.evidence, f.from_at, f.until_at, COALESCE(p.actor, ''), f.opened_seq,
	f.released_at, COALESCE(f.released_seq, 0), COALESCE(rp.actor, ''), COALESCE(rp.text, '')
	FROM freezes f
	LEFT JOIN ledger_personal p ON p.seq = f.opened_seq
	LEFT JOIN ledger_personal rp ON rp.seq = f.released_seq`

// stillFrozen selects the freezes that nobody released and that end after a moment.
const stillFrozen = `f.released_at IS NULL AND (f.until_at IS NULL OR f.until_at > ?)`

func scanFreeze(rw row) (freeze.Freeze, error) {
	var (
		f               freeze.Freeze
		r               freeze.Release
		from            int64
		until, released sql.NullInt64
	)
	err := rw.Scan(&f.ID, numberInto{&f.Number}, &f.Reason, &f.Class, jsonInto{&f.Evidence}, &from, &until, &f.Actor, &f.Seq,
		&released, &r.Seq, &r.Actor, &r.Reason)
	f.From, f.Until = fromMicros(from), fromOptional(until)
	if released.Valid {
		r.At = fromOptional(released)
		f.Release = &r
	}
	return f, err
}

// openFreeze gives the freeze an id and a place in the ledger, and adds it.
func (db *DB) openFreeze(ctx context.Context, tx Tx, f freeze.Freeze) (freeze.Freeze, error) {
	f.From, f.Until = inMicros(f.From), inMicros(f.Until)
	f.ID = freeze.ID(newID(f.From))
	e, err := db.appendEntry(ctx, tx, freeze.Entry{
		Kind: freeze.Opened, FreezeID: f.ID, At: f.From, Reason: f.Reason, Class: f.Class, Until: f.Until,
		NumberMAC: db.o.Keys.NumberMAC(f.Number),
	}, freeze.NewPersonal(f.Number, f.Actor, "", f.Evidence))
	if err != nil {
		return f, err
	}
	f.Seq = e.Seq
	err = exec(ctx, tx, `INSERT INTO freezes (id, number_mac, reason, class, from_at, until_at, opened_seq) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		f.ID, e.NumberMAC[:], f.Reason, f.Class, micros(f.From), optionalMicros(f.Until), f.Seq)
	return f, wrap("add the freeze", err)
}

// releaseFreeze ends a freeze that was not released before.
func (db *DB) releaseFreeze(ctx context.Context, tx Tx, f freeze.Freeze, r freeze.Release) (freeze.Freeze, error) {
	e := freeze.Entry{Kind: freeze.Released, FreezeID: f.ID, At: inMicros(r.At)}
	// Not made of the number, which may have been erased.
	err := tx.QueryRowContext(ctx, `SELECT number_mac FROM freezes WHERE id = $1`, f.ID).Scan(macInto{&e.NumberMAC})
	if err != nil {
		return f, err
	}
	if e, err = db.appendEntry(ctx, tx, e, freeze.NewPersonal(f.Number, r.Actor, r.Reason, freeze.Evidence{})); err != nil {
		return f, err
	}
	r.At, r.Seq = e.At, e.Seq
	f.Release = &r
	err = exec(ctx, tx, `UPDATE freezes SET released_at = $1, released_seq = $2 WHERE id = $3`, micros(r.At), r.Seq, f.ID)
	return f, wrap("release the freeze", err)
}

// Freeze reads a freeze. NotFound where there is none.
func (db *DB) Freeze(ctx context.Context, id freeze.ID) (freeze.Freeze, error) {
	return readFreeze(ctx, db.r, id)
}

func readFreeze(ctx context.Context, q querier, id freeze.ID) (freeze.Freeze, error) {
	f, err := scanFreeze(q.QueryRowContext(ctx, selectFreezes+` WHERE f.id = $1`, id))
	return f, notFound(err, "freezes/"+string(id))
}

// FreezeFilter selects freezes.
type FreezeFilter struct {
	// Number selects the freezes of a number; zero selects all.
	Number number.Number
	// ShowEnded adds freezes that were released, or have ended by Now.
	ShowEnded bool
	Now       time.Time
	// Before continues a list: only what began before.
	Before *Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// Freezes lists freezes, the newest first.
func (db *DB) Freezes(ctx context.Context, f FreezeFilter) ([]freeze.Freeze, error) {
	var c conditions
	if !f.Number.IsZero() {
		c.add("f.number_mac = ?", db.numberMAC(f.Number))
	}
	if !f.ShowEnded {
		c.add(stillFrozen, micros(f.Now))
	}
	if f.Before != nil {
		c.add("(f.from_at, f.id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := selectFreezes + c.where() + ` ORDER BY f.from_at DESC, f.id DESC` + c.limit(f.Limit)
	freezes, err := list(ctx, db.r, scanFreeze, query, c.args...)
	return freezes, wrap("list freezes", err)
}

// FreezesOf implements gate.History.
func (db *DB) FreezesOf(ctx context.Context, n number.Number) ([]freeze.Freeze, error) {
	freezes, err := list(ctx, db.r, scanFreeze, selectFreezes+` WHERE f.number_mac = $1 ORDER BY f.opened_seq`, db.numberMAC(n))
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
// the gate knows. Precondition where the number is not frozen; Invalid where the
// request's ID was used for another number.
func (db *DB) ReleaseNumber(ctx context.Context, n number.Number, r freeze.Release, req review.Request) ([]freeze.Freeze, error) {
	var ended []freeze.Freeze
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		result, again, err := beginRequest(ctx, tx, req, db.o.Keys.NumberMAC(n).String(), db.now())
		switch {
		case err != nil:
			return err
		case again:
			ended, err = freezesIn(ctx, tx, result)
			return err
		}
		if ended, err = db.releaseAll(ctx, tx, n, r); err != nil {
			return err
		}
		return keepFreezes(ctx, tx, req, ended)
	})
	if err != nil {
		return nil, err
	}
	db.o.Standing(ended...)
	return ended, nil
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
