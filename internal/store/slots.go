package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// Slot implements calls.Lines.
func (t *writeTx) Slot(ctx context.Context, line string, at time.Time) (calls.LineSlot, error) {
	s := calls.LineSlot{Line: line, At: at}
	row := t.QueryRowContext(ctx,
		`SELECT COALESCE(SUM(attempts), 0), COALESCE(SUM(rejected), 0), COALESCE(MAX(failed), 0)
		FROM line_slots WHERE line = $1 AND slot = $2`, line, micros(at))
	return s, wrap("read the counts of a line", row.Scan(&s.Attempts, &s.Rejected, &s.Failed))
}

// PutSlot implements calls.Lines.
func (t *writeTx) PutSlot(ctx context.Context, s calls.LineSlot) error {
	err := exec(ctx, t,
		`INSERT INTO line_slots (line, slot, attempts, rejected, failed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (line, slot) DO UPDATE SET attempts = excluded.attempts, rejected = excluded.rejected,
			failed = excluded.failed`,
		s.Line, micros(s.At), s.Attempts, s.Rejected, flag(s.Failed))
	return wrap("count the calls of a line", err)
}

// NumbersCalled implements calls.Lines.
func (t *writeTx) NumbersCalled(
	ctx context.Context, line string, at time.Time,
) ([]number.Number, error) {
	numbers, err := list(ctx, t, scanNumber,
		`SELECT DISTINCT number FROM calls WHERE start_at >= $1 AND start_at < $2 AND line = $3`,
		micros(at), micros(at.Add(calls.Slot)), line)
	return numbers, wrap("look for the calls of a line", err)
}

func scanSlot(rw row) (calls.LineSlot, error) {
	var s calls.LineSlot
	var at int64
	err := rw.Scan(&s.Line, &at, &s.Attempts, &s.Rejected, &s.Failed)
	s.At = fromMicros(at)
	return s, err
}

// LineSlots lists the counts of lines in the ten minutes that began from the one time to
// before the other, the latest first.
func (s *Calls) LineSlots(ctx context.Context, from, until time.Time) ([]calls.LineSlot, error) {
	found, err := list(ctx, s.r, scanSlot,
		`SELECT line, slot, attempts, rejected, failed FROM line_slots WHERE slot >= $1 AND slot < $2
		ORDER BY slot DESC, line`, micros(from), micros(until))
	if err != nil {
		return nil, fmt.Errorf("read the counts of lines: %w", err)
	}
	return found, nil
}

// Deny implements calls.Tx.
func (t *writeTx) Deny(n number.Number, denials []calls.Denial) {
	t.changed(feed.Change{Kind: feed.Denials, Number: n, Denials: denials})
}
