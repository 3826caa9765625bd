package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/review"
)

// ChangeSuspect implements review.Store.
func (db *DB) ChangeSuspect(ctx context.Context, id review.ID, req review.Request, change func(review.Suspect) (review.Change, error)) (review.Suspect, error) {
	var (
		s       review.Suspect
		touched []freeze.Freeze
	)
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if s, err = readSuspect(ctx, tx, id); err != nil {
			return err
		}
		_, again, err := beginRequest(ctx, tx, req, "suspects/"+string(id), db.now())
		if err != nil || again {
			return err
		}
		c, err := change(s)
		if err != nil {
			return err
		}
		if touched, err = db.writeChange(ctx, tx, id, c); err != nil {
			return fmt.Errorf("change suspects/%s: %w", id, err)
		}
		s, err = readSuspect(ctx, tx, id)
		return err
	})
	if err != nil {
		return review.Suspect{}, err
	}
	db.o.Standing(touched...)
	return s, nil
}

// writeChange writes a change of the suspect and returns the freezes it touched.
func (db *DB) writeChange(ctx context.Context, tx Tx, id review.ID, c review.Change) ([]freeze.Freeze, error) {
	touched, err := db.applyEffect(ctx, tx, c.Effect)
	if err != nil {
		return nil, err
	}
	if c.Decision != nil {
		d := *c.Decision
		if c.Effect.Freeze != nil {
			d.Freeze = touched[0].ID
		}
		if err := upsertDecision(ctx, tx, id, d); err != nil {
			return nil, err
		}
	}
	return touched, db.updateSuspect(ctx, tx, id, c.Suspect)
}

// applyEffect opens and releases freezes; the one it opened is the first of its answer.
func (db *DB) applyEffect(ctx context.Context, tx Tx, e review.Effect) ([]freeze.Freeze, error) {
	var touched []freeze.Freeze
	if e.Freeze != nil {
		f, err := db.openFreeze(ctx, tx, *e.Freeze)
		if err != nil {
			return nil, err
		}
		touched = append(touched, f)
	}
	if e.Release != nil {
		f, err := readFreeze(ctx, tx, e.Release.ID)
		if err != nil {
			return nil, err
		}
		if f.Release == nil { // else somebody released the number before
			if f, err = db.releaseFreeze(ctx, tx, f, e.Release.Release); err != nil {
				return nil, err
			}
		}
		touched = append(touched, f)
	}
	return touched, nil
}

// upsertDecision adds a decision, or notes that it was taken back. Nothing else about
// a decision ever changes.
func upsertDecision(ctx context.Context, tx Tx, suspect review.ID, d review.Decision) error {
	hits, err := toJSON(d.Hits)
	if err != nil {
		return err
	}
	var by, reason sql.NullString
	var at sql.NullInt64
	if d.Reversal != nil {
		by, reason = sql.NullString{String: d.Reversal.By, Valid: true}, sql.NullString{String: d.Reversal.Reason, Valid: true}
		at = optionalMicros(d.Reversal.At)
	}
	return exec(ctx, tx, `INSERT INTO decisions (id, suspect_id, round, verdict, class, made_by, made_at, note, hits, freeze_id,
			reversed_by, reversed_at, reversal_reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET reversed_by = excluded.reversed_by, reversed_at = excluded.reversed_at,
			reversal_reason = excluded.reversal_reason`,
		d.ID, suspect, d.Round, d.Verdict, d.Class, d.By, micros(d.At), d.Note, hits, d.Freeze, by, at, reason)
}

// updateSuspect writes what may change of a suspect.
func (db *DB) updateSuspect(ctx context.Context, tx Tx, id review.ID, s review.Suspect) error {
	var by sql.NullString
	var until sql.NullInt64
	if s.Claim != nil {
		by, until = sql.NullString{String: s.Claim.By, Valid: true}, optionalMicros(s.Claim.Until)
	}
	var verdict review.Verdict
	if s.Decision != nil {
		verdict = s.Decision.Verdict
	}
	return exec(ctx, tx, `UPDATE suspects SET round = $1, claim_by = $2, claim_until = $3, verdict = $4, updated_at = $5,
			revision = revision + 1 WHERE id = $6`,
		s.Round, by, until, verdict, micros(db.now()), id)
}
