package store

import (
	"context"
	"database/sql"
	"fmt"

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

// ChangeNext implements review.Store.
func (s *Suspects) ChangeNext(ctx context.Context, n review.Next, req request.Request,
	change func(review.Suspect) (review.Suspect, error)) (now review.Suspect, found bool, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		ids, _, err := t.once(ctx, req, "suspects", func(ctx context.Context) ([]string, error) {
			id, err := t.nextSuspect(ctx, n)
			if err != nil || id == "" {
				return nil, err
			}
			return []string{string(id)}, t.changeSuspect(ctx, id,
				func(_ context.Context, _ freeze.Book, x review.Suspect) (review.Change, error) {
					x, err := change(x)
					return review.Change{Suspect: x}, err
				})
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		found = true
		now, err = readSuspect(ctx, t, review.ID(ids[0]))
		return err
	})
	return now, found && err == nil, err
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
	c.Suspect.ID = id
	return t.writeChange(ctx, c)
}

func (t *writeTx) writeChange(ctx context.Context, c review.Change) error {
	for _, d := range c.Decisions {
		if err := upsertDecision(ctx, t, c.Suspect.ID, d); err != nil {
			return fmt.Errorf("write the decision: %w", err)
		}
	}
	if c.Second != nil {
		if err := t.insertSuspect(ctx, *c.Second); err != nil {
			return fmt.Errorf("add the second look: %w", err)
		}
	}
	for _, also := range c.Also {
		if err := t.writeChange(ctx, also); err != nil {
			return err
		}
	}
	for _, id := range c.Gone {
		if err := t.dropLook(ctx, id); err != nil {
			return wrap("drop the second look", err)
		}
	}
	return wrap("write the suspect", t.updateSuspect(ctx, c.Suspect))
}

// dropLook takes a second look out of the queue for good.
func (t *writeTx) dropLook(ctx context.Context, id review.ID) error {
	if err := exec(ctx, t, `DELETE FROM decisions WHERE suspect_id = $1`, id); err != nil {
		return err
	}
	t.changedSuspect(id)
	return exec(ctx, t, `DELETE FROM suspects WHERE id = $1 AND kind = 'second'`, id)
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
			reversed_by, reversed_at, reversal_reason, over_at, claimed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET reversed_by = excluded.reversed_by, reversed_at = excluded.reversed_at,
			reversal_reason = excluded.reversal_reason`,
		d.ID, suspect, d.Round, d.Verdict, d.Class, d.By, micros(d.At), d.Note, hits, d.Freeze, by,
		at, reason, optionalMicros(d.Over), optionalMicros(d.Claimed))
}

// updateSuspect writes what may change of a suspect.
func (t *writeTx) updateSuspect(ctx context.Context, s review.Suspect) error {
	var by sql.NullString
	var until, claimed, passed sql.NullInt64
	if s.Claim != nil {
		by, until = sql.NullString{String: s.Claim.By, Valid: true}, optionalMicros(s.Claim.Until)
		claimed = optionalMicros(s.Claim.At)
	}
	var verdict review.Verdict
	var decider string
	if s.Decision != nil {
		verdict, decider = s.Decision.Verdict, s.Decision.By
	}
	var pass review.Pass
	if s.Pass != nil {
		pass = *s.Pass
		passed = optionalMicros(pass.At)
	}
	appeal := appealOf(s)
	t.changedSuspect(s.ID)
	return exec(ctx, t,
		`UPDATE suspects SET round = $1, claim_by = $2, claim_until = $3, verdict = $4, decided_by = $5,
			passed_by = $6, passed_at = $7, pass_note = $8,
			appealed_by = $9, appealed_at = $10, appeal_reason = $11, appealed = $12,
			updated_at = $13, claimed_at = $14, revision = revision + 1 WHERE id = $15`,
		s.Round, by, until, verdict, decider, pass.By, passed, pass.Note,
		appeal.By, optionalMicros(appeal.At), appeal.Reason, appeal.Decision, micros(t.e.now()), claimed, s.ID)
}
