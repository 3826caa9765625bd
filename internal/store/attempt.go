package store

import (
	"context"

	"github.com/refrain-asr/refrain/recording"
)

// BeginAttempt marks the recording running and counts the attempt, out of turn; see
// recording.Recording.Begun. Of several that begin the same attempt at once, one
// succeeds. Precondition where it is not due; NotFound where there is no such recording.
func (s *Recordings) BeginAttempt(
	ctx context.Context, id recording.ID, attempt int,
) (recording.Recording, error) {
	return s.changeRecording(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		return r.Begun(attempt)
	})
}

// FailAttempt notes why the attempt failed, and queues the recording for the next or
// parks it; see recording.Recording.Failed.
func (s *Recordings) FailAttempt(
	ctx context.Context, id recording.ID, p recording.Problem, final bool,
) (recording.Recording, error) {
	return s.changeRecording(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		return r.Failed(p, final), nil
	})
}

// HandBack undoes BeginAttempt: the attempt was broken off and does not count. A
// recording that is not running is left as it is.
func (s *Recordings) HandBack(ctx context.Context, id recording.ID) error {
	_, err := s.changeRecording(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		return r.HandedBack(), nil
	})
	return err
}

// Requeue gives a parked recording another round of attempts. Precondition where it is
// not parked; NotFound where there is none.
func (s *Recordings) Requeue(ctx context.Context, id recording.ID) (recording.Recording, error) {
	return s.changeRecording(ctx, id, recording.Recording.Retried)
}

// InState lists the recordings in that state, the oldest first.
func (s *Recordings) InState(
	ctx context.Context, state recording.State,
) ([]recording.Recording, error) {
	recs, err := list(ctx, s.r, scanRecording, `SELECT `+recordingColumns+
		` FROM recordings WHERE state = $1 ORDER BY created_at, id`, state)
	return recs, wrap("list recordings that are "+string(state), err)
}

// ParkedFor lists the recordings that are parked with that reason, the oldest first.
func (s *Recordings) ParkedFor(ctx context.Context, reason string) ([]recording.ID, error) {
	ids, err := list(ctx, s.r, scanID, `SELECT id FROM recordings
		WHERE state = $1 AND problem_reason = $2 ORDER BY created_at, id`, recording.Parked, reason)
	return ids, wrap("list parked recordings", err)
}

// changeRecording writes the state, problem and counts that change returns, and has a
// recording that was queued thereby worked on, in one transaction that reads and writes
// the recording under one lock. Where they are as before, nothing is written.
func (s *Recordings) changeRecording(
	ctx context.Context, id recording.ID,
	change func(recording.Recording) (recording.Recording, error),
) (recording.Recording, error) {
	var r recording.Recording
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		old, err := readRecording(ctx, t, id)
		if err != nil {
			return err
		}
		if r, err = change(old); err != nil || r == old {
			return err
		}
		if r, err = t.updateRecording(ctx, old, r); err != nil {
			return err
		}
		return t.enqueue(ctx, r)
	})
	if err != nil {
		return recording.Recording{}, err
	}
	return r, nil
}

// enqueue has a recording that was queued worked on.
func (t *writeTx) enqueue(ctx context.Context, r recording.Recording) error {
	if r.State != recording.Queued {
		return nil
	}
	return wrap("queue "+r.Name(), t.e.o.Enqueue(ctx, t.tx, r))
}

// updateRecording writes what may change of a recording, as its next revision.
func (t *writeTx) updateRecording(
	ctx context.Context, old, r recording.Recording,
) (recording.Recording, error) {
	var p recording.Problem
	if r.Problem != nil {
		p = *r.Problem
	}
	r.UpdatedAt, r.Revision = t.e.now(), old.Revision+1
	err := exec(ctx, t, `UPDATE recordings SET state = $1, problem_reason = $2,
		problem_message = $3, attempts = $4, deaths = $5, updated_at = $6, revision = $7, defects = $8,
		paused = $9 WHERE id = $10`,
		r.State, p.Reason, p.Message, r.Attempts, r.Deaths, micros(r.UpdatedAt), r.Revision,
		r.Heard.String(), flag(r.State == recording.Queued && r.Pause() > 0), r.ID)
	t.changedRecording(r.ID)
	return r, wrap("change "+r.Name(), err)
}
