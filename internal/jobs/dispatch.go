package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// lookEvery is how often is looked for what is due without being told of it: a hint may get lost.
const lookEvery = 15 * time.Second

// look has it found out soon whether something is due. It never waits.
func (w *worker) look() {
	select {
	case w.hints <- struct{}{}:
	default: // it will be found out anyway
	}
}

// run begins attempts at what is due, as many as there is room for, until ctx ends. Those under
// way then get the grace period to finish; what remains is broken off and handed back.
func (w *worker) run(ctx context.Context) {
	working, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	var underWay sync.WaitGroup
	w.dispatch(ctx, func(r recording.Recording, leave func()) {
		underWay.Go(func() {
			defer w.look()
			defer leave()
			w.attempt(working, r)
		})
	})
	late := time.AfterFunc(w.grace, breakOff)
	defer late.Stop()
	underWay.Wait()
}

// dispatch begins what is due until ctx ends.
func (w *worker) dispatch(ctx context.Context, begun func(r recording.Recording, leave func())) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for pause := time.Duration(0); ctx.Err() == nil; {
		if w.beginAll(ctx, begun) {
			pause = 0
		} else {
			pause = min(max(time.Second, 2*pause), time.Minute)
		}
		w.idle(ctx, tick.C, pause)
	}
}

// idle waits until there may be something to do, or where the database failed, for the pause.
func (w *worker) idle(ctx context.Context, tick <-chan time.Time, pause time.Duration) {
	if pause > 0 {
		select {
		case <-w.after(pause):
		case <-ctx.Done():
		}
		return
	}
	select {
	case <-w.hints:
	case <-tick:
	case <-ctx.Done():
	}
}

// beginAll begins what is due while there is room; ok is false where the database failed.
func (w *worker) beginAll(
	ctx context.Context, begun func(r recording.Recording, leave func()),
) (ok bool) {
	for ctx.Err() == nil {
		lane, free := w.lanes.free()
		if !free {
			return true
		}
		r, err := w.recordings.BeginNext(ctx, lane)
		switch {
		case err == nil:
			begun(r, w.lanes.enter(r))
		case fault.KindOf(err) == fault.NotFound, ctx.Err() != nil:
			return true
		default:
			w.log.ErrorContext(ctx, "what is due could not be read; trying again", "error", err)
			return false
		}
	}
	return true
}
