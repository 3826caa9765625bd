package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// slotKey is ten minutes of a line.
type slotKey struct {
	line string
	at   int64
}

// slots are counts of lines that a transaction read and wrote. With a database over a network they are read once
// for all lines, and written together: or else the way there and back would cost more than all that is done with
// the calls.
type slots struct {
	known  map[slotKey]calls.LineSlot
	loaded map[int64]bool
	// changed are those that are not written yet, in their order.
	changed []slotKey
}

// Slot implements calls.Lines.
func (t *writeTx) Slot(ctx context.Context, line string, at time.Time) (calls.LineSlot, error) {
	if t.e.d.shared {
		return t.knownSlot(ctx, line, at)
	}
	s := calls.LineSlot{Line: line, At: at}
	row := t.QueryRowContext(ctx,
		`SELECT COALESCE(SUM(attempts), 0), COALESCE(SUM(rejected), 0), COALESCE(MAX(failed), 0)
		FROM line_slots WHERE line = $1 AND slot = $2`, line, micros(at))
	return s, wrap("read the counts of a line", row.Scan(&s.Attempts, &s.Rejected, &s.Failed))
}

// knownSlot is Slot of what the transaction knows already, or reads for all lines.
func (t *writeTx) knownSlot(ctx context.Context, line string, at time.Time) (calls.LineSlot, error) {
	key := slotKey{line, micros(at)}
	if !t.slots.loaded[key.at] {
		if t.slots.known == nil {
			t.slots.known, t.slots.loaded = map[slotKey]calls.LineSlot{}, map[int64]bool{}
		}
		err := each(ctx, t, scanSlot, func(s calls.LineSlot) error {
			of := slotKey{s.Line, key.at}
			if _, written := t.slots.known[of]; !written {
				t.slots.known[of] = s
			}
			return nil
		}, `SELECT line, slot, attempts, rejected, failed FROM line_slots WHERE slot = $1`, key.at)
		if err != nil {
			return calls.LineSlot{}, fmt.Errorf("read the counts of lines: %w", err)
		}
		t.slots.loaded[key.at] = true
	}
	s := t.slots.known[key]
	s.Line, s.At = line, at
	return s, nil
}

// slotWidth is how many columns a stored slot has.
const slotWidth = 5

// PutSlot implements calls.Lines.
func (t *writeTx) PutSlot(ctx context.Context, s calls.LineSlot) error {
	key := slotKey{s.Line, micros(s.At)}
	if t.slots.known == nil {
		t.slots.known, t.slots.loaded = map[slotKey]calls.LineSlot{}, map[int64]bool{}
	}
	t.slots.known[key] = s
	if !slices.Contains(t.slots.changed, key) {
		t.slots.changed = append(t.slots.changed, key)
	}
	if t.e.d.shared {
		return nil
	}
	return t.writeSlots(ctx)
}

// writeSlots writes the counts that are not written yet.
func (t *writeTx) writeSlots(ctx context.Context) error {
	rows := make([][]any, len(t.slots.changed))
	for i, key := range t.slots.changed {
		s := t.slots.known[key]
		rows[i] = []any{s.Line, key.at, s.Attempts, s.Rejected, flag(s.Failed)}
	}
	t.slots.changed = nil
	for some := range t.e.d.rowSizes(rows) {
		err := exec(ctx, t,
			`INSERT INTO line_slots (line, slot, attempts, rejected, failed) VALUES `+tuples(len(some)/slotWidth, slotWidth)+`
			ON CONFLICT (line, slot) DO UPDATE SET attempts = excluded.attempts, rejected = excluded.rejected,
				failed = excluded.failed`, some...)
		if err != nil {
			return wrap("count the calls of lines", err)
		}
	}
	return nil
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
