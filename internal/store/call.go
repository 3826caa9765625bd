package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

const callColumns = `c.call_id, c.number, c.agent, c.line, c.caller_id, c.start_at, c.outcome, c.talk, c.talk_unknown, c.ended_by, c.code, c.revision, c.virtual,
	c.reserved_until`

// fromCalls has beside each call what is known of its line at that time.
const fromCalls = `SELECT ` + callColumns + `, COALESCE(s.attempts, 0), COALESCE(s.rejected, 0), COALESCE(s.failed, 0)
	FROM calls c LEFT JOIN line_slots s ON s.line = c.line AND s.slot = c.start_at - c.start_at % ` + slotLength + ` `

// callRow is a call as it is stored.
type callRow struct {
	c           calls.Call
	start, talk int64
	reserved    sql.NullInt64
	slot        calls.LineSlot
}

func (w *callRow) dest() []any {
	c := &w.c
	return []any{&c.ID, digitsInto{&c.Number}, &c.Agent, &c.Line, &c.CallerID, &w.start, &c.Outcome,
		&w.talk, &c.TalkUnknown, &c.EndedBy, &c.Code, &c.Revision,
		&c.Virtual, &w.reserved}
}

func (w *callRow) call() calls.Call {
	w.c.Start, w.c.Talk, w.c.ReservedUntil = fromMicros(w.start), time.Duration(w.talk),
		fromOptional(w.reserved)
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
		err := rw.Scan(append(w.dest(), &w.slot.Attempts, &w.slot.Rejected, &w.slot.Failed)...)
		c := w.call()
		w.slot.Line = c.Line
		c.Untrusted = t.Failing(c.Start, w.slot)
		return c, err
	}
}

// Calls is the store of calls, and of what the rules make of them. It implements
// calls.Store.
type Calls struct{ *engine }

// Write implements calls.Store. The statements stay prepared from one transaction to the
// next, and the context never ends: to watch it costs each statement a goroutine.
func (s *Calls) Write(ctx context.Context, f func(context.Context, calls.Tx) error) error {
	ctx = context.WithoutCancel(ctx)
	through := s.kept.through
	if s.d.shared { // over a network, where an end costs next to nothing beside it, and is needed
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, writeTimeout)
		defer cancel()
		through = s.prepared
	}
	return s.exclusively(ctx, func() error {
		if err := s.kept.prepare(ctx, s.w); err != nil {
			return err
		}
		return s.transaction(ctx, through,
			func(ctx context.Context, t *writeTx) error { return f(ctx, t) })
	})
}

// Get reads a call, judged by the rules. NotFound where neither a report nor a reservation
// named it.
func (s *Calls) Get(ctx context.Context, id string, rules calls.Timeline) (calls.Record, error) {
	var r calls.Record
	var err error
	if r.Call, err = judgedCall(rules)(s.r.QueryRowContext(ctx, fromCalls+`WHERE c.call_id = $1`,
		id)); err != nil {
		return r, notFound(err, "calls/"+id)
	}
	var created, updated int64
	err = s.r.QueryRowContext(ctx, `SELECT created_at, updated_at FROM calls WHERE call_id = $1`,
		id).Scan(&created, &updated)
	if err != nil {
		return r, notFound(err, "calls/"+id)
	}
	r.CreatedAt, r.UpdatedAt = fromMicros(created), fromMicros(updated)
	r.Recordings, err = list(ctx, s.r, scanText,
		`SELECT id FROM recordings WHERE call_id = $1 ORDER BY created_at, id`, id)
	return r, wrap("list the recordings of a call", err)
}

