package store

import (
	"context"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// BeginAttempt marks the recording running and counts the attempt. Precondition
// where it is done or parked; NotFound where there is none.
func (db *DB) BeginAttempt(ctx context.Context, id recording.ID) (recording.Recording, error) {
	return db.changeRecording(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		if r.State.Final() {
			return r, &fault.Error{Op: "recording.BeginAttempt", Kind: fault.Precondition, Reason: "RECORDING_FINAL", Subject: r.Name(),
				Message: "it is " + string(r.State) + "; nothing more is to be done"}
		}
		r.State = recording.Running
		r.Attempts++
		return r, nil
	})
}

// FailAttempt notes why the attempt failed, and queues or parks the recording by
// recording.Recording.Failed. A recording that is done or parked is left as it is.
func (db *DB) FailAttempt(ctx context.Context, id recording.ID, p recording.Problem, final bool) (recording.Recording, error) {
	return db.changeRecording(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		if r.State.Final() {
			return r, nil
		}
		return r.Failed(p, final), nil
	})
}

// HandBack undoes BeginAttempt: the attempt was broken off and does not count. A
// recording that is not running is left as it is.
func (db *DB) HandBack(ctx context.Context, id recording.ID) error {
	_, err := db.changeRecording(ctx, id, func(r recording.Recording) (recording.Recording, error) {
		if r.State == recording.Running {
			r.State = recording.Queued
			r.Attempts--
		}
		return r, nil
	})
	return err
}

// Requeue gives a parked recording another round of attempts, and a job for it, in
// one transaction. Precondition where it is not parked; NotFound where there is none.
func (db *DB) Requeue(ctx context.Context, id recording.ID) (recording.Recording, error) {
	var r recording.Recording
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		old, err := readRecording(ctx, tx, id)
		if err != nil {
			return err
		}
		if r, err = old.Retried(); err != nil {
			return err
		}
		r.UpdatedAt, r.Revision = db.now(), old.Revision+1
		if err := updateRecording(ctx, tx, r); err != nil {
			return wrap("change "+r.Name(), err)
		}
		return wrap("queue "+r.Name(), db.o.Enqueue(ctx, tx, r))
	})
	if err != nil {
		return recording.Recording{}, err
	}
	db.o.Changed(id)
	return r, nil
}

// Interrupted lists the recordings that are marked running, the oldest first. At the
// start, before any job runs, these are the ones that a crash broke off.
func (db *DB) Interrupted(ctx context.Context) ([]recording.Recording, error) {
	recs, err := list(ctx, db.r, scanRecording, `SELECT `+recordingColumns+` FROM recordings WHERE state = $1 ORDER BY created_at, id`, recording.Running)
	return recs, wrap("list interrupted recordings", err)
}

// ParkedFor lists the recordings that are parked with that reason, the oldest first.
func (db *DB) ParkedFor(ctx context.Context, reason string) ([]recording.ID, error) {
	ids, err := list(ctx, db.r, scanID, `SELECT id FROM recordings WHERE state = $1 AND problem_reason = $2 ORDER BY created_at, id`, recording.Parked, reason)
	return ids, wrap("list parked recordings", err)
}

// changeRecording writes the state, problem and counts that change returns. Where they
// are as before, nothing is written.
func (db *DB) changeRecording(ctx context.Context, id recording.ID, change func(recording.Recording) (recording.Recording, error)) (recording.Recording, error) {
	var r recording.Recording
	wrote := false
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		old, err := readRecording(ctx, tx, id)
		if err != nil {
			return err
		}
		if r, err = change(old); err != nil {
			return err
		}
		if wrote = r != old; !wrote {
			return nil
		}
		r.UpdatedAt, r.Revision = db.now(), old.Revision+1
		return wrap("change "+r.Name(), updateRecording(ctx, tx, r))
	})
	if err != nil {
		return recording.Recording{}, err
	}
	if wrote {
		db.o.Changed(id)
	}
	return r, nil
}

func updateRecording(ctx context.Context, tx Tx, r recording.Recording) error {
	var p recording.Problem
	if r.Problem != nil {
		p = *r.Problem
	}
	return exec(ctx, tx, `UPDATE recordings SET state = $1, problem_reason = $2, problem_message = $3, attempts = $4, deaths = $5,
			updated_at = $6, revision = $7 WHERE id = $8`,
		r.State, p.Reason, p.Message, r.Attempts, r.Deaths, micros(r.UpdatedAt), r.Revision, r.ID)
}
