package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Result is what became of a recording.
type Result struct {
	RecordingID recording.ID
	Transcript  asr.Transcript
	Verdict     keywords.Verdict
}

// FinishRecording stores a result, makes a suspect where the verdict says so, and
// marks the recording done, in one transaction in which complete (which may be nil)
// is called last. An earlier result is replaced, but a suspect that is there already
// is left as it is, because somebody may have decided on it. NotFound where there is
// no such recording.
func (db *DB) FinishRecording(ctx context.Context, res Result, complete func(context.Context, Tx) error) error {
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := readRecording(ctx, tx, res.RecordingID)
		if err != nil {
			return err
		}
		if err := db.finish(ctx, tx, r, res); err != nil {
			return fmt.Errorf("store the result of %s: %w", r.Name(), err)
		}
		if complete == nil {
			return nil
		}
		return complete(ctx, tx)
	})
	if err == nil {
		db.o.Changed(res.RecordingID)
	}
	return err
}

func (db *DB) finish(ctx context.Context, tx Tx, r recording.Recording, res Result) error {
	now := db.now()
	if err := upsertTranscript(ctx, tx, res, micros(now)); err != nil {
		return err
	}
	if err := upsertJudgement(ctx, tx, res, micros(now)); err != nil {
		return err
	}
	if res.Verdict.Suspect {
		if err := insertSuspect(ctx, tx, suspectOf(r, res.Verdict, now)); err != nil {
			return err
		}
	}
	r.State, r.Problem, r.UpdatedAt = recording.Done, nil, now
	r.Revision++
	return updateRecording(ctx, tx, r)
}

func upsertTranscript(ctx context.Context, tx Tx, res Result, now int64) error {
	text, err := toJSON(res.Transcript)
	if err != nil {
		return err
	}
	return exec(ctx, tx, `INSERT INTO transcripts (recording_id, settings_key, transcript, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (recording_id, settings_key) DO UPDATE SET transcript = excluded.transcript, made_at = excluded.made_at`,
		res.RecordingID, res.Transcript.Settings.Key(), text, now)
}

func upsertJudgement(ctx context.Context, tx Tx, res Result, now int64) error {
	v := res.Verdict
	text, err := toJSON(v)
	if err != nil {
		return err
	}
	suspect := 0
	if v.Suspect {
		suspect = 1
	}
	return exec(ctx, tx, `INSERT INTO judgements (recording_id, settings_key, lexicon, score, suspect, verdict, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (recording_id) DO UPDATE SET settings_key = excluded.settings_key, lexicon = excluded.lexicon,
			score = excluded.score, suspect = excluded.suspect, verdict = excluded.verdict, made_at = excluded.made_at`,
		res.RecordingID, res.Transcript.Settings.Key(), v.Lexicon, v.Score, suspect, text, now)
}

// Transcript reads the transcript that the recording's judgement rests on. NotFound
// where it has none yet.
func (db *DB) Transcript(ctx context.Context, id recording.ID) (asr.Transcript, error) {
	var t asr.Transcript
	err := db.r.QueryRowContext(ctx, `SELECT t.transcript FROM judgements j
		JOIN transcripts t ON t.recording_id = j.recording_id AND t.settings_key = j.settings_key
		WHERE j.recording_id = $1`, id).Scan(jsonInto{&t})
	return t, missing(err, recording.Recording{ID: id}.Name(), "it has no transcript yet")
}

// Judgement is what the lexicon found in a recording.
type Judgement struct {
	RecordingID recording.ID
	Verdict     keywords.Verdict
	// SuspectID is "" where the recording made no suspect.
	SuspectID review.ID
}

const selectJudgements = `SELECT j.recording_id, j.verdict, COALESCE(s.id, '') FROM judgements j
	LEFT JOIN suspects s ON s.recording_id = j.recording_id WHERE j.recording_id `

func scanJudgement(rw row) (Judgement, error) {
	var j Judgement
	err := rw.Scan(&j.RecordingID, jsonInto{&j.Verdict}, &j.SuspectID)
	return j, err
}

// Judgement reads what the lexicon found in a recording, and the suspect that it
// made, "" for none. NotFound where the recording was not judged yet.
func (db *DB) Judgement(ctx context.Context, id recording.ID) (keywords.Verdict, review.ID, error) {
	j, err := scanJudgement(db.r.QueryRowContext(ctx, selectJudgements+`= $1`, id))
	return j.Verdict, j.SuspectID, missing(err, recording.Recording{ID: id}.Name(), "it was not judged yet")
}

// Judgements reads the judgements of many recordings. Those that were not judged yet
// are missing in the answer.
func (db *DB) Judgements(ctx context.Context, ids []recording.ID) (map[recording.ID]Judgement, error) {
	out := make(map[recording.ID]Judgement, len(ids))
	for some := range slices.Chunk(ids, maxAmong) {
		var c conditions
		query := selectJudgements + `IN ` + among(&c, some)
		err := each(ctx, db.r, scanJudgement, func(j Judgement) error { out[j.RecordingID] = j; return nil }, query, c.args...)
		if err != nil {
			return nil, fmt.Errorf("read judgements: %w", err)
		}
	}
	return out, nil
}
