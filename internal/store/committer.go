package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"github.com/refrain-asr/refrain/fault"
)

// maxTogether is how many reports and reservations share a transaction.
const maxTogether = 1000

// turn is what a caller wants done by the committer: reports or a reservation, which
// share a transaction with those of other turns, or something that needs the committer
// to itself.
type turn struct {
	ctx     context.Context
	reports []*report
	reserve *reservation
	alone   func(context.Context) error
	done    chan error
}

func (t *turn) size() int { return max(len(t.reports), 1) }

// committer is the one goroutine that writes calls. A commit waits for the disk, so
// whoever comes meanwhile shares the next one.
type committer struct {
	db    *DB
	turns chan *turn
	// quit asks the goroutine to end, ended tells that it did.
	quit, ended chan struct{}
	// prepared are the statements that stay so; missed are those to be added.
	prepared map[string]*sql.Stmt
	missed   []string
}

func (db *DB) startCommitter() {
	db.committer = &committer{db: db, turns: make(chan *turn), quit: make(chan struct{}), ended: make(chan struct{}),
		prepared: map[string]*sql.Stmt{}}
	go db.committer.run()
}

// stop ends the goroutine after the transaction that it is at.
func (c *committer) stop() error {
	close(c.quit)
	<-c.ended
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// take waits until the turn is done. Where its context ends before, it may be done yet.
func (c *committer) take(t *turn) error {
	t.done = make(chan error, 1)
	select {
	case c.turns <- t:
	case <-t.ctx.Done():
		return t.ctx.Err()
	case <-c.quit:
		return errClosing()
	}
	select {
	case err := <-t.done:
		return err
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
}

func errClosing() error {
	return &fault.Error{Op: "store", Kind: fault.Unavailable, Reason: "STOPPING", Message: "the server is stopping; try again in a moment"}
}

func (c *committer) run() {
	defer close(c.ended)
	for {
		select {
		case t := <-c.turns:
			for t != nil {
				t = c.serve(t)
			}
		case <-c.quit:
			return
		}
	}
}

// serve does a turn together with those that wait, and returns one that has to come
// next by itself.
func (c *committer) serve(first *turn) (next *turn) {
	if first.alone != nil {
		first.done <- first.alone(context.WithoutCancel(first.ctx))
		return nil
	}
	runtime.Gosched() // those who were answered just now come again: with them a commit takes twice as many
	together := []*turn{first}
	for size := first.size(); size < maxTogether; {
		var t *turn
		select {
		case t = <-c.turns:
		default:
		}
		if t == nil {
			break
		}
		if t.alone != nil || size+t.size() > maxTogether {
			next = t
			break
		}
		together, size = append(together, t), size+t.size()
	}
	c.commit(together)
	return next
}

// commit does what the turns want in one transaction, tells the gate, and then them.
func (c *committer) commit(together []*turn) {
	var all effects
	err := c.inTx(func(ctx context.Context, q querier) error {
		all = effects{}
		return c.db.takeTurns(ctx, q, together, &all)
	})
	if err == nil {
		all.tell(c.db.o)
	}
	for _, t := range together {
		t.done <- err
	}
}

// inTx runs f in a transaction whose statements stay prepared. Its context never ends:
// nothing in it waits for anything but the disk, and watching a context costs each
// statement a goroutine.
func (c *committer) inTx(f func(context.Context, querier) error) error {
	ctx := context.Background()
	if err := c.prepare(ctx); err != nil {
		return err
	}
	tx, err := c.db.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	q := &preparedTx{tx: tx, shared: c.prepared, mine: map[string]*sql.Stmt{}, once: map[string]bool{}}
	defer func() { c.missed = slices.Collect(maps.Keys(q.once)) }()
	if err := f(ctx, q); err != nil {
		return err
	}
	return wrap("commit", tx.Commit())
}

// prepare prepares what the last transaction missed. It can't be done within one, since
// the one connection is taken then.
func (c *committer) prepare(ctx context.Context) error {
	for _, query := range c.missed {
		if c.prepared[query] != nil {
			continue
		}
		s, err := c.db.w.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed by stop
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		c.prepared[query] = s
	}
	c.missed = nil
	return nil
}
