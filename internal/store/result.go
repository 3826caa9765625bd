package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Transcripts is the store of what was heard in recordings, and what was made of it.
type Transcripts struct{ *engine }

// Finish stores the transcripts of a recording's tracks, the customer's among them, with
// the verdict on them, the suspect that it makes, or what may become a sample (nil for none), and what is wrong with the
// sound, and marks the recording done, in one transaction that reads and writes the
// recording under one lock. An earlier result is replaced, but a suspect that is there
// already is left as it is, because somebody may have decided on it, unless the audio was
// replaced since; see review.Suspect.Reheard. NotFound where there is no such recording.
func (s *Transcripts) Finish(
	ctx context.Context, id recording.ID, heard []asr.Transcript, v keywords.Verdict,
	x *review.Suspect, defects recording.Defects,
) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		r, err := readRecording(ctx, t, id)
		if err != nil {
			return err
		}
		if err := t.stillAt(ctx, r); err != nil {
			return err
		}
		return t.conclude(ctx, r, heard, v, x, defects)
	})
}

// conclude stores the result of a recording, and marks it done.
func (t *writeTx) conclude(
	ctx context.Context, r recording.Recording, heard []asr.Transcript, v keywords.Verdict, x *review.Suspect,
	defects recording.Defects,
) error {
	if x != nil { // it may have been set aside while it was heard
		now := *x
		now.CallID, now.Part, now.Number = r.CallID, r.Part, r.Number
		x = &now
	}
	if err := t.finish(ctx, r.ID, heard, v, x); err != nil {
		return fmt.Errorf("store the result of %s: %w", r.Name(), err)
	}
	if r.Replaced > 0 {
		if err := t.rehear(ctx, r.ID, v); err != nil {
			return fmt.Errorf("judge the suspect of %s anew: %w", r.Name(), err)
		}
	}
	_, err := t.updateRecording(ctx, r, r.Finished(defects))
	return err
}

func (t *writeTx) finish(
	ctx context.Context, id recording.ID, heard []asr.Transcript, v keywords.Verdict,
	x *review.Suspect,
) error {
	now := micros(t.e.now())
	judged := slices.IndexFunc(heard, func(t asr.Transcript) bool { return t.Side == asr.Customer })
	if judged < 0 {
		return errors.New("the customer's track was not heard")
	}
	if err := t.keepTranscripts(ctx, id, heard, heard[judged].Settings.Key(), now); err != nil {
		return err
	}
	x, err := t.drawn(ctx, id, x)
	if err != nil {
		return err
	}
	if err := upsertJudgement(ctx, t, id, heard[judged], v, now); err != nil || x == nil {
		return err
	}
	return t.insertSuspect(ctx, *x)
}

