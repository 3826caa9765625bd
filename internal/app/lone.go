package app

import (
	"context"
	"errors"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/recording"
)

// takeOver does at the start what a dead process left to do. Sweeping audio and taking back what runs take for
// granted that whatever looks unfinished is nobody's, and would break the work of a server that lives: one that works
// alone does so, since it holds the data directory's lock, and of several the one that leads, which tells by the
// database who lives; see lead.
func (a *App) takeOver(ctx context.Context) error {
	steps := []func(context.Context) error{a.retryUnheard, a.retryAfterCrashes, a.recallSources}
	if a.alone() {
		steps = append([]func(context.Context) error{a.sweepAudio, a.takeBack}, steps...)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sweepStore moves audio away that belongs to no recording, such as uploads that were never
// acknowledged.
func (a *App) sweepStore(ctx context.Context) error {
	meant := a.accepts(datadir.MissingDatabase, datadir.OtherDatabase, datadir.OlderDatabase, datadir.OtherBucket)
	swept, err := a.blobs.Sweep(ctx, a.db.Recordings.Known, a.db.Retention.Gone, a.now(), meant)
	if doubt, ok := errors.AsType[*blob.DoubtError](err); ok {
		return errors.New(datadir.Finding{Kind: datadir.OlderDatabase, Message: doubt.Error(),
			Means: "the files are moved to audio/stray"}.String())
	}
	if swept.Strayed > 0 && err == nil {
		a.log.WarnContext(ctx, "moved audio away that belongs to no recording; nothing deletes it",
			"files", swept.Strayed, "to", swept.To)
	}
	if swept.Removed > 0 {
		a.metrics.Erased("stray", int64(swept.Removed), 0)
		a.log.WarnContext(ctx, "removed audio that had been erased, and lay there again: was the audio directory put "+
			"back from a backup?", "files", swept.Removed)
	}
	if swept.Returned > 0 {
		a.log.WarnContext(ctx, "put audio back that had been moved away and has a recording after all",
			"files", swept.Returned)
	}
	return err
}

// takeBack queues the recordings that were being transcribed.
func (a *App) takeBack(ctx context.Context) error {
	interrupted, err := a.runner.TakeBack(ctx, a.db.Recordings)
	a.crashed = interrupted > 0
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

// retryAfterCrashes takes up what was parked because the server or the speech process kept dying,
// in a start that has heard something; see recording.TakenUpOnce. After a stop that broke off
// attempts the dying may go on: then it waits for a start after another kind of stop, or until
// this server has stood for a while.
func (a *App) retryAfterCrashes(ctx context.Context) error {
	if a.crashed || a.heardBy == "" {
		return nil
	}
	for _, reason := range recording.TakenUpOnce() {
		n, err := recording.RetryParked(ctx, a.db.Recordings,
			recording.ParkedFilter{Reason: reason, Occasion: a.heardBy})
		if err != nil {
			return err
		}
		if n > 0 {
			a.log.WarnContext(ctx, "taking up recordings that were parked while the server or its "+
				"speech process kept dying; once by this program and model", "recordings", n,
				"reason", reason)
		}
	}
	return nil
}

// stood lets recordings be taken up that were parked by crashes before this start, now that the
// server has lived on.
func (a *App) stood(ctx context.Context) {
	if !a.crashed {
		return
	}
	a.crashed = false
	if err := a.retryAfterCrashes(ctx); err != nil {
		a.crashed = true
		a.log.ErrorContext(ctx, "recordings that crashes parked could not be taken up; trying again in an "+
			"hour", "error", err)
	}
}
