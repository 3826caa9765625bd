package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
)

// Figures is the store of the gate's counts, and counts for reports. It implements
// figures.Store.
type Figures struct{ *engine }

// AddGateCounts adds to the counts, in one transaction.
func (s *Figures) AddGateCounts(ctx context.Context, more map[figures.GateCount]int64) error {
	if len(more) == 0 {
		return nil
	}
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		for key, n := range more {
			err := exec(ctx, tx, `INSERT INTO gate_counts (day, reason, count) VALUES ($1, $2, $3)
				ON CONFLICT (day, reason) DO UPDATE SET count = gate_counts.count + excluded.count`, key.Day, key.What, n)
			if err != nil {
				return fmt.Errorf("add to the gate's counts: %w", err)
			}
		}
		return nil
	})
}

// Count implements figures.Store.
func (s *Figures) Count(
	ctx context.Context, from, until time.Time, firstDay, lastDay string,
) (figures.Figures, error) {
	var f figures.Figures
	a, b := micros(from), micros(until)
	for _, step := range []func() error{
		func() (err error) {
			f.Outcomes, err = tally(ctx, s.r, scanCount[calls.Outcome],
				`SELECT COUNT(*), outcome FROM calls
				WHERE start_at >= $1 AND start_at < $2 GROUP BY outcome`, a, b)
			return err
		},
		func() (err error) {
			f.Gate, err = tally(ctx, s.r, scanCount[string],
				`SELECT SUM(count), reason FROM gate_counts WHERE day BETWEEN $1 AND $2 GROUP BY reason`,
				firstDay, lastDay)
			return err
		},
		func() (err error) {
			f.Freezes, err = tally(ctx, s.r, scanKind,
				`SELECT COUNT(*), reason, class, rule FROM freezes WHERE from_at >= $1 AND from_at < $2
				GROUP BY reason, class, rule`, a, b)
			return err
		},
		func() (err error) {
			f.Undone, err = tally(ctx, s.r, scanKind,
				`SELECT COUNT(*), reason, class, rule FROM freezes WHERE from_at >= $1 AND from_at < $2
				AND cause IN ($3, $4) GROUP BY reason, class, rule`, a, b, freeze.Reverted, freeze.Corrected)
			return err
		},
		func() (err error) {
			f.Releases, err = tally(ctx, s.r, scanCount[freeze.Cause],
				`SELECT COUNT(*), cause FROM freezes
				WHERE released_at >= $1 AND released_at < $2 GROUP BY cause`, a, b)
			return err
		},
		func() error {
			return s.r.QueryRowContext(ctx,
				`SELECT COUNT(*) FROM complaints WHERE at >= $1 AND at < $2`, a,
				b).Scan(&f.Complaints)
		},
		func() error {
			return s.r.QueryRowContext(ctx, s.callsToFrozen(), a, b,
				freeze.Refused).Scan(&f.CallsToFrozen, &f.CalledAgain)
		},
	} {
		if err := step(); err != nil {
			return figures.Figures{}, fmt.Errorf("count what happened: %w", err)
		}
	}
	return f, nil
}

// callsToFrozen starts with the freezes, whose calls an index finds: CROSS JOIN keeps
// SQLite from starting with all the calls.
const callsToFrozen = `SELECT COUNT(DISTINCT c.call_id), COUNT(DISTINCT CASE WHEN f.reason = $3 THEN c.number END)
	FROM freezes f CROSS JOIN ledger_personal p CROSS JOIN calls c
	WHERE f.from_at < $2 AND (f.until_at IS NULL OR f.until_at > $1) AND (f.released_at IS NULL OR f.released_at > $1)
		AND p.seq = f.opened_seq AND c.number = p.number
		AND c.start_at >= $1 AND c.start_at < $2 AND c.start_at > f.from_at AND (f.until_at IS NULL OR c.start_at < f.until_at)
		AND (f.released_at IS NULL OR c.start_at < f.released_at) AND f.line IN ('', c.line) AND c.outcome <> ''
		AND NOT EXISTS (SELECT 1 FROM allows a WHERE a.from_at <= c.start_at
			AND c.start_at < COALESCE(a.ended_at, a.until_at) AND c.start_at < a.until_at AND `

// callsToFrozen finds the allow list's entries for a freeze by the name of their number. Where the
// ledger's key was rotated, one number has several: then by the number itself, for which the allow list
// is gone through.
func (s *Figures) callsToFrozen() string {
	if len(s.o.Keys.IDs()) == 1 {
		return callsToFrozen + `a.number_mac = f.number_mac)`
	}
	return callsToFrozen + `EXISTS (SELECT 1 FROM ledger_personal q WHERE q.seq = a.opened_seq AND q.number = p.number))`
}

// count is a line of a GROUP BY.
type count[K comparable] struct {
	key K
	n   int64
}

// tally collects the lines of a GROUP BY.
func tally[K comparable](
	ctx context.Context, q querier, scan func(row) (count[K], error), query string, args ...any,
) (map[K]int64, error) {
	out := map[K]int64{}
	err := each(ctx, q, scan, func(c count[K]) error { out[c.key] = c.n; return nil }, query,
		args...)
	return out, err
}

func scanCount[K ~string](rw row) (count[K], error) {
	var c count[K]
	err := rw.Scan(&c.n, &c.key)
	return c, err
}

func scanKind(rw row) (count[figures.Kind], error) {
	var c count[figures.Kind]
	err := rw.Scan(&c.n, &c.key.Reason, &c.key.Class, &c.key.Rule)
	return c, err
}
