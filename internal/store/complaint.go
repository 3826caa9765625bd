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
