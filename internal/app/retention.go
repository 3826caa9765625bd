package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/retention"
)

// openRetention readies erasing. What the last server left unfinished is carried out, before anything
// that was to go is served.
func (a *App) openRetention(ctx context.Context) error {
	a.retention = &retention.Service{
		Store: a.db.Retention, Audio: a.blobs, Journal: datadir.Erasures{Dir: a.cfg.Data, Damaged: func(err error) {
			a.log.ErrorContext(ctx, "a line that tells of an erasure is passed over", "error", err)
		}},
		Policy: a.cfg.Retention.Policy(), Names: names{a.keys}, Rest: rest, Now: a.now, Turn: a.db.Turn,
		Audited: a.db.Audit, Erased: a.erased,
	}
	if a.bucket != nil {
		a.retention.Journal = &journal{a.retention.Journal, a}
	}
	if a.onlyChecks() { // nothing can be erased
		return nil
	}
	if a.alone() {
		return a.resumeErasing(ctx)
	}
	return a.resumeAsLeader(ctx)
}

// resumeErasing carries out what was left unfinished. Where the audio can't be reached that is to go, it is done
// once it can: diallers must not wait for it.
func (a *App) resumeErasing(ctx context.Context) error {
	if err := a.shareErasures(ctx); err != nil {
		return err
	}
	did, err := a.retention.Resume(ctx)
	for _, left := range did.Left {
		a.log.ErrorContext(ctx, "a person who was to be erased is not", "error", left)
	}
	for _, id := range did.Unfound {
		a.log.WarnContext(ctx, "nobody was found for an erasure: the database knows nothing of the person, or only in "+
			"texts in a form that is not known", "erasure", id)
	}
	if did.People > 0 {
		a.log.WarnContext(ctx, "carried out erasures of people that the database did not know, or that the "+
			"last server had not ended", "people", did.People)
	}
	if a.bucket == nil {
		return err
	}
	if a.bucket.unerased = recording.StoreAway(err); a.bucket.unerased {
		a.log.ErrorContext(ctx, "what was to be erased is not yet: it is once the bucket that keeps audio can be used",
			"error", err)
		return nil
	}
	return err
}

// erased tells what went: those who look at metrics and log, and the audit's record.
func (a *App) erased(k retention.Kind, gone retention.Amount) {
	a.metrics.Erased(string(k), gone.Count, gone.Bytes)
	a.log.Info("erased", "kind", string(k), "count", gone.Count, "bytes", gone.Bytes)
	if k == retention.Audit { // which has its own entry
		return
	}
	e := audit.Entry{Actor: audit.Self, Action: audit.Delete, Subject: "retention", Details: map[string]string{
		"kind": string(k), "count": strconv.FormatInt(gone.Count, 10), "bytes": strconv.FormatInt(gone.Bytes, 10)}}
	if err := a.db.Audit.Record(context.Background(), e); err != nil {
		a.log.Error("what was erased could not be recorded", "kind", string(k), "error", err)
	}
}

// names are those that the ledger's keys give.
type names struct{ freeze.Keys }

// Name implements retention.Names.
func (n names) Name(of number.Number) (name, key string) { return n.NumberMAC(of).String(), n.ID() }

// All implements retention.Names.
func (n names) All(of number.Number) (all []string) {
	for _, mac := range n.NumberMACs(of) {
		all = append(all, mac.String())
	}
	return all
}

// Knows implements retention.Names.
func (n names) Knows(key string) bool {
	return slices.ContainsFunc(n.Generations(), func(g freeze.Keys) bool { return g.ID() == key })
}

// resting is how many times as long as a portion took the next one waits. On two cores a check that comes
// while a portion goes waits for it: with fifteen these are so few that the 99th percentile of all checks stays
// about as it is without erasing, with two it was four times that (docs/benchmarks.md, section p).
const resting = 15

