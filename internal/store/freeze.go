package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/freeze"
)

const selectFreezes = `SELECT f.id, p.number, f.reason, f.class, f.line, f.rule, f.rule_version, COALESCE(p.text, ''), p.evidence,
	f.from_at, f.until_at, COALESCE(p.actor, ''), f.seq, f.opened_seq, f.number_mac, f.released_at, f.cause, COALESCE(f.released_seq, 0), COALESCE(rp.actor, ''),
	COALESCE(rp.text, '')
	FROM freezes f
	LEFT JOIN ledger_personal p ON p.seq = f.opened_seq
	LEFT JOIN ledger_personal rp ON rp.seq = f.released_seq`

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
	return []any{&f.ID, digitsInto{&f.Number}, &f.Reason, &f.Class, &f.Line, &f.Rule,
		&f.RuleVersion, &f.Note, jsonInto{&f.Evidence},
		&w.from, &w.until, &f.Actor, &f.Seq, &f.OpenedSeq, hashInto{f.NumberMAC[:]}, &w.released,
		&r.Cause, &r.Seq, &r.Actor, &r.Reason}
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

// Get reads a freeze. NotFound where there is none.
func (s *Freezes) Get(ctx context.Context, id freeze.ID) (freeze.Freeze, error) {
	return readFreeze(ctx, s.r, id)
}

func readFreeze(ctx context.Context, q querier, id freeze.ID) (freeze.Freeze, error) {
	f, err := scanFreeze(q.QueryRowContext(ctx, selectFreezes+` WHERE f.id = $1`, id))
	return f, notFound(err, "freezes/"+string(id))
}

// Freezes implements freeze.Reader.
func (s *Freezes) Freezes(ctx context.Context, q freeze.Query) ([]freeze.Freeze, error) {
	return freezes(ctx, s.r, s.o.Keys, q)
}

// Freezes implements freeze.Book.
func (t *writeTx) Freezes(ctx context.Context, q freeze.Query) ([]freeze.Freeze, error) {
	return freezes(ctx, t, t.e.o.Keys, q)
}

// freezes lists the freezes that q selects. Many numbers or ids are looked up in portions of
// a few sizes, so that the statements stay the same.
func freezes(
	ctx context.Context, q querier, keys freeze.Keys, of freeze.Query,
) ([]freeze.Freeze, error) {
	var found []freeze.Freeze
	macs := macsOf(keys, of.Numbers)
	for _, name := range of.Names {
		macs = append(macs, name[:])
	}
	for some := range among("f", of.IDs, macs) {
		var c conditions
		if some != nil {
			c.addIn(some.column, some.values)
		}
		if of.Reason != "" {
			c.add("f.reason = ?", of.Reason)
		}
		if of.Unreleased {
			c.add("f.released_at IS NULL")
		}
		if !of.EndsAfter.IsZero() {
			c.add("(f.until_at IS NULL OR f.until_at > ?)", micros(of.EndsAfter))
		}
		part, err := list(ctx, q, scanFreeze, selectFreezes+c.where()+` ORDER BY f.opened_seq`,
			c.args...)
		if err != nil {
			return nil, fmt.Errorf("list freezes: %w", err)
		}
		found = append(found, part...)
	}
	return found, nil
}

// Standing hands every freeze to visit that nobody released and that has not ended by
// now, in the order of the ledger, until visit fails; its error is returned as it is. Of a number
// that was erased there is the name alone.
func (s *Freezes) Standing(
	ctx context.Context, now time.Time, visit func(freeze.Freeze) error,
) error {
	var c conditions
	c.add(stillFrozen, micros(now))
	return each(ctx, s.r, scanFreeze, visit, selectFreezes+c.where()+` ORDER BY f.opened_seq`,
		c.args...)
}
