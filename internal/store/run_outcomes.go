package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/review"
)

// KeepPortion implements rejudge.Outcomes.
func (s *Runs) KeepPortion(ctx context.Context, p rejudge.Portion) (rejudge.Run, error) {
	var now rejudge.Run
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = t.e.prepared(t.tx)
		r, err := readRun(ctx, t, p.Run)
		if err != nil || r.State != rejudge.Running {
			now = r
			return err
		}
		var written rejudge.Tally
		for _, o := range p.Outcomes {
			if err := t.keepOutcome(ctx, r, o, &written); err != nil {
				return fmt.Errorf("keep what became of %s: %w", recording.Recording{ID: o.ID()}.Name(), err)
			}
		}
		if err := t.updateRun(ctx, r.After(p, written, t.e.now())); err != nil {
			return err
		}
		now, err = readRun(ctx, t, p.Run)
		return err
	})
	return now, err
}

// keepOutcome applies what became of a recording where the run is to, and lists it.
func (t *writeTx) keepOutcome(
	ctx context.Context, r rejudge.Run, o rejudge.Outcome, written *rejudge.Tally,
) error {
	fate := rejudge.Reported
	if r.Apply && o.Kind != rejudge.Unreadable {
		var err error
		if fate, err = t.apply(ctx, o.ID(), o.Revision, o.Verdict, o.Heard); err != nil {
			return err
		}
	}
	written.Note(fate)
	if !o.Listed() {
		return nil
	}
	var verdict, heard sql.NullString
	if fate == rejudge.Waiting {
		var err error
		if verdict, heard, err = waitingJSON(o); err != nil {
			return err
		}
	}
	return exec(ctx, t, `INSERT INTO run_changes (run_id, recording_id, kind, fate, class, class_before, score,
			score_before, text, basis, verdict, heard, called_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, o.ID(), o.Kind, fate, o.Class, o.ClassBefore, o.Verdict.Score, o.Before.Score, o.Text,
		o.Revision, verdict, heard, micros(o.Of.Called))
}

// waitingJSON is what has to be kept of a change that waits.
func waitingJSON(o rejudge.Outcome) (verdict, heard sql.NullString, err error) {
	if verdict.String, err = toJSON(o.Verdict); err != nil {
		return verdict, heard, err
	}
	verdict.Valid = true
	if o.Heard != nil {
		heard.String, err = toJSON(o.Heard)
		heard.Valid = true
	}
	return verdict, heard, err
}

// apply stores a verdict that was made on the one of that revision, and lets the suspect rest on
// it, where nobody has decided on that. Where there is none and there should be, it is Waiting and
// nothing is stored.
func (t *writeTx) apply(
	ctx context.Context, id recording.ID, revision int64, v keywords.Verdict, heard []asr.Transcript,
) (rejudge.Fate, error) {
	s, fate, err := t.standing(ctx, id, revision)
	if err != nil || fate != "" {
		return fate, err
	}
	if s == nil && v.Suspect {
		return rejudge.Waiting, nil
	}
	if err := t.storeVerdict(ctx, id, v, heard); err != nil || s == nil {
		return rejudge.Applied, err
	}
	if now, changed := s.Rejudged(v); changed {
		return rejudge.Applied, t.restSuspect(ctx, now)
	}
	return rejudge.Applied, nil
}

// standing is the suspect of a recording, nil for none. The fate is set where the verdict is not
// that of the revision any more, or somebody has decided.
func (t *writeTx) standing(
	ctx context.Context, id recording.ID, revision int64,
) (*review.Suspect, rejudge.Fate, error) {
	var now int64
	err := t.QueryRowContext(ctx, `SELECT revision FROM judgements WHERE recording_id = $1`, id).Scan(&now)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && now != revision:
		return nil, rejudge.Outdated, nil
	case err != nil:
		return nil, "", wrap("read the verdict", err)
	}
	s, err := scanSuspect(t.QueryRowContext(ctx, selectSuspects+byRecording, id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, "", nil
	case err != nil:
		return nil, "", wrap("read the suspect", err)
	case s.Decision != nil:
		return nil, rejudge.Kept, nil
	}
	return &s, "", nil
}

// storeVerdict stores a verdict in place of the one before, with what was heard again for it.
func (t *writeTx) storeVerdict(
	ctx context.Context, id recording.ID, v keywords.Verdict, heard []asr.Transcript,
) error {
	now := micros(t.e.now())
	if i := slices.IndexFunc(heard, func(t asr.Transcript) bool { return t.Side == asr.Customer }); i >= 0 {
		if err := t.keepTranscripts(ctx, id, heard, heard[i].Settings.Key(), now); err != nil {
			return err
		}
		return upsertJudgement(ctx, t, id, heard[i], v, now)
	}
	text, err := toJSON(v)
	if err != nil {
		return err
	}
	return exec(ctx, t, `UPDATE judgements SET lexicon = $1, score = $2, suspect = $3, verdict = $4, made_at = $5,
			revision = revision + 1 WHERE recording_id = $6`, v.Lexicon, v.Score, flag(v.Suspect), text, now, id)
}

// waiting is a change that waits for a day with room.
type waiting struct {
	run     rejudge.ID
	of      review.Heard
	basis   int64
	verdict keywords.Verdict
	heard   []asr.Transcript
}

func scanWaiting(rw row) (waiting, error) {
	w := waiting{of: review.Heard{Archived: true}}
	var called int64
	err := rw.Scan(&w.run, &w.of.RecordingID, &w.of.CallID, &w.of.Part, digitsInto{&w.of.Number}, &w.of.Agent,
		&called, &w.basis, jsonInto{&w.verdict}, jsonInto{&w.heard})
	w.of.Called = fromMicros(called)
	return w, err
}

// openAtOnce bounds the suspects that one transaction opens, so that live work needn't wait long.
const openAtOnce = 500

// OpenSuspects implements rejudge.Outcomes.
func (s *Runs) OpenSuspects(
	ctx context.Context, day time.Time,
	open func(review.Heard, keywords.Verdict) (review.Suspect, bool),
) (opened int, err error) {
	runs, err := list(ctx, s.r, scanRun, selectRuns+` WHERE state IN ($1, $2) ORDER BY id`,
		rejudge.Running, rejudge.Opening)
	if err != nil {
		return 0, wrap("look for runs that open suspects", err)
	}
	for _, r := range runs {
		for left := -1; r.Tally.Waiting > 0 && r.Tally.Waiting != left; {
			left = r.Tally.Waiting
			if r, err = s.openSome(ctx, r.ID, day, open, &opened); err != nil {
				return opened, err
			}
		}
	}
	return opened, nil
}

// openSome opens suspects of a run in one transaction.
func (s *Runs) openSome(
	ctx context.Context, id rejudge.ID, day time.Time,
	open func(review.Heard, keywords.Verdict) (review.Suspect, bool), opened *int,
) (rejudge.Run, error) {
	var r rejudge.Run
	n := 0
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = t.e.prepared(t.tx)
		var err error
		if r, err = readRun(ctx, t, id); err != nil || r.State != rejudge.Running && r.State != rejudge.Opening {
			r.Tally.Waiting = 0 // nothing more to be opened now
			return err
		}
		room, err := t.room(ctx, r.PerDay, day)
		if err != nil || room <= 0 {
			return err
		}
		written, err := t.openWaiting(ctx, r.ID, min(room, openAtOnce), open)
		if err != nil {
			return err
		}
		n = written.Opened
		if err := t.updateRun(ctx, r.Opened(written, t.e.now())); err != nil {
			return err
		}
		r, err = readRun(ctx, t, id)
		return err
	})
	*opened += n
	return r, err
}

// room is how many suspects may still be opened on a day of which so many may be.
func (t *writeTx) room(ctx context.Context, perDay int, day time.Time) (int, error) {
	var n int
	err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM run_changes WHERE opened_at >= $1`, micros(day)).Scan(&n)
	return perDay - n, wrap("count the suspects opened today", err)
}

