package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

const callColumns = `c.call_id, c.number, c.agent, c.line, c.caller_id, c.start_at, c.outcome, c.talk, c.ended_by, c.code, c.revision,
	c.reserved_until`

// fromCalls has beside each call what is known of its line at that time.
const fromCalls = `SELECT ` + callColumns + `, COALESCE(s.attempts, 0), COALESCE(s.rejected, 0)
	FROM calls c LEFT JOIN line_slots s ON s.line = c.line AND s.slot = c.start_at - c.start_at % ` + slotLength + ` `

// callRow is a call as it is stored.
type callRow struct {
	c                  calls.Call
	start, talk        int64
	reserved           sql.NullInt64
	attempts, rejected int
}

func (w *callRow) dest() []any {
	c := &w.c
	return []any{&c.ID, digitsInto{&c.Number}, &c.Agent, &c.Line, &c.CallerID, &w.start, &c.Outcome, &w.talk, &c.EndedBy, &c.Code, &c.Revision,
		&w.reserved}
}

func (w *callRow) call() calls.Call {
	w.c.Start, w.c.Talk, w.c.ReservedUntil = fromMicros(w.start), time.Duration(w.talk), fromOptional(w.reserved)
	return w.c
}

// scanCall reads a call without judging whether it can be trusted.
func scanCall(rw row) (calls.Call, error) {
	var w callRow
	err := rw.Scan(w.dest()...)
	return w.call(), err
}

// judgedCall reads what fromCalls selects.
func judgedCall(t calls.Timeline) func(row) (calls.Call, error) {
	return func(rw row) (calls.Call, error) {
		var w callRow
		err := rw.Scan(append(w.dest(), &w.attempts, &w.rejected)...)
		c := w.call()
		c.Untrusted = failing(t, c.Start, w.attempts, w.rejected)
		return c, err
	}
}

// failing tells whether a line with these counts was failing by the rules of the time.
func failing(t calls.Timeline, at time.Time, attempts, rejected int) bool {
	rules := t.At(at)
	return rules != nil && rules.Guard.Failing(attempts, rejected)
}

// CallRecord is a call with what the store knows of it.
type CallRecord struct {
	calls.Call
	// Recordings are those that were uploaded under its call id, the oldest first.
	Recordings []recording.ID
	// CreatedAt is when it was first heard of, UpdatedAt when it changed last.
	CreatedAt, UpdatedAt time.Time
}

// Call reads a call. NotFound where neither a report nor a reservation named it.
func (db *DB) Call(ctx context.Context, id string) (CallRecord, error) {
	var r CallRecord
	var err error
	if r.Call, err = judgedCall(db.o.Timeline())(db.r.QueryRowContext(ctx, fromCalls+`WHERE c.call_id = $1`, id)); err != nil {
		return r, notFound(err, "calls/"+id)
	}
	var created, updated int64
	err = db.r.QueryRowContext(ctx, `SELECT created_at, updated_at FROM calls WHERE call_id = $1`, id).Scan(&created, &updated)
	if err != nil {
		return r, notFound(err, "calls/"+id)
	}
	r.CreatedAt, r.UpdatedAt = fromMicros(created), fromMicros(updated)
	r.Recordings, err = list(ctx, db.r, scanID, `SELECT id FROM recordings WHERE call_id = $1 ORDER BY created_at, id`, id)
	return r, wrap("list the recordings of a call", err)
}

// CallFilter selects calls. Zero fields select all.
type CallFilter struct {
	Number      number.Number
	Agent, Line string
	Outcome     calls.Outcome
	// From and Until select those that started in this time; Until is exclusive.
	From, Until time.Time
	// Before continues a list: only what started before. Its ID is a call's.
	Before *Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// Calls lists calls, the newest first; reserved ones, too.
func (db *DB) Calls(ctx context.Context, f CallFilter) ([]calls.Call, error) {
	var c conditions
	if !f.Number.IsZero() {
		c.add("c.number = ?", f.Number.Digits())
	}
	for _, text := range []struct{ column, value string }{{"c.agent", f.Agent}, {"c.line", f.Line}, {"c.outcome", string(f.Outcome)}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	c.during("c.start_at", f.From, f.Until)
	if f.Before != nil {
		c.add("(c.start_at, c.call_id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := fromCalls + c.where() + ` ORDER BY c.start_at DESC, c.call_id DESC` + c.limit(f.Limit)
	found, err := list(ctx, db.r, judgedCall(db.o.Timeline()), query, c.args...)
	return found, wrap("list calls", err)
}

// callsByID reads those of the calls that are known.
func callsByID(ctx context.Context, q querier, ids []string) (map[string]calls.Call, error) {
	known := make(map[string]calls.Call, len(ids))
	for some := range inSizes(ids) {
		query := `SELECT ` + callColumns + ` FROM calls c WHERE c.call_id IN ` + marks(1, len(some))
		err := each(ctx, q, scanCall, func(c calls.Call) error { known[c.ID] = c; return nil }, query, some...)
		if err != nil {
			return nil, fmt.Errorf("look up calls: %w", err)
		}
	}
	return known, nil
}

// callWidth is how many columns a stored call has.
const callWidth = 14

// putCalls writes the calls as they are now.
func putCalls(ctx context.Context, q querier, changed []calls.Call, now time.Time) error {
	rows := make([][]any, len(changed))
	for i, c := range changed {
		rows[i] = []any{c.ID, c.Number.Digits(), c.Agent, c.Line, c.CallerID, micros(c.Start), c.Outcome, int64(c.Talk), c.EndedBy, c.Code,
			c.Revision, optionalMicros(c.ReservedUntil), micros(now), micros(now)}
	}
	for some := range rowSizes(rows) {
		err := exec(ctx, q, `INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk, ended_by, code, revision,
				reserved_until, created_at, updated_at)
			VALUES `+tuples(len(some)/callWidth, callWidth)+` ON CONFLICT (call_id) DO UPDATE SET number = excluded.number, agent = excluded.agent,
				line = excluded.line, caller_id = excluded.caller_id, start_at = excluded.start_at, outcome = excluded.outcome,
				talk = excluded.talk, ended_by = excluded.ended_by, code = excluded.code, revision = excluded.revision,
				reserved_until = excluded.reserved_until, updated_at = excluded.updated_at`, some...)
		if err != nil {
			return fmt.Errorf("write calls: %w", err)
		}
	}
	return nil
}

// slotLength is calls.Slot in microseconds, for SQL.
var _ = [1]struct{}{}[calls.Slot/time.Microsecond-600_000_000]

const slotLength = "600000000"

// digitsInto scans a number that is stored as its digits.
type digitsInto struct{ n *number.Number }

// Scan implements sql.Scanner.
func (i digitsInto) Scan(src any) error {
	v, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a number is stored as %T", src)
	}
	n, err := number.FromDigits(uint64(v))
	*i.n = n
	return err
}
