package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
)

// GateCount names a count of the gate's answers: on a day, written 2006-01-02 by the
// rules' zone, for a reason.
type GateCount struct{ Day, Reason string }

// AddGateCounts adds to the counts, in one transaction.
func (db *DB) AddGateCounts(ctx context.Context, more map[GateCount]int64) error {
	if len(more) == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for key, n := range more {
			err := exec(ctx, tx, `INSERT INTO gate_counts (day, reason, count) VALUES ($1, $2, $3)
				ON CONFLICT (day, reason) DO UPDATE SET count = gate_counts.count + excluded.count`, key.Day, key.Reason, n)
			if err != nil {
				return fmt.Errorf("add to the gate's counts: %w", err)
			}
		}
		return nil
	})
}

// Kind says of a freeze what made it.
type Kind struct {
	Reason      freeze.Reason
	Class, Rule string
}

// Figures count what happened in a stretch of time.
type Figures struct {
	// Outcomes counts the calls that started in it, by outcome; those of calls.Pending
	// were reserved and never reported.
	Outcomes map[calls.Outcome]int64
	// Gate counts the gate's answers, by reason.
	Gate map[string]int64
	// Freezes counts those that began in it, by what made them.
	Freezes map[Kind]int64
	// Releases counts those that were ended in it.
	Releases map[freeze.Cause]int64
	// Complaints counts those that were made in it.
	Complaints int64
	// CallsToFrozen counts the calls to numbers that were frozen for their line then,
	// and not on the allow list.
	CallsToFrozen int64
	// CalledAgain counts the numbers among them that had refused before a reviewer.
	CalledAgain int64
}

// Calls is how many calls started, reserved ones included.
func (f Figures) Calls() int64 {
	var n int64
	for _, of := range f.Outcomes {
		n += of
	}
	return n
}

// Figures counts what happened from the one time to before the other. The gate's answers
// are counted by days, of which those count that begin in that time, in the zone of from.
func (db *DB) Figures(ctx context.Context, from, until time.Time) (Figures, error) {
	var f Figures
	a, b := micros(from), micros(until)
	days := []any{firstDay(from).Format(time.DateOnly), until.Add(-1).In(from.Location()).Format(time.DateOnly)}
	for _, step := range []func() error{
		func() (err error) {
			f.Outcomes, err = tally(ctx, db.r, scanCount[calls.Outcome], `SELECT COUNT(*), outcome FROM calls
				WHERE start_at >= $1 AND start_at < $2 GROUP BY outcome`, a, b)
			return err
		},
		func() (err error) {
			f.Gate, err = tally(ctx, db.r, scanCount[string], `SELECT SUM(count), reason FROM gate_counts WHERE day BETWEEN $1 AND $2 GROUP BY reason`,
				days...)
			return err
		},
		func() (err error) {
			f.Freezes, err = tally(ctx, db.r, scanKind, `SELECT COUNT(*), reason, class, rule FROM freezes WHERE from_at >= $1 AND from_at < $2
				GROUP BY reason, class, rule`, a, b)
			return err
		},
		func() (err error) {
			f.Releases, err = tally(ctx, db.r, scanCount[freeze.Cause], `SELECT COUNT(*), cause FROM freezes
				WHERE released_at >= $1 AND released_at < $2 GROUP BY cause`, a, b)
			return err
		},
		func() error {
			return db.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM complaints WHERE at >= $1 AND at < $2`, a, b).Scan(&f.Complaints)
		},
		func() error {
			return db.r.QueryRowContext(ctx, callsToFrozen, a, b, freeze.Refused).Scan(&f.CallsToFrozen, &f.CalledAgain)
		},
	} {
		if err := step(); err != nil {
			return Figures{}, fmt.Errorf("count what happened: %w", err)
		}
	}
	return f, nil
}

// firstDay is the first day that begins at a moment or after it, where clocks show its
// zone's time.
func firstDay(at time.Time) time.Time {
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	if day.Before(at) {
		return day.AddDate(0, 0, 1)
	}
	return day
}

// callsToFrozen starts with the freezes, whose calls an index finds: CROSS JOIN keeps
// SQLite from starting with all the calls.
const callsToFrozen = `SELECT COUNT(DISTINCT c.call_id), COUNT(DISTINCT CASE WHEN f.reason = $3 THEN c.number END)
	FROM freezes f CROSS JOIN ledger_personal p CROSS JOIN calls c
	WHERE f.from_at < $2 AND (f.until_at IS NULL OR f.until_at > $1) AND (f.released_at IS NULL OR f.released_at > $1)
		AND p.seq = f.opened_seq AND c.number = CAST(SUBSTR(p.number, 2) AS BIGINT)
		AND c.start_at >= $1 AND c.start_at < $2 AND c.start_at > f.from_at AND (f.until_at IS NULL OR c.start_at < f.until_at)
		AND (f.released_at IS NULL OR c.start_at < f.released_at) AND f.line IN ('', c.line) AND c.outcome <> ''
		AND NOT EXISTS (SELECT 1 FROM allows a WHERE a.number_mac = f.number_mac AND a.from_at <= c.start_at
			AND c.start_at < COALESCE(a.ended_at, a.until_at) AND c.start_at < a.until_at)`

// count is a line of a GROUP BY.
type count[K comparable] struct {
	key K
	n   int64
}

// tally collects the lines of a GROUP BY.
func tally[K comparable](ctx context.Context, q querier, scan func(row) (count[K], error), query string, args ...any) (map[K]int64, error) {
	out := map[K]int64{}
	err := each(ctx, q, scan, func(c count[K]) error { out[c.key] = c.n; return nil }, query, args...)
	return out, err
}

func scanCount[K ~string](rw row) (count[K], error) {
	var c count[K]
	err := rw.Scan(&c.n, &c.key)
	return c, err
}

func scanKind(rw row) (count[Kind], error) {
	var c count[Kind]
	err := rw.Scan(&c.n, &c.key.Reason, &c.key.Class, &c.key.Rule)
	return c, err
}