// List lists calls, judged by the rules, the newest first; reserved ones, too.
func (s *Calls) List(
	ctx context.Context, f calls.Filter, rules calls.Timeline,
) ([]calls.Call, error) {
	var c conditions
	if !f.Number.IsZero() {
		c.add("c.number = ?", f.Number.Digits())
	}
	for _, text := range []struct{ column, value string }{{"c.agent", f.Agent}, {"c.line", f.Line},
		{"c.outcome", string(f.Outcome)}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	c.during("c.start_at", f.From, f.Until)
	if f.Before != nil {
		c.add("(c.start_at, c.call_id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := fromCalls + c.where() + ` ORDER BY c.start_at DESC, c.call_id DESC` + c.limit(f.Limit)
	found, err := list(ctx, s.r, judgedCall(rules), query, c.args...)
	return found, wrap("list calls", err)
}

// Earlier lists the latest calls to a number from before a time, and counts all.
func (s *Calls) Earlier(
	ctx context.Context, f calls.Earlier, rules calls.Timeline,
) (found []calls.Call, n int, err error) {
	var c conditions
	c.add("c.number = ? AND c.start_at < ? AND c.call_id <> ? AND c.outcome <> ?", f.Number.Digits(), micros(f.Before),
		f.But, calls.Pending)
	if len(f.Lines) > 0 {
		c.addIn("c.line", anys(f.Lines))
	}
	err = s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM calls c`+c.where(), c.args...).Scan(&n)
	if err != nil || n == 0 {
		return nil, 0, wrap("count earlier calls", err)
	}
	query := fromCalls + c.where() + ` ORDER BY c.start_at DESC, c.call_id DESC` + c.limit(f.Limit)
	found, err = list(ctx, s.r, judgedCall(rules), query, c.args...)
	return found, n, wrap("list earlier calls", err)
}

// CallsByID implements calls.CallTable.
func (t *writeTx) CallsByID(ctx context.Context, ids []string) (map[string]calls.Call, error) {
	known := make(map[string]calls.Call, len(ids))
	for some := range inSizes(ids) {
		query := `SELECT ` + callColumns + ` FROM calls c WHERE c.call_id IN ` + marks(1, len(some))
		err := each(ctx, t, scanCall, func(c calls.Call) error { known[c.ID] = c; return nil },
			query, some...)
		if err != nil {
			return nil, fmt.Errorf("look up calls: %w", err)
		}
	}
	return known, nil
}

// GoneCalls implements calls.Elsewhere.
func (t *writeTx) GoneCalls(ctx context.Context, ids []string) (map[string]bool, error) {
	gone := map[string]bool{}
	if !t.e.gone.Load() {
		return gone, nil
	}
	names := map[string]string{}
	var all []string
	for _, id := range ids {
		for _, mac := range t.e.o.Keys.CallMACs(id, "") {
			name := string(mac[:goneName])
			names[name], all = id, append(all, name)
		}
	}
	for some := range inSizes(all) {
		for i, name := range some {
			some[i] = []byte(name.(string)) //nolint:forcetypeassert // they are those of all
		}
		query := `SELECT name FROM gone WHERE name IN ` + marks(1, len(some))
		err := each(ctx, t, func(rw row) (name []byte, err error) {
			err = rw.Scan(&name)
			return name, err
		},
			func(name []byte) error { gone[names[string(name)]] = true; return nil }, query, some...)
		if err != nil {
			return nil, fmt.Errorf("look for calls that were erased: %w", err)
		}
	}
	return gone, nil
}

// PartsOf implements calls.Elsewhere.
func (t *writeTx) PartsOf(ctx context.Context, ids []string) (map[string][]calls.Part, error) {
	type part struct {
		calls.Part

		call string
	}
	found := map[string][]calls.Part{}
	for some := range inSizes(ids) {
		err := each(ctx, t, func(rw row) (p part, err error) {
			err = rw.Scan(&p.call, &p.Line, digitsInto{&p.Number})
			return p, err
		}, func(p part) error {
			found[p.call] = append(found[p.call], p.Part)
			return nil
		}, `SELECT call_id, line, number FROM recordings WHERE call_id IN `+marks(1, len(some)), some...)
		if err != nil {
			return nil, fmt.Errorf("look for recordings of calls: %w", err)
		}
	}
	return found, nil
}

// ErasedAt implements calls.Elsewhere.
func (t *writeTx) ErasedAt(ctx context.Context, numbers []number.Number) (map[number.Number]time.Time, error) {
	at := map[number.Number]time.Time{}
	if !t.e.erased.Load() {
		return at, nil
	}
	whose := map[freeze.MAC]number.Number{}
	var names [][]byte
	for _, n := range numbers {
		for _, mac := range t.e.o.Keys.NumberMACs(n) {
			if _, ok := whose[mac]; !ok {
				whose[mac], names = n, append(names, mac[:])
			}
		}
	}
	type erasure struct {
		name []byte
		at   int64
	}
	for some := range inSizes(names) {
		err := each(ctx, t, func(rw row) (e erasure, err error) {
			err = rw.Scan(&e.name, &e.at)
			return e, err
		}, func(e erasure) error {
			if n, last := whose[freeze.MAC(e.name)], fromMicros(e.at); last.After(at[n]) {
				at[n] = last
			}
			return nil
		}, `SELECT number_mac, MAX(at) FROM erasures WHERE number_mac IN `+marks(1, len(some))+
			` GROUP BY number_mac`, some...)
		if err != nil {
			return nil, fmt.Errorf("look for people who were erased: %w", err)
		}
	}
	return at, nil
}

// callWidth is how many columns a stored call has.
const callWidth = 16

// PutCalls implements calls.CallTable.
func (t *writeTx) PutCalls(ctx context.Context, changed []calls.Call) error {
	now := t.e.now()
	rows := make([][]any, len(changed))
	for i, c := range changed {
		rows[i] = []any{c.ID, c.Number.Digits(), c.Agent, c.Line, c.CallerID, micros(c.Start),
			c.Outcome, int64(c.Talk), flag(c.TalkUnknown), c.EndedBy, c.Code,
			c.Revision, flag(c.Virtual), optionalMicros(c.ReservedUntil), micros(now), micros(now)}
	}
	for some := range t.e.d.rowSizes(rows) {
		err := exec(ctx, t,
			`INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk, talk_unknown, ended_by, code,
				revision, virtual, reserved_until, created_at, updated_at)
			VALUES `+tuples(len(some)/callWidth, callWidth)+` ON CONFLICT (call_id) DO UPDATE SET number = excluded.number, agent = excluded.agent,
				line = excluded.line, caller_id = excluded.caller_id, start_at = excluded.start_at, outcome = excluded.outcome,
				talk = excluded.talk, talk_unknown = excluded.talk_unknown, ended_by = excluded.ended_by, code = excluded.code, revision = excluded.revision, virtual = excluded.virtual,
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

// digitsInto scans a number that is stored as its digits; NULL gives the zero Number.
type digitsInto struct{ n *number.Number }

// Scan implements sql.Scanner.
func (i digitsInto) Scan(src any) error {
	if src == nil {
		*i.n = number.Number{}
		return nil
	}
	v, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a number is stored as %T", src)
	}
	n, err := number.FromDigits(uint64(v))
	*i.n = n
	return err
}
