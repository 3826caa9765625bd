package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
)

// writeTx is a transaction that writes, with what it changed so far.
type writeTx struct {
	querier
	// tx is the transaction behind the querier.
	tx      Tx
	e       *engine
	changes []feed.Change
	// slots are the counts of lines that it read and wrote.
	slots slots
	// head is the last entry that the transaction put into the ledger.
	head *freeze.Entry
	// last is the number of the latest change before the transaction, where the database is shared.
	last int64
	// repeated tells that the request was carried out before, and recorded then.
	repeated bool
}

// changed notes what the feed is to tell once the transaction is committed.
func (t *writeTx) changed(c feed.Change) { t.changes = append(t.changes, c) }

// inTx runs f in a transaction, which is committed where f returns nil and rolled
// back otherwise; f's error is returned as it is. After nil, what f wrote survives a
// crash of the machine.
func (e *engine) inTx(ctx context.Context, f func(ctx context.Context, tx Tx) error) error {
	return e.write(ctx, func(ctx context.Context, t *writeTx) error { return f(ctx, t.tx) })
}

// write is inTx for what the feed tells of: when it returns, all followers know.
func (e *engine) write(ctx context.Context, f func(context.Context, *writeTx) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return e.exclusively(ctx, func() error {
		return e.transaction(ctx, func(tx Tx) querier { return tx }, f)
	})
}

// recordOnce records what the transaction does, unless it was done and recorded before.
func (t *writeTx) recordOnce(ctx context.Context, e audit.Entry) error {
	if t.repeated {
		return nil
	}
	return t.record(ctx, e)
}

// exclusively runs f while nobody else writes.
func (e *engine) exclusively(ctx context.Context, f func() error) error {
	select {
	case e.writing <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("begin a transaction: %w", ctx.Err())
	}
	defer func() { <-e.writing }()
	if err := e.mayWrite(); err != nil {
		return err
	}
	return e.wrote(f())
}

// transaction runs f in a transaction, through the querier that is made of it, and tells
// the feed what it changed.
func (e *engine) transaction(
	ctx context.Context, through func(Tx) querier, f func(context.Context, *writeTx) error,
) error {
	tx, err := begin(ctx, e.w, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	t := &writeTx{querier: through(tx), tx: tx, e: e}
	if err := t.carryOut(ctx, f); err != nil {
		return err
	}
	committed := false
	if p := audit.PendingOf(ctx); p != nil {
		taken := false
		defer func() {
			if taken && !committed {
				p.PutBack()
			}
		}()
		for e, ok := p.Take(); ok; e, ok = p.Take() {
			taken = true
			if err := t.recordOnce(ctx, e); err != nil {
				return err
			}
		}
	}
	if err := t.number(ctx); err != nil {
		return err
	}
	if err := e.place.check(); err != nil {
		return err
	}
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // rolled back, because ctx ended
		err = ctx.Err()
	}
	if err != nil {
		return wrap("commit", err)
	}
	committed = true
	t.heard()
	t.noteHead()
	err = wrap("it was stored, but not everybody could follow", e.feed.Tell(t.changes))
	return errors.Join(e.place.check(), err) // it may have gone just before the commit
}

// carryOut does what the transaction is for, where this server may: nobody else writes meanwhile, and its lead,
// if it writes by that, is not over.
func (t *writeTx) carryOut(ctx context.Context, f func(context.Context, *writeTx) error) error {
	if err := t.alone(ctx); err != nil {
		return err
	}
	if err := t.heedLead(ctx); err != nil {
		return err
	}
	if err := f(ctx, t); err != nil {
		return err
	}
	return t.writeSlots(ctx)
}