// keepTranscripts stores what was heard together under the settings of the customer's, by which
// it is found again, in place of all that was heard with these before.
func (t *writeTx) keepTranscripts(
	ctx context.Context, id recording.ID, heard []asr.Transcript, key string, now int64,
) error {
	for _, transcript := range heard {
		if err := upsertTranscript(ctx, t, id, transcript, key, now); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(heard, func(t asr.Transcript) bool { return t.Side == asr.Agent }) {
		return nil
	}
	return exec(ctx, t, `DELETE FROM transcripts
		WHERE recording_id = $1 AND side = $2 AND settings_key = $3`, id, asr.Agent, key)
}

func upsertTranscript(
	ctx context.Context, q querier, id recording.ID, t asr.Transcript, key string, now int64,
) error {
	text, err := toJSON(t)
	if err != nil {
		return err
	}
	if err := remember(ctx, q, id); err != nil {
		return err
	}
	return exec(ctx, q,
		`INSERT INTO transcripts (recording_id, side, settings_key, transcript, made_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (recording_id, side, settings_key)
			DO UPDATE SET transcript = excluded.transcript, made_at = excluded.made_at`,
		id, t.Side, key, text, now)
}

// remember notes that there is something again which the period of transcripts is for.
func remember(ctx context.Context, q querier, id recording.ID) error {
	return exec(ctx, q, `UPDATE recordings SET forgotten = 0 WHERE id = $1 AND forgotten = 1`, id)
}

func upsertJudgement(
	ctx context.Context, q querier, id recording.ID, judged asr.Transcript, v keywords.Verdict,
	now int64,
) error {
	text, err := toJSON(v)
	if err != nil {
		return err
	}
	if err := remember(ctx, q, id); err != nil {
		return err
	}
	return exec(ctx, q, `INSERT INTO judgements
			(recording_id, side, settings_key, lexicon, score, suspect, verdict, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (recording_id) DO UPDATE SET side = excluded.side,
			settings_key = excluded.settings_key, lexicon = excluded.lexicon, score = excluded.score,
			suspect = excluded.suspect, verdict = excluded.verdict, made_at = excluded.made_at,
			revision = judgements.revision + 1`,
		id, judged.Side, judged.Settings.Key(), v.Lexicon, v.Score, flag(v.Suspect), text, now)
}

// Get reads the transcript of a side that was made for the recording's judgement.
// NotFound where there is none. An agent's track is often not heard, or in part.
func (s *Transcripts) Get(
	ctx context.Context, id recording.ID, side asr.Side,
) (asr.Transcript, error) {
	var t asr.Transcript
	err := s.r.QueryRowContext(ctx, `SELECT t.transcript FROM judgements j
		JOIN transcripts t ON t.recording_id = j.recording_id AND t.settings_key = j.settings_key
		WHERE j.recording_id = $1 AND t.side = $2`, id, side).Scan(jsonInto{&t})
	return t, missing(err, recording.Recording{ID: id}.Name(), "it has no transcript yet")
}

// Of reads the transcripts of many recordings that were made for their judgements: the customer's,
// and the agent's where that was heard. Recordings that were not judged yet are missing in the
// answer.
func (s *Transcripts) Of(
	ctx context.Context, ids []recording.ID,
) (map[recording.ID][]asr.Transcript, error) {
	out := make(map[recording.ID][]asr.Transcript, len(ids))
	for some := range inSizes(texts(ids)) {
		var c conditions
		c.addIn("j.recording_id", some)
		err := each(ctx, s.r, scanOwned, func(t owned) error {
			out[t.of] = append(out[t.of], t.Transcript)
			return nil
		}, `SELECT j.recording_id, t.transcript FROM judgements j
			JOIN transcripts t ON t.recording_id = j.recording_id AND t.settings_key = j.settings_key`+
			c.where()+` ORDER BY j.recording_id, t.side DESC`, c.args...)
		if err != nil {
			return nil, fmt.Errorf("read transcripts: %w", err)
		}
	}
	return out, nil
}

// owned is a recording's transcript.
type owned struct {
	of recording.ID
	asr.Transcript
}

func scanOwned(rw row) (t owned, err error) {
	err = rw.Scan(&t.of, jsonInto{&t.Transcript})
	return t, err
}

const selectJudgements = `SELECT j.recording_id, j.verdict, COALESCE(s.id, '') FROM judgements j
	LEFT JOIN suspects s ON s.recording_id = j.recording_id AND s.kind <> 'second'
		AND (s.kind = '' OR s.verdict <> '') ` // what is a sample isn't told before

func scanJudgement(rw row) (review.Judgement, error) {
	var j review.Judgement
	err := rw.Scan(&j.RecordingID, jsonInto{&j.Verdict}, &j.SuspectID)
	return j, err
}

// Judgement reads what the lexicon found in a recording, and the suspect that it
// made, "" for none. NotFound where the recording was not judged yet.
func (s *Transcripts) Judgement(
	ctx context.Context, id recording.ID,
) (keywords.Verdict, review.ID, error) {
	j, err := scanJudgement(s.r.QueryRowContext(ctx, selectJudgements+` WHERE j.recording_id = $1`,
		id))
	return j.Verdict, j.SuspectID, missing(err, recording.Recording{ID: id}.Name(),
		"it was not judged yet")
}

// Judgements reads the judgements of many recordings. Those that were not judged yet
// are missing in the answer.
func (s *Transcripts) Judgements(
	ctx context.Context, ids []recording.ID,
) (map[recording.ID]review.Judgement, error) {
	out := make(map[recording.ID]review.Judgement, len(ids))
	for some := range inSizes(texts(ids)) {
		var c conditions
		c.addIn("j.recording_id", some)
		err := each(ctx, s.r, scanJudgement,
			func(j review.Judgement) error { out[recording.ID(j.RecordingID)] = j; return nil },
			selectJudgements+c.where(), c.args...)
		if err != nil {
			return nil, fmt.Errorf("read judgements: %w", err)
		}
	}
	return out, nil
}
