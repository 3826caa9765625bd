package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// wakeUp says that an attempt at a recording is due. It is a hint: which recording's turn it is
// then, the database says. It is how River knows it, and so must stay readable: older ones have
// no attempt, and are taken for the first.
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

// Work implements river.Worker. It ends the recording's pause, if there was one, and has the
// worker look for what is due; only where the database can't be asked, River tries again.
func (w *worker) Work(ctx context.Context, job *river.Job[wakeUp]) error {
	if err := w.recordings.EndPause(ctx, job.Args.RecordingID, job.Args.Attempt); err != nil {
		return err
	}
	w.look()
	return nil
}

// settled tells that the recording is not there any more, or not due.
func settled(err error) bool {
	kind := fault.KindOf(err)
	return kind == fault.NotFound || kind == fault.Precondition
}
