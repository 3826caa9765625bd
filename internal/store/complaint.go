package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/refrain-asr/refrain/freeze"
)

// Noted implements freeze.Complaints.
func (t *writeTx) Noted(ctx context.Context, c freeze.Complaint) (bool, error) {
	return exists(ctx, t, `SELECT 1 FROM complaints WHERE number = $1 AND at = $2 AND source = $3`,
		c.Number.Digits(), micros(c.At), c.Source)
}

// Note implements freeze.Complaints.
func (t *writeTx) Note(ctx context.Context, c freeze.Complaint, f freeze.ID, now time.Time) error {
	return exec(ctx, t,
		`INSERT INTO complaints (id, number, at, source, text, actor, freeze_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		newID(now), c.Number.Digits(), micros(c.At), c.Source, c.Text, c.Actor, f, micros(now))
}

func exists(ctx context.Context, q querier, query string, args ...any) (bool, error) {
	var one int
	err := q.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

const selectComplaints = `SELECT k.id, k.number, k.at, k.source, k.text, k.actor, k.freeze_id, k.created_at,
	COALESCE(c.call_id, ''), COALESCE(c.agent, ''), COALESCE(c.line, ''), c.start_at
	FROM complaints k LEFT JOIN calls c ON c.rowid = (SELECT l.rowid FROM calls l
		WHERE l.number = k.number AND l.start_at <= k.at ORDER BY l.start_at DESC LIMIT 1)`

func scanComplaint(rw row) (k freeze.KeptComplaint, err error) {
	var at, noted int64
	var called sql.NullInt64
	err = rw.Scan(&k.ID, digitsInto{&k.Number}, &at, &k.Source, &k.Text, &k.Actor, &k.Freeze, &noted, &k.CallID, &k.Agent,
		&k.Line, &called)
	k.At, k.NotedAt, k.CalledAt = fromMicros(at), fromMicros(noted), fromOptional(called)
	return k, err
}

// complaintList is the query of a list of complaints.
func complaintList(f freeze.ComplaintFilter) (query string, args []any) {
	var c conditions
	if !f.Number.IsZero() {
		c.add("k.number = ?", f.Number.Digits())
	}
	for _, text := range []struct{ column, value string }{{"k.source", f.Source}, {"c.agent", f.Agent},
		{"c.line", f.Line}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	c.during("k.at", f.From, f.Until)
	if f.Before != nil {
		c.add("(k.at, k.id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query = selectComplaints + c.where() + ` ORDER BY k.at DESC, k.id DESC` + c.limit(f.Limit)
	return query, c.args
}

// ListComplaints lists complaints, the newest first.
func (s *Freezes) ListComplaints(ctx context.Context, f freeze.ComplaintFilter) ([]freeze.KeptComplaint, error) {
	query, args := complaintList(f)
	found, err := list(ctx, s.r, scanComplaint, query, args...)
	return found, wrap("list complaints", err)
}
