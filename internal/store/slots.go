package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/number"
)

// slotKey is ten minutes of a line.
type slotKey struct {
	line string
	at   time.Time
}

// LineSlot is how the calls of a line went in ten minutes.
type LineSlot struct {
	Line string
	// At is when the ten minutes began.
	At time.Time
	// Attempts counts the calls that were reported, Rejected those of them that the
	// called person rejected.
	Attempts, Rejected int
}

// countSlots keeps the counts of lines, and touches the numbers of calls whose line is
// taken for failing now and was not before, or the other way round.
func (w *callWriter) countSlots(ctx context.Context, changes []change, touched map[number.Number][]span) error {
	for key, more := range slotChanges(changes) {
		before, err := w.slot(ctx, key)
		if err != nil {
			return err
		}
		after := before
		after.Attempts, after.Rejected = before.Attempts+more.Attempts, before.Rejected+more.Rejected
		err = exec(ctx, w.q, `INSERT INTO line_slots (line, slot, attempts, rejected) VALUES ($1, $2, $3, $4)
			ON CONFLICT (line, slot) DO UPDATE SET attempts = excluded.attempts, rejected = excluded.rejected`,
			after.Line, micros(after.At), after.Attempts, after.Rejected)
		if err != nil {
			return fmt.Errorf("count the calls of a line: %w", err)
		}
		w.slots[key] = after
		if turned(w.rules, before, after) {
			if err := w.touchSlot(ctx, key, touched); err != nil {
				return err
			}
		}
	}
	return nil
}

// slot reads the counts of a line, unless this transaction did before.
func (w *callWriter) slot(ctx context.Context, key slotKey) (LineSlot, error) {
	if s, ok := w.slots[key]; ok {
		return s, nil
	}
	s := LineSlot{Line: key.line, At: key.at}
	row := w.q.QueryRowContext(ctx, `SELECT COALESCE(SUM(attempts), 0), COALESCE(SUM(rejected), 0) FROM line_slots WHERE line = $1 AND slot = $2`,
		key.line, micros(key.at))
	if err := row.Scan(&s.Attempts, &s.Rejected); err != nil {
		return s, fmt.Errorf("read the counts of a line: %w", err)
	}
	w.slots[key] = s
	return s, nil
}

// untrusted tells whether the line of a call was failing.
func (w *callWriter) untrusted(ctx context.Context, c calls.Call) (bool, error) {
	s, err := w.slot(ctx, slotKey{c.Line, calls.SlotOf(c.Start)})
	return failing(w.rules, c.Start, s.Attempts, s.Rejected), err
}

// slotChanges is by how much the changes raise or lower the counts. Reservations don't
// count: nobody knows yet how they end.
func slotChanges(changes []change) map[slotKey]LineSlot {
	out := map[slotKey]LineSlot{}
	count := func(c calls.Call, by int) {
		if c.Revision == 0 {
			return
		}
		key := slotKey{c.Line, calls.SlotOf(c.Start)}
		s := out[key]
		s.Attempts += by
		if c.Outcome == calls.Rejected {
			s.Rejected += by
		}
		out[key] = s
	}
	for _, c := range changes {
		if c.old != nil {
			count(*c.old, -1)
		}
		count(c.now, 1)
	}
	for key, s := range out {
		if s == (LineSlot{}) {
			delete(out, key)
		}
	}
	return out
}

// turned tells whether the line was taken for failing and is no more, or the other way
// round, by any of the rules that were in force in the slot.
func turned(t calls.Timeline, before, after LineSlot) bool {
	end := before.At.Add(calls.Slot)
	for i, a := range t {
		began, over := !a.Since.Before(end), i+1 < len(t) && !t[i+1].Since.After(before.At)
		if began || over {
			continue
		}
		g := a.RuleSet.Guard
		if g.Failing(before.Attempts, before.Rejected) != g.Failing(after.Attempts, after.Rejected) {
			return true
		}
	}
	return false
}

func (w *callWriter) touchSlot(ctx context.Context, key slotKey, touched map[number.Number][]span) error {
	end := key.at.Add(calls.Slot)
	numbers, err := list(ctx, w.q, scanNumber, `SELECT DISTINCT number FROM calls WHERE start_at >= $1 AND start_at < $2 AND line = $3`,
		micros(key.at), micros(end), key.line)
	if err != nil {
		return fmt.Errorf("look for the calls of a line: %w", err)
	}
	for _, n := range numbers {
		touched[n] = append(touched[n], span{key.at, end})
	}
	return nil
}

func scanSlot(rw row) (LineSlot, error) {
	var s LineSlot
	var at int64
	err := rw.Scan(&s.Line, &at, &s.Attempts, &s.Rejected)
	s.At = fromMicros(at)
	return s, err
}

// FailingLines lists the ten minutes that began from the one time to before the other
// in which a line was failing by the rules of that time, the latest first.
func (db *DB) FailingLines(ctx context.Context, from, until time.Time) ([]LineSlot, error) {
	rules := db.o.Timeline()
	var found []LineSlot
	err := each(ctx, db.r, scanSlot, func(s LineSlot) error {
		if failing(rules, s.At, s.Attempts, s.Rejected) {
			found = append(found, s)
		}
		return nil
	}, `SELECT line, slot, attempts, rejected FROM line_slots WHERE slot >= $1 AND slot < $2 ORDER BY slot DESC, line`, micros(from), micros(until))
	return found, wrap("read the counts of lines", err)
}
