package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

const selectAllows = `SELECT a.id, p.number, COALESCE(p.text, ''), a.from_at, a.until_at, COALESCE(p.actor, ''), a.opened_seq, a.number_mac,
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
	err := rw.Scan(&a.ID, digitsInto{&a.Number}, &a.Note, &from, &until, &a.Actor, &a.Seq,
		hashInto{a.NumberMAC[:]}, &ended, &r.Seq, &r.Actor, &r.Reason)
	a.From, a.Until = fromMicros(from), fromMicros(until)
	if ended.Valid {
		r.Cause, r.At = freeze.ByHand, fromOptional(ended)
		a.Ended = &r
	}
	return a, err
}

// Allows implements freeze.Reader.
func (s *Freezes) Allows(ctx context.Context, q freeze.AllowQuery) ([]freeze.Allow, error) {
	return allows(ctx, s.r, s.o.Keys, q)
}

// Allows implements freeze.Book.
func (t *writeTx) Allows(ctx context.Context, q freeze.AllowQuery) ([]freeze.Allow, error) {
	return allows(ctx, t, t.e.o.Keys, q)
}

func allows(
	ctx context.Context, q querier, keys freeze.Keys, of freeze.AllowQuery,
) ([]freeze.Allow, error) {
	var found []freeze.Allow
	for some := range among("a", of.IDs, macsOf(keys, of.Numbers)) {
		var c conditions
		if some != nil {
			c.addIn(some.column, some.values)
		}
		part, err := list(ctx, q, scanAllow, selectAllows+c.where()+` ORDER BY a.opened_seq`,
			c.args...)
		if err != nil {
			return nil, fmt.Errorf("list the allow list: %w", err)
		}
		found = append(found, part...)
	}
	return found, nil
}

func readAllow(ctx context.Context, q querier, id freeze.AllowID) (freeze.Allow, error) {
	a, err := scanAllow(q.QueryRowContext(ctx, selectAllows+` WHERE a.id = $1`, id))
	return a, missing(err, "allowances/"+string(id), "there is no such entry of the allow list")
}

// ListAllows lists the allow list, the newest first.
func (s *Freezes) ListAllows(ctx context.Context, f freeze.AllowFilter) ([]freeze.Allow, error) {
	var c conditions
	if !f.Number.IsZero() {
		c.addIn("a.number_mac", anys(macsOf(s.o.Keys, []number.Number{f.Number})))
	}
	if !f.ShowEnded {
		c.add(stillAllowed, micros(f.Now))
	}
	if f.Before != nil {
		c.add("(a.from_at, a.id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := selectAllows + c.where() + ` ORDER BY a.from_at DESC, a.id DESC` + c.limit(f.Limit)
	allows, err := list(ctx, s.r, scanAllow, query, c.args...)
	return allows, wrap("list the allow list", err)
}

// StandingAllows hands every entry to visit that nobody ended and that has not ended by
// now, in the order of the ledger, until visit fails; its error is returned as it is.
func (s *Freezes) StandingAllows(
	ctx context.Context, now time.Time, visit func(freeze.Allow) error,
) error {
	var c conditions
	c.add(stillAllowed, micros(now))
	return each(ctx, s.r, scanAllow, visit, selectAllows+c.where()+` ORDER BY a.opened_seq`, c.args...)
}
