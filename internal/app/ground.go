package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/store"
)

// What a server is ready for, each by itself: to take recordings, to answer whether a number may
// be called, and to keep decisions, reports and orders.
const (
	forIntake = "intake"
	forGate   = "gate"
	forReview = "review"
)

var purposes = []string{forIntake, forGate, forReview}

const (
	// groundEvery is how often it is looked at what the server stands on.
	groundEvery = 2 * time.Second
	// tellEvery is how often the log tells of one trouble.
	tellEvery = time.Minute
)

// troubles are what the log was told of.
type troubles struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// again reports that it is time to tell of a trouble.
func (t *troubles) again(reason string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.last[reason]; ok && now.Sub(last).Abs() < tellEvery {
		return false
	}
	if t.last == nil {
		t.last = map[string]time.Time{}
	}
	t.last[reason] = now
	return true
}

// explain makes a fault of what the disk, or another program at the database, did; nil of
// anything else. It is what callers are told, and the log now and then.
func (a *App) explain(err error) *fault.Error {
	f := disk.Explain(err)
	if f == nil {
		f = store.Explain(err)
	}
	if f != nil {
		a.tell(f)
	}
	return f
}

func (a *App) tell(f *fault.Error) {
	if a.told.again(f.Reason, a.now()) {
		a.log.Error("requests fail, and nothing is kept of them", "reason", f.Reason, "error", f)
	}
}

// failed is told of each transaction that couldn't be written.
func (a *App) failed(f *fault.Error) {
	if f.Reason == disk.FullReason {
		a.reserve.GiveUp()
	}
	a.tell(f)
}

// watchGround looks after what the server stands on, until ctx ends.
func (a *App) watchGround(ctx context.Context) error {
	ticks, stop := a.every(groundEvery)
	defer stop()
	for {
		select {
		case <-ticks:
			if !a.onlyChecks() {
				a.lookAtGround(ctx)
			}
			a.tellHealth()
		case <-ctx.Done():
			return nil
		}
	}
}

// lookAtGround keeps the reserve and the size of the database's log, and finds out whether what
// failed goes again.
func (a *App) lookAtGround(ctx context.Context) {
	a.reserve.Look()
	if failing := a.db.Failing(); failing != nil || a.reserve.Short() {
		if a.db.Probe(ctx) == nil && failing != nil {
			a.log.InfoContext(ctx, "the database can be written again", "after", failing)
		}
	}
	busy, err := a.db.TrimLog(ctx, store.LogLimit)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		if a.told.again("trim", a.now()) {
			a.log.ErrorContext(ctx, "the database's log could not be made small", "error", err)
		}
	case busy:
		if a.told.again("log", a.now()) {
			a.log.WarnContext(ctx, "the database's log (-wal) is large, because somebody reads what is in "+
				"it: a backup, an export or another program at the database; it is made small once that ends")
		}
	}
}

// tellHealth tells whoever watches by gRPC what the server is ready for.
func (a *App) tellHealth() {
	for _, purpose := range append([]string{""}, purposes...) {
		a.health.SetServingStatus(purpose, a.serving(purpose))
	}
	if h := a.gate.health; h != nil { // for nothing else is asked there
		is := a.serving(forGate)
		h.SetServingStatus("", is)
		h.SetServingStatus(forGate, is)
	}
}

func (a *App) serving(purpose string) healthpb.HealthCheckResponse_ServingStatus {
	if a.ready(purpose) != nil {
		return healthpb.HealthCheckResponse_NOT_SERVING
	}
	return healthpb.HealthCheckResponse_SERVING
}

// ready is nil where the server serves that purpose, "" for all of them, and else tells why it
// doesn't.
func (a *App) ready(purpose string) error {
	select {
	case <-a.stopping:
		return errors.New("stopping")
	default:
	}
	switch purpose {
	case forGate: // checks are answered from memory, whatever becomes of the disk
		if by := a.behind(); by > 0 {
			return fmt.Errorf("this server doesn't know what other servers did in the last %v, since it can't reach the "+
				"database: ask another one", by.Round(time.Second))
		}
		return nil
	case forReview:
		return a.db.Failing()
	case forIntake:
		if err := a.db.Failing(); err != nil {
			return err
		}
		if err := a.reserve.Full(); err != nil {
			return err
		}
		return a.blobs.Ready()
	}
	var errs []error
	for _, p := range purposes {
		if err := a.ready(p); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p, err))
		}
	}
	return errors.Join(errs...)
}

// groundNotes say what a gate doesn't do that is ready all the same.
func (a *App) groundNotes(purpose string) []string {
	if purpose != forGate {
		return nil
	}
	if err := a.db.Failing(); err != nil {
		return []string{"checks are answered from memory, and reservations and reports are refused: " +
			err.Error()}
	}
	return nil
}
