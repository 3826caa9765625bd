package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// wakeUp says that an attempt at a recording is due. It is how River knows it, and so
// must stay readable: older ones have no attempt, and are taken for the first.
type wakeUp struct {
	RecordingID recording.ID `json:"recording_id"`
	// Attempt is how many attempts there were when this one was arranged.
	Attempt int `json:"attempt"`
}

// Kind implements river.JobArgs.
func (wakeUp) Kind() string { return "transcribe" }

// wakeUpFor is the wake-up of a queued recording. River looks every few seconds for
// those whose time has come, and at once for those without one.
func wakeUpFor(r recording.Recording) river.InsertManyParams {
	w := river.InsertManyParams{Args: wakeUp{RecordingID: r.ID, Attempt: r.Attempts}}
	if pause := r.Pause(); pause > 0 {
		w.InsertOpts = &river.InsertOpts{ScheduledAt: time.Now().Add(pause)}
	}
	return w
}

// stuckAfter is when River takes a job for lost, longer than any attempt may take: hours
// of audio, ten times over. What is lost comes again then, and finds nothing due.
const stuckAfter = 14 * 24 * time.Hour

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[wakeUp]) time.Duration { return stuckAfter }

// Work implements river.Worker. The job is done whatever becomes of the attempt, since
// the recording arranges what comes next; only where the database can't say whether the
// recording is due, River tries again.
func (w *worker) Work(ctx context.Context, job *river.Job[wakeUp]) error {
	r, err := w.recordings.BeginAttempt(ctx, job.Args.RecordingID, job.Args.Attempt)
	if settled(err) {
		return nil
	}
	if err != nil {
		return err
	}
	w.attempt(ctx, r)
	return nil
}

// settled tells that the recording is not there any more, or not due.
func settled(err error) bool {
	kind := fault.KindOf(err)
	return kind == fault.NotFound || kind == fault.Precondition
}
