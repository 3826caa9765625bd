package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/recording"
)

// Tx is a transaction of the pool that writes.
type Tx = *sql.Tx

// writeTimeout ends transactions whose context would not: the one connection that
// writes must come back.
const writeTimeout = 30 * time.Second

// Options wire the store to its surroundings. All but Entered are required.
type Options struct {
	// Keys seal the ledger.
	Keys freeze.Keys
	// Enqueue has a recording that was queued worked on, in the transaction that queues
	// it. It is not called before the first recording is created, so what it needs may be
	// made after Open, of the pool that Writer gives.
	Enqueue func(ctx context.Context, tx Tx, r recording.Recording) error
	// Now is the clock.
	Now func() time.Time
	// Entered is told how far the ledger has come, after the commit of each transaction that
	// put something into it, in the order of commits. It must be quick.
	Entered func(entries int64, head freeze.MAC)
	// Before is called before each transaction that writes; nil for nothing. It must be quick.
	Before func()
	// Room says why the database, which is so many bytes large, can't be written anew beside itself; nil
	// for always.
	Room func(bytes int64) error
	// Failed is told of each transaction that the disk, or another program at the database, let
	// fail, with what Explain makes of it; nil for nobody. It must be quick.
	Failed func(f *fault.Error)
}

func (o Options) check() error {
	var missing []error
	for name, is := range map[string]bool{"Keys": o.Keys.Valid(), "Enqueue": o.Enqueue != nil,
		"Now": o.Now != nil} {
		if !is {
			missing = append(missing, fmt.Errorf("store: Options.%s is missing", name))
		}
	}
	return errors.Join(missing...)
}

// DB is the database: a store for each domain. It is safe for concurrent use.
type DB struct {
	*engine

	Recordings  *Recordings
	Suspects    *Suspects
	Freezes     *Freezes
	Calls       *Calls
	Rules       *Rules
	Lexicons    *Lexicons
	Figures     *Figures
	Transcripts *Transcripts
	// Conversations are what is known of calls, of all kinds together.
	Conversations *Conversations
	Runs          *Runs
	Retention     *Retention
	Audit         *Audit
	Access        *Access
}

// engine is what the stores share: the pools, the write lock and the feed.
type engine struct {
	d    *dialect
	w, r *sql.DB
	// hold is a connection that is there all the time and asked nothing: the driver gives up one
	// whose statement was broken off, and SQLite removes the log with the last one.
	hold *sql.DB
	// access reads keys, and what other servers changed.
	access *sql.DB
	o      Options
	others others
	here   presence
	// writing holds the one token without which nobody writes. SQLite has one writer
	// anyway; the token is kept until the feed has told of the commit, so that changes are
	// told in the order of commits.
	writing chan struct{}
	feed    feed.Feed
	// path is the database's file, raw the same beside SQLite, once somebody searched it.
	path    string
	raw     *os.File
	rawOnce sync.Mutex
	// gone tells that calls were erased, which are not to be taken in again.
	gone atomic.Bool
	// erased tells that people were, whose calls from before are not to be taken in.
	erased atomic.Bool
	// kept are the statements that stay prepared, for those who write often.
	kept keptStatements
	// place is where it and its log were when they were opened.
	place place
	state writeState
	// listener is a pool of PostgreSQL's own driver, for a job queue; nil with SQLite.
	listener *pgxpool.Pool
}

// Open opens the database in the file at path, makes it (readable by its owner only)
// where it is missing, and brings its tables up to date. One process at a time may
// have it open.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	e := newEngine(sqliteDialect, o)
	if err := e.openSQLite(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), e.Close())
	}
	return newDB(e), nil
}

func newEngine(d *dialect, o Options) *engine {
	return &engine{d: d, o: o, writing: make(chan struct{}, 1)}
}

func newDB(e *engine) *DB {
	return &DB{
		engine: e, Recordings: newRecordings(e), Suspects: &Suspects{e}, Freezes: &Freezes{e},
		Calls: &Calls{e},
		Rules: &Rules{e}, Lexicons: &Lexicons{e}, Figures: &Figures{e},
		Transcripts: &Transcripts{e}, Conversations: &Conversations{e}, Runs: &Runs{e},
		Retention: &Retention{e},
		Audit:     &Audit{e}, Access: &Access{e},
	}
}

// Writer is the pool that writes, for a job queue in the same database. With SQLite it
// has exactly one connection, so that a query that is still open, or a transaction, keeps
// everybody else from writing.
func (e *engine) Writer() *sql.DB { return e.w }

// Listener is a pool that takes what PostgreSQL says, for a job queue in the same database; nil with SQLite.
func (e *engine) Listener() *pgxpool.Pool { return e.listener }

// Shared tells that other servers may have the same database open.
func (e *engine) Shared() bool { return e.d.shared }

// Close closes the database.
func (e *engine) Close() error {
	if e.others.stop != nil {
		e.others.stop()
		e.others.done.Wait()
	}
	errs := []error{e.kept.close()}
	for _, pool := range []*sql.DB{e.access, e.hold, e.r, e.w} { // the last one brings the log into the file
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if e.listener != nil {
		e.listener.Close()
	}
	if e.raw != nil {
		errs = append(errs, e.raw.Close())
	}
	return errors.Join(errs...)
}

// Follow adds a follower of all that is committed from now on. What a transaction changed
// is told after its commit, in the order of commits, and before it is acknowledged. In a database that is
// shared, what was committed between Open and now is told first, as made elsewhere: whoever reads something
// and follows then misses nothing that other servers did in between. What they commit is told within a second,
// and before whatever this server's next transaction does.
func (e *engine) Follow(f feed.Follower) {
	if e.d.shared {
		e.followLate(f)
		return
	}
	e.feed.Follow(f)
}

// InTx runs f in a transaction; see engine.inTx.
func (db *DB) InTx(ctx context.Context, f func(context.Context, Tx) error) error {
	return db.inTx(ctx, f)
}

// now drops what the database would drop.
func (e *engine) now() time.Time { return e.o.Now().UTC().Truncate(time.Microsecond) }

func newID(now time.Time) string { return ulid.MustNewDefault(now).String() }
