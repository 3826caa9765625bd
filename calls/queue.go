package calls

import (
	"context"
	"runtime"

	"github.com/refrain-asr/refrain/fault"
)

// maxTogether is how many reports and reservations share a transaction.
const maxTogether = 1000

// turn is what a caller wants: reports or a reservation, which share a transaction with
// those of other turns, or something that must not happen beside any of them.
type turn struct {
	ctx     context.Context
	reports []*report
	reserve *reservation
	alone   func(context.Context) error
	done    chan error
}

func (t *turn) size() int { return max(len(t.reports), 1) }

// queue brings turns together. One goroutine works them off, one transaction after the
// other.
type queue struct {
	commit func([]*turn) error
	turns  chan *turn
	// quit asks the goroutine to end, ended tells that it did.
	quit, ended chan struct{}
}

func newQueue(commit func([]*turn) error) *queue {
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

// do waits until the turn is done. Where its context ends before, it may be done yet.
func (q *queue) do(t *turn) error {
	t.done = make(chan error, 1)
	select {
	case q.turns <- t:
	case <-t.ctx.Done():
		return t.ctx.Err()
	case <-q.quit:
		return &fault.Error{Op: "calls", Kind: fault.Unavailable, Reason: "STOPPING",
			Message: "the server is stopping; try again in a moment"}
	}
	select {
	case err := <-t.done:
		return err
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
}

func (q *queue) run() {
	defer close(q.ended)
	for {
		select {
		case t := <-q.turns:
			for t != nil {
				t = q.serve(t)
			}
		case <-q.quit:
			return
		}
	}
}

// serve does a turn together with those that wait, and returns one that has to come
// next by itself.
func (q *queue) serve(first *turn) (next *turn) {
	if first.alone != nil {
		first.done <- first.alone(context.WithoutCancel(first.ctx))
		return nil
	}
	// those who were answered just now come again: with them a commit takes twice as many
	runtime.Gosched()
	together, next := q.gather(first)
	err := q.commit(together)
	for _, t := range together {
		t.done <- err
	}
	return next
}

// gather adds those that wait, as far as they fit.
func (q *queue) gather(first *turn) (together []*turn, next *turn) {
	together = []*turn{first}
	for size := first.size(); size < maxTogether; {
		select {
		case t := <-q.turns:
			if t.alone != nil || size+t.size() > maxTogether {
				return together, t
			}
			together, size = append(together, t), size+t.size()
		default:
			return together, nil
		}
	}
	return together, nil
}
