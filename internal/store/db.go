package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// Tx is a transaction of the pool that writes.
type Tx = *sql.Tx

// writeTimeout ends transactions whose context would not: the one connection that
// writes must come back.
const writeTimeout = 30 * time.Second

// Options wire the store to its surroundings. All are required.
type Options struct {
	// Keys seal the ledger.
	Keys freeze.Keys
	// Enqueue adds the job for a new recording in the recording's transaction. It is
	// not called before the first recording is created, so what it needs may be
	// made after Open, of the pool that Writer gives.
	Enqueue func(ctx context.Context, tx Tx, r recording.Recording) error
	// Standing hears of freezes that were opened, extended or released, after the commit
	// and before the change is acknowledged. It is called from several goroutines, so
	// changes of one freeze may come out of order.
	Standing func(...freeze.Freeze)
	// Allowed hears in the same way of entries of the allow list.
	Allowed func(...freeze.Allow)
	// Denied hears what the rules deny of a number from now on, in place of what they
	// denied before, after the commit and before the change is acknowledged. It is
	// called from one goroutine only.
	Denied func(number.Number, []calls.Denial)
	// Timeline gives the rules that are and were in force. It must not use the store.
	Timeline func() calls.Timeline
	// Changed hears of recordings that were created or changed, after the commit.
	Changed func(recording.ID)
	// Now is the clock.
	Now func() time.Time
}

func (o Options) check() error {
	var missing []error
	for name, is := range map[string]bool{"Keys": o.Keys.Valid(), "Enqueue": o.Enqueue != nil,
		"Standing": o.Standing != nil, "Allowed": o.Allowed != nil, "Denied": o.Denied != nil, "Timeline": o.Timeline != nil,
		"Changed": o.Changed != nil, "Now": o.Now != nil} {
		if !is {
			missing = append(missing, fmt.Errorf("store: Options.%s is missing", name))
		}
	}
	return errors.Join(missing...)
}

// DB is the database. It implements recording.Store, review.Store and gate.History,
// and is safe for concurrent use.
type DB struct {
	w, r      *sql.DB
	o         Options
	committer *committer
}

// Open opens the database in the file at path, makes it (readable by its owner only)
// where it is missing, and brings its tables up to date. One process at a time may
// have it open.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	db := &DB{o: o}
	if err := db.openSQLite(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), db.Close())
	}
	db.startCommitter()
	return db, nil
}

// Writer is the pool that writes, for a job queue in the same database. With SQLite it
// has exactly one connection: a query that is still open, or a transaction, keeps
// everybody else from writing.
func (db *DB) Writer() *sql.DB { return db.w }

// Close closes the database. Whoever reports or reserves meanwhile gets fault.Unavailable,
// or is answered before.
func (db *DB) Close() error {
	var errs []error
	if db.committer != nil {
		errs = append(errs, db.committer.stop())
	}
	for _, pool := range []*sql.DB{db.r, db.w} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// InTx runs f in a transaction, which is committed where f returns nil and rolled
// back otherwise; f's error is returned as it is. After nil, what f wrote survives a
// crash of the machine.
func (db *DB) InTx(ctx context.Context, f func(ctx context.Context, tx Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	tx, err := db.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(ctx, tx); err != nil {
		return err
	}
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // rolled back, because ctx ended
		err = ctx.Err()
	}
	return wrap("commit", err)
}

// now drops what the database would drop.
func (db *DB) now() time.Time { return db.o.Now().UTC().Truncate(time.Microsecond) }

func newID(now time.Time) string { return ulid.MustNewDefault(now).String() }
