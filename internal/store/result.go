package store

import (
	"context"
	"fmt"

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
	// Suspect is nil where the verdict makes none.
	Suspect *review.Suspect
}

// Transcripts is the store of what was heard in recordings, and what was made of it.
type Transcripts struct{ *engine }

// Finish stores a result, with the suspect that it makes, and marks the recording done, in one transaction in which complete (which may be nil)
// is called last. An earlier result is replaced, but a suspect that is there already
// is left as it is, because somebody may have decided on it. NotFound where there is
// no such recording.
func (s *Transcripts) Finish(ctx context.Context, res Result, complete func(context.Context, Tx) error) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		r, err := readRecording(ctx, t, res.RecordingID)
		if err != nil {
			return err
		}
		if err := t.finish(ctx, r, res); err != nil {
			return fmt.Errorf("store the result of %s: %w", r.Name(), err)
		}
		if complete == nil {
			return nil
		}
		return complete(ctx, t.tx)
	})
}

func (t *writeTx) finish(ctx context.Context, r recording.Recording, res Result) error {
	now := micros(t.e.now())
	if err := upsertTranscript(ctx, t, res, now); err != nil {
		return err
	}
	if err := upsertJudgement(ctx, t, res, now); err != nil {
		return err
	}
	if res.Suspect != nil {
		if err := insertSuspect(ctx, t, *res.Suspect); err != nil {
			return err
		}
	}
	done := r
	done.State, done.Problem = recording.Done, nil
	_, err := t.updateRecording(ctx, r, done)
	return err
}

func upsertTranscript(ctx context.Context, q querier, res Result, now int64) error {
	text, err := toJSON(res.Transcript)
	if err != nil {
		return err
	}
	return exec(ctx, q, `INSERT INTO transcripts (recording_id, settings_key, transcript, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (recording_id, settings_key) DO UPDATE SET transcript = excluded.transcript, made_at = excluded.made_at`,
		res.RecordingID, res.Transcript.Settings.Key(), text, now)
}

func upsertJudgement(ctx context.Context, q querier, res Result, now int64) error {
	v := res.Verdict
	text, err := toJSON(v)
	if err != nil {
		return err
	}
	suspect := 0
	if v.Suspect {
		suspect = 1
	}
	return exec(ctx, q, `INSERT INTO judgements (recording_id, settings_key, lexicon, score, suspect, verdict, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (recording_id) DO UPDATE SET settings_key = excluded.settings_key, lexicon = excluded.lexicon,
			score = excluded.score, suspect = excluded.suspect, verdict = excluded.verdict, made_at = excluded.made_at`,
		res.RecordingID, res.Transcript.Settings.Key(), v.Lexicon, v.Score, suspect, text, now)
}

// Get reads the transcript that the recording's judgement rests on. NotFound
// where it has none yet.
func (s *Transcripts) Get(ctx context.Context, id recording.ID) (asr.Transcript, error) {
	var t asr.Transcript
	err := s.r.QueryRowContext(ctx, `SELECT t.transcript FROM judgements j
		JOIN transcripts t ON t.recording_id = j.recording_id AND t.settings_key = j.settings_key
		WHERE j.recording_id = $1`, id).Scan(jsonInto{&t})
	return t, missing(err, recording.Recording{ID: id}.Name(), "it has no transcript yet")
}

const selectJudgements = `SELECT j.recording_id, j.verdict, COALESCE(s.id, '') FROM judgements j
	LEFT JOIN suspects s ON s.recording_id = j.recording_id `

func scanJudgement(rw row) (review.Judgement, error) {
	var j review.Judgement
	err := rw.Scan(&j.RecordingID, jsonInto{&j.Verdict}, &j.SuspectID)
	return j, err
}

// Judgement reads what the lexicon found in a recording, and the suspect that it
// made, "" for none. NotFound where the recording was not judged yet.
func (s *Transcripts) Judgement(ctx context.Context, id recording.ID) (keywords.Verdict, review.ID, error) {
	j, err := scanJudgement(s.r.QueryRowContext(ctx, selectJudgements+` WHERE j.recording_id = $1`, id))
	return j.Verdict, j.SuspectID, missing(err, recording.Recording{ID: id}.Name(), "it was not judged yet")
}

// Judgements reads the judgements of many recordings. Those that were not judged yet
// are missing in the answer.
func (s *Transcripts) Judgements(ctx context.Context, ids []recording.ID) (map[recording.ID]review.Judgement, error) {
	out := make(map[recording.ID]review.Judgement, len(ids))
	for some := range inSizes(texts(ids)) {
		var c conditions
		c.addIn("j.recording_id", some)
		err := each(ctx, s.r, scanJudgement, func(j review.Judgement) error { out[recording.ID(j.RecordingID)] = j; return nil },
			selectJudgements+c.where(), c.args...)
		if err != nil {
			return nil, fmt.Errorf("read judgements: %w", err)
		}
	}
	return out, nil
}
