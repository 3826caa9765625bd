package app

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/internal/store"
)

// How often the server looks after itself.
const (
	// flushEvery bounds how many of the gate's answers a crash leaves uncounted.
	flushEvery = time.Minute
	// headEvery is how often the ledger's head is logged, as proof that no tail was cut, and
	// synced where it lies beside the database; and how often what is over is erased.
	headEvery = time.Hour
	// sweepEvery is how often what is over is dropped from the gate's table.
	sweepEvery = 10 * time.Minute
)

// every ticks by the real clock.
func every(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

// upkeep does what has to be done now and then, until ctx ends.
func (a *App) upkeep(ctx context.Context) error {
	a.leading(ctx, a.logHead)
	a.leading(ctx, a.pruneChanges)
	a.lookAtClock(ctx)
	flush, stopFlush := a.every(flushEvery)
	defer stopFlush()
	head, stopHead := a.every(headEvery)
	defer stopHead()
	sweep, stopSweep := a.every(sweepEvery)
	defer stopSweep()
	look, stopLook := a.every(clockEvery)
	defer stopLook()
	for {
		select {
		case <-flush:
			a.lookForDatabase(ctx)
			a.noteUse(ctx)
			if err := a.flushTally(ctx); err != nil {
				a.log.ErrorContext(ctx, "the gate's counts could not be kept; trying again in a "+
					"minute", "error", err)
			}
		case <-head:
			a.leading(ctx, a.logHead)
			a.syncHead(ctx)
			a.leading(ctx, a.pruneChanges)
			a.leading(ctx, a.forgetSessions)
			a.stood(ctx)
			select {
			case a.due <- struct{}{}:
			default: // it is at it still
			}
		case <-sweep:
			a.table.Sweep(a.now())
		case <-look:
			a.lookAtClock(ctx)
			a.heedClock(ctx)
			a.heedKeys(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// flushTally keeps what the gate's answers were counted to since the last time.
func (a *App) flushTally(ctx context.Context) error {
	if a.onlyChecks() { // they are lost: nothing can be kept
		return nil
	}
	taken := a.tally.Take()
	err := a.db.Figures.AddGateCounts(ctx, taken)
	if err != nil {
		a.tally.Return(taken)
	}
	return err
}

// pruneChanges drops what the feed told long ago.
func (a *App) pruneChanges(ctx context.Context) {
	if a.onlyChecks() {
		return
	}
	if err := a.db.PruneChanges(ctx, a.now().Add(-store.KeepChanges)); err != nil &&
		ctx.Err() == nil {
		a.log.ErrorContext(ctx, "old changes could not be pruned; trying again in an hour", "error",
			err)
	}
}

// logHead notes the ledger's head outside of the database.
func (a *App) logHead(ctx context.Context) {
	seq, head, err := a.db.Freezes.LedgerHead(ctx)
	switch {
	case ctx.Err() != nil: // the server is stopping
		return
	case err != nil:
		a.log.ErrorContext(ctx, "the ledger's head could not be read", "error", err)
		return
	}
	a.log.InfoContext(ctx, "the ledger's head; 'refrain freeze verify --head' takes it", "entries",
		seq, "head", head.String())
	a.logAuditHead(ctx)
}
