package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

const decisionColumns = `d.id, d.round, d.verdict, d.class, d.made_by, d.made_at, d.note, d.hits, d.freeze_id,
	d.reversed_by, d.reversed_at, d.reversal_reason, d.over_at, d.claimed_at`

const selectSuspects = `SELECT s.id, s.recording_id, s.call_id, s.part, s.number, s.agent, s.hits, s.score, s.class, s.lexicon, s.round,
	s.claim_by, s.claim_until, s.claimed_at, s.freeze_from, s.created_at, s.updated_at, s.revision, s.line, s.called_at,
	s.passed_by, s.passed_at, s.pass_note,
	EXISTS (SELECT 1 FROM recordings r WHERE r.id = s.recording_id AND r.virtual = 1) OR
	EXISTS (SELECT 1 FROM calls c WHERE c.call_id = s.call_id AND c.virtual = 1), ` + sampledColumns + `, ` + decisionColumns + `
	FROM suspects s LEFT JOIN decisions d ON d.suspect_id = s.id AND d.round = s.round` + withLook

const selectDecisions = `SELECT ` + decisionColumns + ` FROM decisions d WHERE d.suspect_id = $1 ORDER BY d.round`

// decisionRow is a decision that may not be there.
type decisionRow struct {
	id, verdict, class, by, note, freeze, reversedBy, reversal sql.NullString
	round, at, reversedAt, over, claimed                       sql.NullInt64
	hits                                                       []review.HitDecision
}

func (d *decisionRow) dest() []any {
	return []any{&d.id, &d.round, &d.verdict, &d.class, &d.by, &d.at, &d.note, jsonInto{&d.hits},
		&d.freeze,
		&d.reversedBy, &d.reversedAt, &d.reversal, &d.over, &d.claimed}
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
		Freeze: freeze.ID(d.freeze.String), Over: fromOptional(d.over), Claimed: fromOptional(d.claimed),
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
		s                         review.Suspect
		d                         decisionRow
		sampled                   sampledRow
		claimBy                   sql.NullString
		claimUntil, from, started sql.NullInt64
		passedAt, claimedAt       sql.NullInt64
		pass                      review.Pass
		created, updated          int64
	)
	err := rw.Scan(slices.Concat([]any{&s.ID, &s.RecordingID, &s.CallID, &s.Part, digitsInto{&s.Number},
		&s.Agent, jsonInto{&s.Hits}, &s.Score,
		&s.Class, &s.Lexicon, &s.Round, &claimBy, &claimUntil, &claimedAt, &from, &created, &updated, &s.Revision,
		&s.Line, &started, &pass.By, &passedAt, &pass.Note, &s.Virtual}, sampled.dest(), d.dest())...)
	s.Sampled = sampled.sampled()
	s.CreatedAt, s.UpdatedAt, s.Decision = fromMicros(created), fromMicros(updated), d.decision()
	s.FreezeFrom, s.StartedAt = fromOptional(from), fromOptional(started)
	if passedAt.Valid {
		pass.At = fromOptional(passedAt)
		s.Pass = &pass
	}
	if claimBy.Valid {
		s.Claim = &review.Claim{By: claimBy.String, Until: fromOptional(claimUntil),
			At: fromOptional(claimedAt)}
	}
	return s, err
}

// insertSuspect adds a suspect where the recording has none, or a second look where the first has
// none.
func (t *writeTx) insertSuspect(ctx context.Context, s review.Suspect) error {
	hits, err := toJSON(s.Hits)
	if err != nil {
		return err
	}
	appeal := appealOf(s)
	added, err := t.ExecContext(ctx,
		`INSERT INTO suspects (id, recording_id, call_id, part, number, agent, hits, score, class, lexicon, round,
			freeze_from, created_at, updated_at, revision, kind, blind, day, second_of,
			appealed_by, appealed_at, appeal_reason, appealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		ON CONFLICT DO NOTHING`,
		s.ID, s.RecordingID, s.CallID, s.Part, s.Number.Digits(), s.Agent, hits, s.Score, s.Class,
		s.Lexicon, s.Round, optionalMicros(s.FreezeFrom),
		micros(s.CreatedAt), micros(s.UpdatedAt), s.Revision, s.Kind, flag(s.Blind), s.Day,
		sql.NullString{String: string(s.First), Valid: s.First != ""},
		appeal.By, optionalMicros(appeal.At), appeal.Reason, appeal.Decision)
	if err != nil {
		return err
	}
	n, err := added.RowsAffected()
	if n > 0 {
		t.changedSuspect(s.ID)
	}
	return err
}

// changedSuspect notes that a suspect was added or changed.
func (t *writeTx) changedSuspect(id review.ID) {
	t.changed(feed.Change{Kind: feed.Suspect, ID: string(id)})
}

// appealOf is what is stored of a second look's appeal; an empty one for none.
func appealOf(s review.Suspect) review.Appeal {
	if s.Appeal == nil || s.First == "" {
		return review.Appeal{}
	}
	return *s.Appeal
}