// rest lets others go first: they have most of the time, of the disk and of the processor.
func rest(ctx context.Context, took time.Duration) error {
	t := time.NewTimer(resting * took)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retain erases what is over at the start, and then when upkeep says so, until ctx ends. It stands
// beside upkeep since it may take long.
func (a *App) retain(ctx context.Context) error {
	for {
		a.leading(ctx, a.scrub)
		a.leading(ctx, a.retainOnce)
		select {
		case <-a.due:
		case <-ctx.Done():
			return nil
		}
	}
}

// roomAnew says why the database, which is so many bytes large, can't be written anew: that takes as much
// for its log, and as much for a copy in the directory for temporary files.
func (a *App) roomAnew(bytes int64) error {
	if disk.Together(a.cfg.Data, store.TempDir()) {
		bytes *= 2
	}
	return a.reserve.Spare(bytes)
}

// scrub ends what erasures of people left to do.
func (a *App) scrub(ctx context.Context) {
	err := a.retention.Scrub(ctx)
	a.metrics.Scrubbed(err == nil)
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "what is left of people who were erased could not be overwritten; trying "+
			"again in an hour", "error", err)
	}
}

// maxIdle is how long after all that is known to have happened the clock is believed.
const maxIdle = 7 * retention.Day

// clockTrusted tells whether the clock was not set forward just now, and is near to what is known to have
// happened: one that is years ahead would have all erased.
func (a *App) clockTrusted(ctx context.Context) bool {
	a.lookAtClock(ctx)
	if by := a.clock.leap(); by > 0 {
		a.log.WarnContext(ctx, "nothing is erased, since the clock was set forward: it goes on an hour after a step of "+
			"up to a week, and after a longer one once the clock is set back, or the server started again where it is "+
			"right now; or by hand: refrain retention run", "by", by, "clock", a.now())
		return false
	}
	last, err := a.db.Retention.LastArrival(ctx)
	if err != nil {
		if ctx.Err() != nil { // the server is stopping, or another one leads
			return false
		}
		a.log.ErrorContext(ctx, "nothing is erased: what came last could not be read", "error", err)
		return false
	}
	if now := a.now(); !last.IsZero() && now.Sub(last) > maxIdle {
		a.log.WarnContext(ctx, "nothing is erased, since nothing came for a week: is the clock ahead? It goes on "+
			"once something comes, or by hand: refrain retention run", "clock", now, "last", last)
		return false
	}
	return true
}

func (a *App) retainOnce(ctx context.Context) {
	if !a.clockTrusted(ctx) {
		return
	}
	_, err := a.retention.Run(ctx)
	if fault.ReasonOf(err) != "RETENTION_RUNNING" {
		err = errors.Join(err, a.purgeStrays(ctx))
	}
	switch {
	case ctx.Err() != nil, fault.ReasonOf(err) == "RETENTION_RUNNING": // somebody asked for it
		return
	case err != nil:
		a.log.ErrorContext(ctx, "what is over could not be erased; trying again in an hour", "error", err)
	}
	a.metrics.RetentionRan(float64(a.now().Unix()), err != nil)
}

// purgeStrays removes audio that belongs to no recording once it was set aside for as long as audio is
// kept on any line. While something that is wrong with the data directory is accepted it removes none: it
// may be the database that is wrong.
func (a *App) purgeStrays(ctx context.Context) error {
	if len(a.meant) > 0 {
		return nil
	}
	before := a.cfg.Retention.Policy().Cut(retention.Audio, a.now()).Earliest()
	n, err := a.blobs.PurgeStrays(ctx, a.db.Retention.Gone, before)
	if n > 0 {
		a.metrics.Erased("stray", int64(n), 0)
		a.log.InfoContext(ctx, "erased", "kind", "stray audio", "count", n)
	}
	if err != nil {
		return fmt.Errorf("remove audio that belongs to no recording: %w", err)
	}
	return nil
}
