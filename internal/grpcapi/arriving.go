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
	within time.Duration
	// long is how many have taken longer than arrivesWithin.
	long atomic.Int64
	// late is called for each that is given up.
	late func()
}

// arrival is one of them, and the context of its call: gRPC gives up reading when that ends.
type arrival struct {
	context.Context //nolint:containedctx // it is one
	of              *arrivals
	cancel          context.CancelFunc
	// ended is called once, when the call has ended; unwatch keeps the end of its context from calling it.
	ended   func()
	unwatch func() bool

	mu sync.Mutex
	// timer is nil once it is over.
	timer      *time.Timer
	long, late bool
}

type arrivalKey struct{}

// begin waits for the message of a call, and calls ended when that is over.
func (a *arrivals) begin(ctx context.Context, ended func()) *arrival {
	one := &arrival{of: a, ended: ended}
	one.Context, one.cancel = context.WithCancel(ctx)
	one.mu.Lock()
	one.timer = time.AfterFunc(min(arrivesWithin, a.within), one.stillWaits)
	one.mu.Unlock()
	one.unwatch = context.AfterFunc(ctx, one.over)
	return one
}

// over notes that the call has ended. Its own context, which gRPC still answers by, ends with gRPC's.
func (a *arrival) over() {
	a.end(false)
	a.ended()
}

// answered notes that the call's handler is done: the end of its context would tell, too, but by a
// goroutine for each call.
func answered(ctx context.Context) {
	if one, ok := ctx.Value(arrivalKey{}).(*arrival); ok && one.unwatch() {
		one.over()
	}
}

// came notes that the message of a call is there, if there is only one to come.
func came(ctx context.Context) {
	if one, ok := ctx.Value(arrivalKey{}).(*arrival); ok {
		one.end(false)
	}
}

// end reports whether it was not over.
func (a *arrival) end(late bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer == nil {
		return false
	}
	a.timer.Stop()
	a.timer, a.late = nil, late
	if a.long {
		a.of.long.Add(-1)
	}
	return true
}

// stillWaits lets a call wait on while there are few that do.
func (a *arrival) stillWaits() {
	if !a.mayWait() {
		a.giveUp()
	}
}

func (a *arrival) mayWait() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	more := a.of.within - arrivesWithin
	if a.timer == nil || more <= 0 {
		return false
	}
	if a.of.long.Add(1) > mostArriving {
		a.of.long.Add(-1)
		return false
	}
	a.long, a.timer = true, time.AfterFunc(more, a.giveUp)
	return true
}

func (a *arrival) giveUp() {
	if a.end(true) {
		a.cancel()
		a.of.late()
	}
}

// Err implements context.Context: it is the time that is over, where nobody cancelled. gRPC answers
// DEADLINE_EXCEEDED by itself then.
func (a *arrival) Err() error {
	a.mu.Lock()
	late := a.late
	a.mu.Unlock()
	if late {
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
