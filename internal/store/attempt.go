package store

import (
	"context"

	"github.com/refrain-asr/refrain/fault"
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
	return s.changeOwn(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		return r.Failed(p, final), nil
	})
}

// Abandoned are the running recordings of servers and workers that are not present, each with whose it was, but those
// whose result lies there to be judged. Whoever is at none alone has none of others'.
func (s *Recordings) Abandoned(ctx context.Context) (map[recording.ID]int64, error) {
	left := map[recording.ID]int64{}
	if !s.here.joined {
		return left, nil
	}
	type held struct {
		id     recording.ID
		holder int64
	}
	scan := func(rw row) (h held, err error) {
		err = rw.Scan(&h.id, &h.holder)
		return h, err
	}
	err := each(ctx, s.r, scan, func(h held) error { left[h.id] = h.holder; return nil },
		`SELECT r.id, r.holder FROM recordings r WHERE r.state = $1 AND r.holder NOT IN (`+presentServers+`)
			AND NOT EXISTS (SELECT 1 FROM hearings h WHERE h.recording_id = r.id AND h.holder = r.holder AND h.attempt = r.attempts)`,
		recording.Running)
	return left, wrap("look for what other servers left", err)
}

// TakeFrom is FailAttempt of a recording that a server was at which is not there any more. Precondition where
// another one is at it by now.
func (s *Recordings) TakeFrom(
	ctx context.Context, holder int64, id recording.ID, p recording.Problem,
) (recording.Recording, error) {
	return s.changeHeld(ctx, id, &holder, func(r recording.Recording) (recording.Recording, error) {
		return r.Failed(p, false), nil
	})
}

// HandBack undoes BeginAttempt: the attempt was broken off and does not count. A
// recording that is not running is left as it is.
func (s *Recordings) HandBack(ctx context.Context, id recording.ID) error {
	_, err := s.changeOwn(ctx, id, func(r recording.Recording) (recording.Recording, error) {
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

// changeOwn is changeRecording by the server that is at the recording. Precondition where another one has taken it
// from it.
func (s *Recordings) changeOwn(
	ctx context.Context, id recording.ID, change func(recording.Recording) (recording.Recording, error),
) (recording.Recording, error) {
	if !s.here.joined {
		return s.changeRecording(ctx, id, change)
	}
	holder, err := s.holder()
	if err != nil {
		return recording.Recording{}, err
	}
	return s.changeHeld(ctx, id, &holder, change)
}

// changeRecording writes the state, problem and counts that change returns, and has a
// recording that was queued thereby worked on, in one transaction that reads and writes
// the recording under one lock. Where they are as before, nothing is written.
func (s *Recordings) changeRecording(
	ctx context.Context, id recording.ID,
	change func(recording.Recording) (recording.Recording, error),
) (recording.Recording, error) {
	return s.changeHeld(ctx, id, nil, change)
}

// changeHeld is changeRecording where a recording that is running is the holder's, nil for whoever's.
func (s *Recordings) changeHeld(
	ctx context.Context, id recording.ID, holder *int64, change func(recording.Recording) (recording.Recording, error),
) (recording.Recording, error) {
	var r recording.Recording
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		old, err := readColumns(ctx, t, s.columns, id)
		if err != nil {
			return err
		}
		if err := t.held(ctx, old, holder); err != nil {
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
	var holder int64
	if r.State == recording.Running {
		var err error
		if holder, err = t.e.holder(); err != nil {
			return r, err
		}
	}
	err := exec(ctx, t, `UPDATE recordings SET state = $1, problem_reason = $2,
		problem_message = $3, attempts = $4, deaths = $5, updated_at = $6, revision = $7, defects = $8,
		paused = $9, holder = $10 WHERE id = $11`,
		r.State, p.Reason, p.Message, r.Attempts, r.Deaths, micros(r.UpdatedAt), r.Revision,
		r.Heard.String(), flag(r.State == recording.Queued && r.Pause() > 0), holder, r.ID)
	t.changedRecording(r.ID)
	return r, wrap("change "+r.Name(), err)
}

// held refuses a recording that is running and somebody else's.
func (t *writeTx) held(ctx context.Context, r recording.Recording, holder *int64) error {
	if holder == nil || r.State != recording.Running {
		return nil
	}
	var is int64
	if err := t.QueryRowContext(ctx, `SELECT holder FROM recordings WHERE id = $1`, r.ID).Scan(&is); err != nil {
		return wrap("look who is at "+r.Name(), err)
	}
	if is == *holder {
		return nil
	}
	return taken(r)
}

func taken(r recording.Recording) error {
	return &fault.Error{Op: "recording.Attempt", Kind: fault.Precondition, Reason: TakenReason, Subject: r.Name(),
		Message: "another server is at it by now, or was, since this one had seemed dead"}
}

// stillAt refuses the result of a server that is not at a recording any more, where several work together: it may
// be of audio that was replaced since.
func (t *writeTx) stillAt(ctx context.Context, r recording.Recording) error {
	if !t.e.here.joined {
		return nil
	}
	if r.State != recording.Running {
		return taken(r)
	}
	holder, err := t.e.holder()
	if err != nil {
		return err
	}
	return t.held(ctx, r, &holder)
}
