package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/refrain-asr/refrain/recording"
)

// Backlog lists what a server left to do.
type Backlog interface {
	// InState lists the recordings in that state, the oldest first.
	InState(ctx context.Context, s recording.State) ([]recording.Recording, error)
	// Paused lists the queued recordings that pause after a failure.
	Paused(ctx context.Context) ([]recording.Recording, error)
}

// TakeBack returns to the queue every recording that a server was working on when it
// died, counts the attempt, and wakes those whose pause after a failure would not end, as
// their wake-up was lost. It tells how many had been running. To be called before Run, and only by a process that has the
// database to itself: what others were working on would be taken from them.
func (r *Runner) TakeBack(ctx context.Context, b Backlog) (interrupted int, err error) {
	running, err := b.InState(ctx, recording.Running)
	if err != nil {
		return 0, err
	}
	p := recording.Problem{Reason: recording.ServerStopped,
		Message: "the server stopped in the middle of the attempt"}
	for _, rec := range running {
		rec, err := r.recordings.FailAttempt(ctx, rec.ID, p, false)
		if err != nil {
			return 0, err
		}
		if rec.State == recording.Parked {
			r.worker.parked(ctx, rec, p)
		}
	}
	return len(running), r.WakePaused(ctx, b)
}

// WakePaused wakes the recordings whose pause after a failure would not end, as their wake-up was lost.
func (r *Runner) WakePaused(ctx context.Context, b Backlog) error {
	paused, err := b.Paused(ctx)
	if err != nil {
		return err
	}
	return r.wake(ctx, paused)
}

// Left are recordings that servers were at which are not there any more.
type Left interface {
	// TakeFrom is Recordings.FailAttempt of the attempt that a server made. Precondition where another one
	// is at it by now.
	TakeFrom(ctx context.Context, holder int64, id recording.ID, p recording.Problem) (recording.Recording, error)
}

// TakeFrom returns to the queue what servers were at that are not there any more, each recording with its
// server, and counts the attempts.
func (r *Runner) TakeFrom(ctx context.Context, l Left, dead map[recording.ID]int64) error {
	p := recording.Problem{Reason: recording.ServerStopped,
		Message: "the server that was at it stopped, or was cut off, in the middle of the attempt"}
	for id, holder := range dead {
		rec, err := l.TakeFrom(ctx, holder, id, p)
		switch {
		case settled(err):
		case err != nil:
			return err
		case rec.State == recording.Parked:
			r.worker.parked(ctx, rec, p)
		}
	}
	return nil
}

// wake adds the wake-ups that are missing. A server that dies between fetching one and
// heeding it leaves one that River takes for running.
func (r *Runner) wake(ctx context.Context, paused []recording.Recording) error {
	if len(paused) == 0 {
		return nil
	}
	coming, err := r.coming(ctx)
	if err != nil {
		return fmt.Errorf("look through the job queue: %w", err)
	}
	var missing []river.InsertManyParams
	for _, rec := range paused {
		if w := wakeUpFor(rec); !coming[w.Args.(wakeUp)] {
			missing = append(missing, w)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := r.client.InsertMany(ctx, missing); err != nil {
		return fmt.Errorf("add to the job queue: %w", err)
	}
	return nil
}

// coming are the wake-ups that River has still to deliver.
func (r *Runner) coming(ctx context.Context) (map[wakeUp]bool, error) {
	found := make(map[wakeUp]bool)
	page := river.NewJobListParams().Kinds(wakeUp{}.Kind()).First(pageSize).
		States(rivertype.JobStateAvailable, rivertype.JobStateScheduled,
			rivertype.JobStateRetryable)
	for {
		res, err := r.client.JobList(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, job := range res.Jobs {
			var w wakeUp
			if err := json.Unmarshal(job.EncodedArgs, &w); err != nil {
				return nil, fmt.Errorf("job %d: %w", job.ID, err)
			}
			found[w] = true
		}
		if len(res.Jobs) < pageSize {
			return found, nil
		}
		page = page.After(res.LastCursor)
	}
}

// pageSize is how many jobs are listed at once.
const pageSize = 1000
