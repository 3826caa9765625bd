package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

const sampledColumns = `s.kind, s.blind, s.day, s.second_of, x.id, x.verdict, y.class, y.made_by,
	COALESCE(s.appealed_at, a.appealed_at), COALESCE(NULLIF(s.appealed_by, ''), a.appealed_by),
	COALESCE(NULLIF(s.appeal_reason, ''), a.appeal_reason), COALESCE(NULLIF(s.appealed, ''), a.appealed),
	CASE WHEN ad.reversed_at = CASE WHEN s.appealed_at IS NULL THEN y.made_at ELSE d.made_at END THEN 'overturned'
		WHEN ad.reversed_at IS NOT NULL THEN 'void'
		WHEN CASE WHEN s.appealed_at IS NULL THEN a.verdict ELSE s.verdict END = '' THEN 'open' ELSE 'upheld' END`

// withLook joins the second look at a suspect, once it is decided, the one that was asked for by an
// appeal, and what was appealed: what came of an appeal is told by what became of that. It is overturned where the
// answer took it back.
const withLook = ` LEFT JOIN suspects x ON x.second_of = s.id AND x.verdict <> ''
	LEFT JOIN decisions y ON y.suspect_id = x.id AND y.round = x.round
	LEFT JOIN suspects a ON a.second_of = s.id AND a.appealed_at IS NOT NULL
	LEFT JOIN decisions ad ON ad.id = COALESCE(NULLIF(s.appealed, ''), a.appealed)`

// byRecording finds a recording's suspect or sample, of which there is one.
const byRecording = ` WHERE s.recording_id = $1 AND s.kind <> 'second'`

// sampledRow is what sampledColumns are read into.
type sampledRow struct {
	s                               review.Sampled
	first, look, verdict, class, by sql.NullString
	appealedAt                      sql.NullInt64
	appealedBy, reason, of, outcome sql.NullString
}

func (r *sampledRow) dest() []any {
	return []any{&r.s.Kind, &r.s.Blind, &r.s.Day, &r.first, &r.look, &r.verdict, &r.class, &r.by,
		&r.appealedAt, &r.appealedBy, &r.reason, &r.of, &r.outcome}
}

func (r *sampledRow) sampled() review.Sampled {
	r.s.First = review.ID(r.first.String)
	if r.look.Valid {
		r.s.Look = &review.Look{Suspect: review.ID(r.look.String),
			Verdict: review.Verdict(r.verdict.String), Class: keywords.Class(r.class.String),
			By: r.by.String}
	}
	if r.appealedAt.Valid {
		r.s.Appeal = &review.Appeal{By: r.appealedBy.String, At: fromOptional(r.appealedAt),
			Reason: r.reason.String, Decision: review.DecisionID(r.of.String),
			State: review.AppealState(r.outcome.String)}
	}
	return r.s
}

// drawn draws the lot of a candidate where its recording is judged for the first time, and gives
// what is to be added, nil for none. Of a recording that is judged again only a suspect is kept.
func (t *writeTx) drawn(
	ctx context.Context, id recording.ID, x *review.Suspect,
) (*review.Suspect, error) {
	if x == nil || x.Lot == nil {
		return x, nil
	}
	before := 0
	err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM judgements WHERE recording_id = $1`,
		id).Scan(&before)
	switch {
	case err != nil:
		return nil, wrap("look for an earlier judgement", err)
	case before > 0 && x.Kind == review.Sample:
		return nil, nil
	case before > 0:
		return x, nil
	}
	frame, err := t.frame(ctx, *x.Lot)
	if err != nil {
		return nil, err
	}
	day := x.Lot.Day
	now, kept, today := x.Drawn(frame)
	if today != frame.Today {
		if err := t.writeBlindDay(ctx, day, today); err != nil {
			return nil, err
		}
	}
	if !kept {
		return nil, nil
	}
	return &now, nil
}

// frame reads what a lot is drawn by.
func (t *writeTx) frame(ctx context.Context, l review.Lot) (f review.Frame, err error) {
	err = t.QueryRowContext(ctx, `SELECT COALESCE(SUM(skipped), 0) FROM blind_days`).Scan(&f.Skipped)
	if err != nil {
		return f, wrap("count the calls before the first sample", err)
	}
	if f.Today, err = t.blindDay(ctx, l.Day); err != nil {
		return f, err
	}
	f.Before, err = t.blindDay(ctx, l.DayBefore)
	return f, err
}

func (t *writeTx) blindDay(ctx context.Context, day string) (d review.BlindDay, err error) {
	err = t.QueryRowContext(ctx, `SELECT skipped, eligible, expected, samples, suspects
		FROM blind_days WHERE day = $1`, day).Scan(&d.Skipped, &d.Eligible, &d.Expected, &d.Samples,
		&d.Suspects)
	if errors.Is(err, sql.ErrNoRows) {
		return review.BlindDay{}, nil
	}
	return d, wrap("read the samples of "+day, err)
}

func (t *writeTx) writeBlindDay(ctx context.Context, day string, d review.BlindDay) error {
	err := exec(ctx, t, `INSERT INTO blind_days (day, skipped, eligible, expected, samples, suspects)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (day) DO UPDATE SET skipped = excluded.skipped,
			eligible = excluded.eligible, expected = excluded.expected, samples = excluded.samples,
			suspects = excluded.suspects`, day, d.Skipped, d.Eligible, d.Expected, d.Samples, d.Suspects)
	if err != nil {
		return fmt.Errorf("count the samples of %s: %w", day, err)
	}
	return nil
}