// Suspects is the store of suspects and the decisions on them. It implements review.Store.
type Suspects struct{ *engine }

// Get reads a suspect with the decision that stands. NotFound where there is none.
func (s *Suspects) Get(ctx context.Context, id review.ID) (review.Suspect, error) {
	return readSuspect(ctx, s.r, id)
}

// readSuspect reads a suspect with what whoever is about to act on it must know.
func readSuspect(ctx context.Context, q querier, id review.ID) (review.Suspect, error) {
	s, err := scanSuspect(q.QueryRowContext(ctx, selectSuspects+` WHERE s.id = $1`, id))
	if err != nil {
		return s, notFound(err, "suspects/"+string(id))
	}
	if s.First != "" {
		err = readFirst(ctx, q, &s)
	} else {
		err = readRepeat(ctx, q, &s)
	}
	return s, wrap("read what belongs to suspects/"+string(id), err)
}

// readFirst reads who decided on a call before its second look, and what an appeal is about. Who decided the
// second look before it was appealed decided before, too; but not who answered the appeal and took that back.
func readFirst(ctx context.Context, q querier, s *review.Suspect) (err error) {
	if s.Appeal == nil {
		s.Deciders, err = list(ctx, q, scanText, `SELECT DISTINCT made_by FROM decisions
			WHERE suspect_id = $1 ORDER BY made_by`, s.First)
		return err
	}
	if s.Appealed, err = readOther(ctx, q, `s.id = $1`, s.First); err != nil {
		return err
	}
	contested, err := list(ctx, q, scanDecision, `SELECT `+decisionColumns+` FROM decisions d WHERE d.id = $1`,
		s.Appeal.Decision)
	if err != nil {
		return err
	}
	if len(contested) > 0 {
		s.Contested = &contested[0]
	}
	s.Deciders, err = list(ctx, q, scanText, `SELECT made_by FROM decisions
		WHERE suspect_id = $1 AND made_at <= $3
		UNION SELECT made_by FROM decisions WHERE suspect_id = $2 AND reversed_at <= $3 ORDER BY made_by`,
		s.First, s.ID, micros(s.Appeal.At))
	return err
}

// readRepeat reads the second look at a suspect, and who decided on it.
func readRepeat(ctx context.Context, q querier, s *review.Suspect) (err error) {
	s.Repeat, err = readOther(ctx, q, `s.second_of = $1`, s.ID)
	if err != nil || s.Repeat == nil {
		return err
	}
	decided, err := list(ctx, q, scanDecision, selectDecisions, s.Repeat.ID)
	for _, d := range decided {
		s.Deciders = append(s.Deciders, d.By)
	}
	slices.Sort(s.Deciders)
	s.Deciders = slices.Compact(s.Deciders)
	if s.Repeat.Appeal != nil {
		s.Repeat.History = decided
	}
	return err
}

// readOther reads a suspect that goes along with another; nil where there is none.
func readOther(ctx context.Context, q querier, where string, id review.ID) (*review.Suspect, error) {
	s, err := scanSuspect(q.QueryRowContext(ctx, selectSuspects+` WHERE `+where, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &s, err
}

// ByRecording reads the suspect, or sample, that a recording made. NotFound where it made none.
func (s *Suspects) ByRecording(ctx context.Context, id recording.ID) (review.Suspect, error) {
	found, err := scanSuspect(s.r.QueryRowContext(ctx, selectSuspects+byRecording, id))
	return found, missing(err, recording.Recording{ID: id}.Name(), "it made no suspect")
}

// Blind tells of which recordings a suspect, a sample or a second look is to be decided blindly.
func (s *Suspects) Blind(ctx context.Context, ids []recording.ID) (map[recording.ID]bool, error) {
	blind := map[recording.ID]bool{}
	for some := range inSizes(texts(ids)) {
		var c conditions
		c.parts = append(c.parts, "blind = 1 AND verdict = ''")
		c.addIn("recording_id", some)
		err := each(ctx, s.r, scanID, func(id recording.ID) error { blind[id] = true; return nil },
			`SELECT recording_id FROM suspects`+c.where(), c.args...)
		if err != nil {
			return nil, fmt.Errorf("look for what is decided blindly: %w", err)
		}
	}
	return blind, nil
}

// Decisions lists all decisions on a suspect, the oldest first.
func (s *Suspects) Decisions(ctx context.Context, id review.ID) ([]review.Decision, error) {
	ds, err := list(ctx, s.r, scanDecision, selectDecisions, id)
	return ds, wrap("list decisions", err)
}

// Open counts the suspects that wait for a decision, whether somebody claimed them or not.
func (s *Suspects) Open(ctx context.Context) (int, error) {
	var n int
	err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM suspects WHERE verdict = ''`).Scan(&n)
	return n, wrap("count open suspects", err)
}
