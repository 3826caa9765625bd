package app

import (
	"context"

	"github.com/refrain-asr/refrain/recording"
)

// takeOver does at the start what only a lone process may do, the one that holds the
// data directory's lock: each step takes for granted that whatever looks unfinished was
// left by a process that is dead, and would break the work of one that lives. Beyond
// these steps, what is kept in memory relies on there being one process: the gate's table,
// those who watch recordings, and the rules and lexicon in force.
func (a *App) takeOver(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.sweepAudio, a.takeBack, a.retryUnheard,
		a.recallSources} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sweepAudio removes uploads that were never acknowledged.
func (a *App) sweepAudio(ctx context.Context) error {
	removed, err := a.blobs.Sweep(ctx, a.db.Recordings.Known)
	if removed > 0 {
		a.log.WarnContext(ctx, "removed audio that belongs to no recording", "files", removed)
	}
	return err
}

// takeBack queues the recordings that were being transcribed.
func (a *App) takeBack(ctx context.Context) error {
	interrupted, err := a.runner.TakeBack(ctx, a.db.Recordings)
	if interrupted > 0 {
		a.log.WarnContext(ctx, "taking back recordings that were being transcribed when the "+
			"server stopped", "recordings", interrupted)
	}
	return err
}

// retryUnheard takes up the recordings that were parked because the model could not
// be used, now that it can: that was none of their fault.
func (a *App) retryUnheard(ctx context.Context) error {
	if !a.hears {
		return nil
	}
	n, err := recording.RetryParked(ctx, a.db.Recordings,
		recording.ParkedFilter{Reason: recording.SpeechFailed})
	if n > 0 {
		a.log.InfoContext(ctx, "taking up recordings that an unusable model had left unheard",
			"recordings", n)
	}
	return err
}
