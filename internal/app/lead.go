package app

import (
	"context"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

// takeBackEvery is how often the leader looks for what servers left that are not there any more.
const takeBackEvery = 10 * time.Second

// alone tells that no other server works with the database.
func (a *App) alone() bool { return !a.db.Joined() }

// together is how far a server knows what others did that work with the same database. One that is far behind is
// not ready, and answers what it knows all the same, with the moment up to which it knows.
type together struct{ *store.DB }

// Stale implements gate.Behind.
func (together) Stale(string) (stale, open bool) { return false, false }

// leading does what one server of all does, where this one leads, by a context that ends with its lead. Nothing that
// is written by it after that is kept.
func (a *App) leading(ctx context.Context, do func(context.Context)) {
	leading, done, ok := a.db.Lead(ctx)
	if !ok {
		return
	}
	defer done()
	do(leading)
}

// lead does what the leader of several servers does besides what each would do alone, until ctx ends: it
// goes on with what the leader before left, and takes back what servers left that are not there any more. These go
// side by side: who was erased may take long, and whoever was called is to be heard within a minute.
func (a *App) lead(ctx context.Context) error {
	var beside sync.WaitGroup
	beside.Go(func() { a.takeBackDead(ctx) })
	defer beside.Wait()
	if !a.resumed { // another server leads: whoever was erased as this one knows, and not the database, is erased now
		a.goOnErasing(ctx)
	}
	for {
		select {
		case <-a.db.Gained():
			a.log.InfoContext(ctx, "this server leads: it erases what is over, goes on with runs, and takes back what other "+
				"servers leave")
			a.leading(ctx, a.takeLead)
		case <-ctx.Done():
			return nil
		}
	}
}

// takeBackDead takes back, while this server leads, what servers left that are not there any more, until ctx ends.
func (a *App) takeBackDead(ctx context.Context) {
	ticks, stop := a.every(takeBackEvery)
	defer stop()
	left := map[recording.ID]int64{}
	for {
		select {
		case <-ticks:
			a.leading(ctx, func(ctx context.Context) { left = a.takeFromDead(ctx, left) })
		case <-ctx.Done():
			return
		}
	}
}

// resumeAsLeader carries out at the start what was left unfinished, where this server leads. What servers left that
// died meanwhile it takes back all the same, since nobody else does.
func (a *App) resumeAsLeader(ctx context.Context) (err error) {
	within, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { a.takeBackDead(within) })
	defer beside.Wait()
	defer stop()
	a.leading(ctx, func(ctx context.Context) { err, a.resumed = a.resumeErasing(ctx), true })
	return err
}

// takeLead goes on with what the leader before left, and first with what is soon done.
func (a *App) takeLead(ctx context.Context) {
	if err := a.runner.WakePaused(ctx, a.db.Recordings); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "recordings that pause could not be woken; the job queue does so later", "error", err)
	}
	a.goOnErasing(ctx)
	select {
	case a.due <- struct{}{}:
	default:
	}
	select {
	case a.goOn <- struct{}{}:
	default:
	}
}

func (a *App) goOnErasing(ctx context.Context) {
	if err := a.resumeErasing(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "what was begun to be erased could not be", "error", err)
	}
}

// takeFromDead takes back the recordings of servers that are not present, and were not at the last look, when these
// were left: a connection that breaks is mended within moments. It gives what is left now.
func (a *App) takeFromDead(ctx context.Context, before map[recording.ID]int64) map[recording.ID]int64 {
	left, err := a.db.Recordings.Abandoned(ctx)
	if err != nil {
		if ctx.Err() == nil {
			a.log.ErrorContext(ctx, "what other servers left could not be looked for; trying again in seconds", "error", err)
		}
		return before
	}
	dead := map[recording.ID]int64{}
	for id, holder := range left {
		if is, was := before[id]; was && is == holder {
			dead[id] = holder
		}
	}
	if len(dead) == 0 {
		return left
	}
	a.log.WarnContext(ctx, "taking back recordings that a server was transcribing which is not there any more",
		"recordings", len(dead))
	if err := a.runner.TakeFrom(ctx, a.db.Recordings, dead); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "what other servers left could not be taken back; trying again in seconds", "error", err)
	}
	return left
}

// rejudgeAsLeader carries out runs while this server leads, until ctx ends.
func (a *App) rejudgeAsLeader(ctx context.Context) error {
	if a.alone() {
		return a.rejudging(ctx)
	}
	for {
		a.leading(ctx, func(ctx context.Context) {
			if err := a.rejudging(ctx); err != nil {
				a.log.ErrorContext(ctx, "judging again ended", "error", err)
			}
		})
		select {
		case <-a.goOn:
		case <-ctx.Done():
			return nil
		}
	}
}

// mostBehind is how far a server's memory may be behind what other servers commit before diallers should ask
// another one.
const mostBehind = 5 * time.Second

// behind is how far a server among others is behind them, 0 where it is not.
func (a *App) behind() time.Duration {
	if a.only != nil || a.alone() {
		return 0
	}
	if by := time.Since(a.db.AsOf()); by > mostBehind {
		return by
	}
	return 0
}
