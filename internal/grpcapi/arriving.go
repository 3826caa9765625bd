package grpcapi

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// What was received of a message lies in memory before anything here sees of it: gRPC hands on whole
// messages. So there is a time within which the one message of a call must have come.
const (
	// mostArriving is how many calls may wait for their message for longer than arrivesWithin.
	mostArriving  = 64
	arrivesWithin = 2 * time.Second
)

// arrivals are calls whose one message has not come yet.
type arrivals struct {
	// within is how long a message may take.
	within  time.Duration
	waiting atomic.Int64
	late    func()
}

// arrival is one of them, and the context of its call: gRPC gives up reading when that ends.
type arrival struct {
	context.Context //nolint:containedctx // it is one
	of              *arrivals
	cancel          context.CancelFunc
	late            atomic.Bool
	over            sync.Once

	mu    sync.Mutex
	timer *time.Timer
}

type arrivalKey struct{}

// begin waits for the message of a call.
func (a *arrivals) begin(ctx context.Context) context.Context {
	one := &arrival{of: a}
	one.Context, one.cancel = context.WithCancel(ctx)
	a.waiting.Add(1)
	one.mu.Lock()
	one.timer = time.AfterFunc(min(arrivesWithin, a.within), one.stillWaits)
	one.mu.Unlock()
	context.AfterFunc(ctx, func() { one.end(); one.cancel() })
	return one
}

// came notes that the message of a call is there, if there is only one to come.
func came(ctx context.Context) {
	if one, ok := ctx.Value(arrivalKey{}).(*arrival); ok {
		one.end()
	}
}

func (a *arrival) end() {
	a.over.Do(func() {
		a.of.waiting.Add(-1)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.timer.Stop()
		a.timer = nil
	})
}

// stillWaits lets a call wait on while there are few that do.
func (a *arrival) stillWaits() {
	a.mu.Lock()
	if a.timer == nil {
		a.mu.Unlock()
		return
	}
	if more := a.of.within - arrivesWithin; more > 0 && a.of.waiting.Load() <= mostArriving {
		a.timer = time.AfterFunc(more, a.giveUp)
		a.mu.Unlock()
		return
	}
	a.mu.Unlock()
	a.giveUp()
}

func (a *arrival) giveUp() {
	a.over.Do(func() {
		a.of.waiting.Add(-1)
		a.late.Store(true)
		a.cancel()
		a.of.late()
	})
}

// Err implements context.Context: it is the time that is over, where nobody cancelled. gRPC answers
// DEADLINE_EXCEEDED by itself then.
func (a *arrival) Err() error {
	if a.late.Load() {
		return context.DeadlineExceeded
	}
	return a.Context.Err()
}

// Value implements context.Context.
func (a *arrival) Value(key any) any {
	if key == (arrivalKey{}) {
		return a
	}
	return a.Context.Value(key)
}
