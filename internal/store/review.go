package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// ChangeSuspect implements review.Store.
func (s *Suspects) ChangeSuspect(ctx context.Context, id review.ID, req request.Request,
	change func(context.Context, freeze.Book, review.Suspect) (review.Change,
		error)) (review.Suspect, error) {
	var now review.Suspect
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		_, _, err := t.once(ctx, req, "suspects/"+string(id),
			func(ctx context.Context) ([]string, error) {
				return nil, t.changeSuspect(ctx, id, change)
			})
		if err != nil {
			return err
		}
		now, err = readSuspect(ctx, t, id)
		return err
	})
	return now, err
}

func (t *writeTx) changeSuspect(ctx context.Context, id review.ID,
	change func(context.Context, freeze.Book, review.Suspect) (review.Change, error)) error {
	old, err := readSuspect(ctx, t, id)
	if err != nil {
		return err
	}
	c, err := change(ctx, t, old)
	if err != nil {
		return err
	}
	if c.Decision != nil {
		if err := upsertDecision(ctx, t, id, *c.Decision); err != nil {
			return fmt.Errorf("write the decision: %w", err)
		}
	}
	if c.Second != nil {
		if err := insertSuspect(ctx, t, *c.Second); err != nil {
			return fmt.Errorf("add the second look: %w", err)
		}
	}
	return wrap("write the suspect", updateSuspect(ctx, t, id, c.Suspect, t.e.now()))
}

// upsertDecision adds a decision, or notes that it was taken back. Nothing else about
// a decision ever changes.
func upsertDecision(ctx context.Context, q querier, suspect review.ID, d review.Decision) error {
	hits, err := toJSON(d.Hits)
	if err != nil {
		return err
	}
	var by, reason sql.NullString
	var at sql.NullInt64
	if d.Reversal != nil {
		by, reason = sql.NullString{String: d.Reversal.By, Valid: true},
			sql.NullString{String: d.Reversal.Reason, Valid: true}
		at = optionalMicros(d.Reversal.At)
	}
	return exec(ctx, q,
		`INSERT INTO decisions (id, suspect_id, round, verdict, class, made_by, made_at, note, hits, freeze_id,
			reversed_by, reversed_at, reversal_reason, over_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET reversed_by = excluded.reversed_by, reversed_at = excluded.reversed_at,
			reversal_reason = excluded.reversal_reason`,
		d.ID, suspect, d.Round, d.Verdict, d.Class, d.By, micros(d.At), d.Note, hits, d.Freeze, by,
		at, reason, optionalMicros(d.Over))
}

// updateSuspect writes what may change of a suspect.
func updateSuspect(
	ctx context.Context, q querier, id review.ID, s review.Suspect, now time.Time,
) error {
	var by sql.NullString
	var until sql.NullInt64
	if s.Claim != nil {
		by, until = sql.NullString{String: s.Claim.By, Valid: true}, optionalMicros(s.Claim.Until)
	}
	var verdict review.Verdict
	if s.Decision != nil {
		verdict = s.Decision.Verdict
	}
	return exec(ctx, q,
		`UPDATE suspects SET round = $1, claim_by = $2, claim_until = $3, verdict = $4, updated_at = $5,
			revision = revision + 1 WHERE id = $6`,
		s.Round, by, until, verdict, micros(now), id)
}
