package calls

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
)

// How many reports and reservations share a transaction. Whoever is about to dial waits for
// the one that is under way: a portion of an import must not take longer than that.
const (
	maxTogether = 256
	// portion is how many reports of long orders are written at once while others reserve calls, and
	// largePortion while nobody has for calm: each portion costs a sync.
	portion      = 64
	largePortion = 512
	calm         = time.Second
)

// turn is what a caller wants: reports or a reservation, which share a transaction with
// those of other turns, or something that must not happen beside any of them.
type turn struct {
	ctx     context.Context
	reports []*report
	reserve *reservation
	alone   func(context.Context) error
	done    chan error
}

// long reports whether a turn gives way to others between its portions.
func (t *turn) long() bool { return len(t.reports) > portion }

// queue brings turns together. One goroutine works them off, one transaction after the
// other: those that are short together, and in between a portion of those that are long,
// each of which gets its portion before another gets its second.
type queue struct {
	commit func(reports []*report, reserves []*reservation) error
	turns  chan *turn
	// quit asks the goroutine to end, ended tells that it did.
	quit, ended chan struct{}

	// The goroutine's own: who waits, in their order, and when a call was reserved last.
	short, long, alone []*turn
	reserved           time.Time
}

func newQueue(commit func([]*report, []*reservation) error) *queue {
	q := &queue{commit: commit, turns: make(chan *turn), quit: make(chan struct{}),
		ended: make(chan struct{})}
	go q.run()
	return q
}

// close ends the goroutine after the transaction that it is at.
func (q *queue) close() {
	close(q.quit)
	<-q.ended
}

// do waits until the turn is done. Where its context ends before, it may be done yet, or of
// long ones a part.
func (q *queue) do(t *turn) error {
	t.done = make(chan error, 1)
	select {
	case q.turns <- t:
	case <-t.ctx.Done():
		return t.ctx.Err()
	case <-q.quit:
		return errStopping()
	}
	select {
	case err := <-t.done:
		return err
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
}

func errStopping() error {
	return &fault.Error{Op: "calls", Kind: fault.Unavailable, Reason: "STOPPING",
		Message: "the server is stopping; try again in a moment"}
}

func (q *queue) run() {
	defer close(q.ended)
	for {
		select {
		case <-q.quit:
			q.refuse()
			return
		default:
		}
		if len(q.short)+len(q.long)+len(q.alone) == 0 {
			select {
			case t := <-q.turns:
				q.take(t)
			case <-q.quit:
				return
			}
		}
		// those who were answered just now come again: with them a commit takes twice as many
		runtime.Gosched()
		q.gather()
		q.serve()
	}
}

// refuse tells those who wait yet that nothing more is done.
func (q *queue) refuse() {
	for _, t := range slices.Concat(q.short, q.long, q.alone) {
		t.done <- errStopping()
	}
}

func (q *queue) take(t *turn) {
	if t.reserve != nil {
		q.reserved = time.Now() // and not the injected clock, which may stand still
	}
	switch {
	case t.alone != nil:
		q.alone = append(q.alone, t)
	case t.long():
		q.long = append(q.long, t)
	default:
		q.short = append(q.short, t)
	}
}

// gather takes in those that wait, as far as they fit into a transaction.
func (q *queue) gather() {
	for len(q.short) < maxTogether {
		select {
		case t := <-q.turns:
			q.take(t)
		default:
			return
		}
	}
}

// serve does a transaction of each kind.
func (q *queue) serve() {
	for _, t := range q.alone {
		t.done <- t.alone(context.WithoutCancel(t.ctx))
	}
	q.alone = nil
	if len(q.short) > 0 {
		q.serveShort()
		q.gather() // and so whoever came meanwhile need not wait for a portion and another
	}
	if len(q.long) > 0 {
		q.serveLong()
	}
}

func (q *queue) serveShort() {
	var reports []*report
	var reserves []*reservation
	n := 0
	for ; n < len(q.short) && len(reports)+len(reserves) < maxTogether; n++ {
		t := q.short[n]
		reports = append(reports, t.reports...)
		if t.reserve != nil {
			reserves = append(reserves, t.reserve)
		}
	}
	err := q.commit(reports, reserves)
	for _, t := range q.short[:n] {
		t.done <- err
	}
	q.short = slices.Delete(q.short, 0, n)
}

// serveLong writes a portion of the first of the long ones, and puts it behind the others.
func (q *queue) serveLong() {
	t := q.long[0]
	q.long = slices.Delete(q.long, 0, 1)
	if t.ctx.Err() != nil { // nobody waits for it any more
		t.done <- t.ctx.Err()
		return
	}
	n := portion
	if time.Since(q.reserved) > calm {
		n = largePortion
	}
	n = min(n, len(t.reports))
	err := q.commit(t.reports[:n], nil)
	if t.reports = t.reports[n:]; err != nil || len(t.reports) == 0 {
		t.done <- err
		return
	}
	q.long = append(q.long, t)
}
