package store

import (
	"context"
	"database/sql"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

const decisionColumns = `d.id, d.round, d.verdict, d.class, d.made_by, d.made_at, d.note, d.hits, d.freeze_id,
	d.reversed_by, d.reversed_at, d.reversal_reason, d.over_at`

const selectSuspects = `SELECT s.id, s.recording_id, s.call_id, s.part, s.number, s.agent, s.hits, s.score, s.class, s.lexicon, s.round,
	s.claim_by, s.claim_until, s.freeze_from, s.created_at, s.updated_at, s.revision, ` + decisionColumns + `
	FROM suspects s LEFT JOIN decisions d ON d.suspect_id = s.id AND d.round = s.round`

// decisionRow is a decision that may not be there.
type decisionRow struct {
	id, verdict, class, by, note, freeze, reversedBy, reversal sql.NullString
	round, at, reversedAt, over                                sql.NullInt64
	hits                                                       []review.HitDecision
}

func (d *decisionRow) dest() []any {
	return []any{&d.id, &d.round, &d.verdict, &d.class, &d.by, &d.at, &d.note, jsonInto{&d.hits},
		&d.freeze,
		&d.reversedBy, &d.reversedAt, &d.reversal, &d.over}
}

func (d *decisionRow) decision() *review.Decision {
	if !d.id.Valid {
		return nil
	}
	out := &review.Decision{
		ID: review.DecisionID(d.id.String), Round: int(d.round.Int64),
		Verdict: review.Verdict(d.verdict.String),
		Class:   keywords.Class(d.class.String), By: d.by.String, At: fromOptional(d.at),
		Note: d.note.String, Hits: d.hits,
		Freeze: freeze.ID(d.freeze.String), Over: fromOptional(d.over),
	}
	if d.reversedAt.Valid {
		out.Reversal = &review.Reversal{By: d.reversedBy.String, At: fromOptional(d.reversedAt),
			Reason: d.reversal.String}
	}
	return out
}

func scanDecision(rw row) (review.Decision, error) {
	var d decisionRow
	if err := rw.Scan(d.dest()...); err != nil {
		return review.Decision{}, err
	}
	return *d.decision(), nil
}

func scanSuspect(rw row) (review.Suspect, error) {
	var (
		s                review.Suspect
		d                decisionRow
		claimBy          sql.NullString
		claimUntil, from sql.NullInt64
		created, updated int64
	)
	err := rw.Scan(append([]any{&s.ID, &s.RecordingID, &s.CallID, &s.Part, digitsInto{&s.Number},
		&s.Agent, jsonInto{&s.Hits}, &s.Score,
		&s.Class, &s.Lexicon, &s.Round, &claimBy, &claimUntil, &from, &created, &updated, &s.Revision},
		d.dest()...)...)
	s.CreatedAt, s.UpdatedAt, s.Decision = fromMicros(created), fromMicros(updated), d.decision()
	s.FreezeFrom = fromOptional(from)
	if claimBy.Valid {
		s.Claim = &review.Claim{By: claimBy.String, Until: fromOptional(claimUntil)}
	}
	return s, err
}

// insertSuspect adds a suspect where the recording has none.
func insertSuspect(ctx context.Context, q querier, s review.Suspect) error {
	hits, err := toJSON(s.Hits)
	if err != nil {
		return err
	}
	return exec(ctx, q,
		`INSERT INTO suspects (id, recording_id, call_id, part, number, agent, hits, score, class, lexicon, round,
			freeze_from, created_at, updated_at, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (recording_id) DO NOTHING`,
		s.ID, s.RecordingID, s.CallID, s.Part, s.Number.Digits(), s.Agent, hits, s.Score, s.Class,
		s.Lexicon, s.Round, optionalMicros(s.FreezeFrom),
		micros(s.CreatedAt), micros(s.UpdatedAt), s.Revision)
}

// Suspects is the store of suspects and the decisions on them. It implements review.Store.
type Suspects struct{ *engine }

// Get reads a suspect with the decision that stands. NotFound where there is none.
func (s *Suspects) Get(ctx context.Context, id review.ID) (review.Suspect, error) {
	return readSuspect(ctx, s.r, id)
}

func readSuspect(ctx context.Context, q querier, id review.ID) (review.Suspect, error) {
	s, err := scanSuspect(q.QueryRowContext(ctx, selectSuspects+` WHERE s.id = $1`, id))
	return s, notFound(err, "suspects/"+string(id))
}

// ByRecording reads the suspect that a recording made. NotFound where it made none.
func (s *Suspects) ByRecording(ctx context.Context, id recording.ID) (review.Suspect, error) {
	found, err := scanSuspect(s.r.QueryRowContext(ctx, selectSuspects+` WHERE s.recording_id = $1`,
		id))
	return found, missing(err, recording.Recording{ID: id}.Name(), "it made no suspect")
}

func suspectConditions(f review.Filter) conditions {
	var c conditions
	switch f.State {
	case "":
	case review.Open:
		c.add("s.verdict = ''")
		c.add("(s.claim_until IS NULL OR s.claim_until <= ?)", micros(f.Now))
	case review.Claimed:
		c.add("s.verdict = ''")
		c.add("s.claim_until > ?", micros(f.Now))
	default:
		c.add("s.verdict = ?", f.State)
	}
	if f.Class != "" {
		c.add("s.class = ?", f.Class)
	}
	if f.After != nil {
		c.add("(s.created_at, s.id) > (?, ?)", micros(f.After.At), f.After.ID)
	}
	return c
}

// List lists suspects, the oldest first.
func (s *Suspects) List(ctx context.Context, f review.Filter) ([]review.Suspect, error) {
	c := suspectConditions(f)
	query := selectSuspects + c.where() + ` ORDER BY s.created_at, s.id` + c.limit(f.Limit)
	suspects, err := list(ctx, s.r, scanSuspect, query, c.args...)
	return suspects, wrap("list suspects", err)
}

// Decisions lists all decisions on a suspect, the oldest first.
func (s *Suspects) Decisions(ctx context.Context, id review.ID) ([]review.Decision, error) {
	ds, err := list(ctx, s.r, scanDecision, `SELECT `+decisionColumns+
		` FROM decisions d WHERE d.suspect_id = $1 ORDER BY d.round`, id)
	return ds, wrap("list decisions", err)
}