// openWaiting opens up to n suspects that wait.
func (t *writeTx) openWaiting(
	ctx context.Context, run rejudge.ID, n int,
	open func(review.Heard, keywords.Verdict) (review.Suspect, bool),
) (written rejudge.Tally, err error) {
	due, err := list(ctx, t, scanWaiting, `SELECT x.run_id, r.id, r.call_id, r.part, r.number, r.agent, x.called_at,
			x.basis, x.verdict, x.heard
		FROM run_changes x JOIN recordings r ON r.id = x.recording_id
		WHERE x.run_id = $1 AND x.fate = 'waiting' ORDER BY x.recording_id LIMIT $2`, run, n)
	if err != nil {
		return written, wrap("look for changes that wait", err)
	}
	for _, w := range due {
		fate, at, err := t.openOne(ctx, w, open)
		if err != nil {
			return written, fmt.Errorf("open the suspect of recordings/%s: %w", w.of.RecordingID, err)
		}
		written.Waiting--
		written.Note(fate)
		if at.Valid {
			written.Opened++
		}
		err = exec(ctx, t, `UPDATE run_changes SET fate = $1, opened_at = $2, verdict = NULL, heard = NULL
			WHERE run_id = $3 AND recording_id = $4`, fate, at, w.run, w.of.RecordingID)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// openOne stores a verdict that waited and opens the suspect that it makes. A recording that got
// one meanwhile has that rest on the verdict.
func (t *writeTx) openOne(
	ctx context.Context, w waiting, open func(review.Heard, keywords.Verdict) (review.Suspect, bool),
) (fate rejudge.Fate, at sql.NullInt64, err error) {
	id := recording.ID(w.of.RecordingID)
	if fate, err = t.apply(ctx, id, w.basis, w.verdict, w.heard); err != nil || fate != rejudge.Waiting {
		return fate, at, err
	}
	s, ok := open(w.of, w.verdict)
	if !ok {
		return fate, at, errors.New("its verdict makes no suspect")
	}
	if err := t.storeVerdict(ctx, id, w.verdict, w.heard); err != nil {
		return fate, at, err
	}
	return rejudge.Applied, optionalMicros(t.e.now()), t.insertSuspect(ctx, s)
}
