package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
)

// A database of SQLite is moved to PostgreSQL table by table, in portions. With each portion its transaction
// writes how far it has come into a table that is there while the move is: so it is gone on with after a kill at
// any moment, nothing comes twice, and as long as that table is there no server takes the database for a whole
// one. Rows go as they are, with triggers switched off in each transaction, since what those keep is in the rows
// already.

// movingTable is there while a database is being filled by a move.
const movingTable = "moving"

// moveLock is the advisory lock of who fills a database.
const moveLock = 7430_7435

// Reasons of faults of a move.
const (
	// MovingReason is that of a database that a move has not filled yet.
	MovingReason = "MOVE_UNFINISHED"
	// NotEmptyReason is that of a database that holds something else.
	NotEmptyReason = "DATABASE_NOT_EMPTY"
	// ChangedReason is that of a source which is not the one any more that a move began with.
	ChangedReason = "SOURCE_CHANGED"
)

// sourceRow is the row of movingTable that says what is moved.
const sourceRow = ""

// MoveOptions say what to move, and where to.
type MoveOptions struct {
	// From is the file of the database of SQLite, which nobody else has open. URL is that of the one of
	// PostgreSQL; see OpenPostgres.
	From, URL string
	Keys      freeze.Keys
	// AtOnce is how many rows go in a transaction; 0 for as many as is quick.
	AtOnce int
	// Progress is told how many rows are there, of how many; nil for nobody.
	Progress func(table string, done, whole int64)
}

// Move is a database of SQLite on its way to PostgreSQL. The steps are to be called in the order Rows, Verify,
// Finish, and may all be repeated. One goroutine at a time may use it.
type Move struct {
	o        MoveOptions
	from, to *engine
	conn     *pgx.Conn
	cfg      *pgx.ConnConfig
	source   Inspection
	tables   []*moveTable
	done     bool
}

// OpenMove opens both databases. It refuses a source whose tables are of another version, and a target that
// holds anything but what an earlier move of the same source left.
func OpenMove(ctx context.Context, o MoveOptions) (m *Move, err error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.AtOnce <= 0 {
		o.AtOnce = movedAtOnce
	}
	m = &Move{o: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
			m = nil
		}
	}()
	if err := m.openSource(ctx); err != nil {
		return m, fmt.Errorf("read the database %s: %w", o.From, err)
	}
	if m.cfg, err = parsePostgres(o.URL); err != nil {
		return m, err
	}
	return m, wrap("fill the database "+m.cfg.Database+" at "+m.cfg.Host, m.openTarget(ctx))
}

func (m *Move) openSource(ctx context.Context) error {
	pool, err := openReadOnly(m.o.From)
	if err != nil {
		return err
	}
	m.from = &engine{d: sqliteDialect, r: pool, o: Options{Keys: m.o.Keys}}
	if m.source, err = m.from.inspect(ctx, 0); err != nil {
		return err
	}
	newest, err := m.from.d.newest()
	if err != nil {
		return err
	}
	if m.source.Schema != newest {
		return &fault.Error{Kind: fault.Precondition, Reason: "OTHER_VERSION", Message: fmt.Sprintf("its tables have version "+
			"%d, and this program moves version %d: start and stop 'refrain serve' of this program on it once, or use the "+
			"program that made it", m.source.Schema, newest)}
	}
	return nil
}

// Source is what the source says of itself.
func (m *Move) Source() Inspection { return m.source }

// Done tells that an earlier move has ended.
func (m *Move) Done() bool { return m.done }

// Target names the database that is filled.
func (m *Move) Target() string { return m.cfg.Database + " at " + m.cfg.Host }

// Close lets both databases go.
func (m *Move) Close() error {
	var errs []error
	if m.conn != nil {
		errs = append(errs, m.conn.Close(context.Background()))
	}
	for _, e := range []*engine{m.to, m.from} {
		if e == nil {
			continue
		}
		if e.listener != nil {
			e.listener.Close()
		}
		for _, pool := range []*sql.DB{e.r, e.w} {
			if pool != nil {
				errs = append(errs, pool.Close())
			}
		}
	}
	return errors.Join(errs...)
}

// Writer and Listener are pools of the target, for the job queue.
func (m *Move) Writer() *sql.DB { return m.to.w }

// Listener is a pool of PostgreSQL's own driver; see Writer.
func (m *Move) Listener() *pgxpool.Pool { return m.to.listener }

// Recordings are those of the target.
func (m *Move) Recordings() *Recordings { return newRecordings(m.to) }

func (m *Move) openTarget(ctx context.Context) (err error) {
	m.to = newEngine(postgresDialect, Options{Keys: m.o.Keys, Now: time.Now})
	m.to.w = openPostgresPool(m.cfg, postgresWriters, nil)
	m.to.r = m.to.w
	if err := fits(ctx, m.to.w); err != nil {
		return err
	}
	if m.conn, err = pgx.ConnectConfig(ctx, m.cfg.Copy()); err != nil {
		return err
	}
	if err := m.lock(ctx); err != nil {
		return err
	}
	if err := m.begin(ctx); err != nil {
		return err
	}
	if m.tables, err = m.plan(ctx); err != nil {
		return err
	}
	return m.to.openListener(ctx, m.cfg)
}

// lock keeps a second move out.
func (m *Move) lock(ctx context.Context) error {
	var got bool
	if err := m.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(moveLock)).Scan(&got); err != nil {
		return err
	}
	if !got {
		return &fault.Error{Kind: fault.Unavailable, Reason: InUseReason, Message: "another 'refrain migrate' fills this " +
			"database at the moment"}
	}
	return nil
}

// begin finds out how far an earlier move came, or makes the tables in a database in which nothing is.
func (m *Move) begin(ctx context.Context) error {
	under, err := m.to.hasTable(ctx, movingTable)
	if err != nil {
		return err
	}
	if under {
		return m.same(ctx)
	}
	if err := m.empty(ctx); err != nil || m.done {
		return err
	}
	if err := m.to.migrate(ctx); err != nil {
		return err
	}
	what, err := m.fingerprint(ctx)
	if err != nil {
		return err
	}
	return m.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE `+movingTable+` (name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
			cursor TEXT COLLATE "C" NOT NULL, moved BIGINT NOT NULL, done BOOLEAN NOT NULL)`)
		if err == nil {
			err = note(ctx, tx, sourceRow, what, 0, false)
		}
		return err
	})
}

// empty refuses a database in which something lies. One that has all that is to be moved is done with.
func (m *Move) empty(ctx context.Context) error {
	tables, err := m.to.tables(ctx)
	if err != nil {
		return err
	}
	known, err := m.from.tables(ctx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if apart(table) {
			continue
		}
		if !slices.Contains(known, table) {
			return notEmpty("it has a table " + table + ", which is none of Refrain's")
		}
		var some bool
		if err := m.to.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM "`+table+`")`).Scan(&some); err != nil {
			return err
		}
		if some {
			return m.holds(ctx, table)
		}
	}
	return nil
}

// holds finds out whether what lies in the target is what an earlier move put there.
func (m *Move) holds(ctx context.Context, table string) error {
	there, err := m.to.inspect(ctx, m.source.Entries)
	if err != nil {
		return err
	}
	switch {
	case there.Directory == "":
		return notEmpty("there are rows in its table " + table)
	case there.Directory != m.source.Directory:
		return notEmpty("it is the database of the data directory " + there.Directory + ", and this is " + m.source.Directory)
	case there.Entries < m.source.Entries || there.Noted != m.source.Head:
		return notEmpty("it is an earlier or another state of this directory's database")
	}
	m.done = true
	return nil
}

func notEmpty(why string) error {
	return &fault.Error{Kind: fault.Precondition, Reason: NotEmptyReason, Message: "the database is not empty, and nothing is put " +
		"over what is there: " + why + ". Name an empty one (createdb -E UTF8 -T template0 NAME)"}
}

// apart tells of tables that are not moved: what makes tables and the job queue keep of their own, and what one
// database has by itself.
func apart(table string) bool {
	return table == "goose_db_version" || table == "writer" || table == movingTable || strings.HasPrefix(table, "river_")
}

// fingerprint says what the source is, so that one which changed is not taken for what was moved half.
func (m *Move) fingerprint(ctx context.Context) (string, error) {
	var last, records int64
	err := m.from.r.QueryRowContext(ctx, sqliteDialect.lastChange).Scan(&last)
	if err == nil {
		records, _, err = auditHead(ctx, m.from.r)
	}
	return fmt.Sprintf("directory %s, ledger %d %s, changes %d, records %d, tables %d", m.source.Directory, m.source.Entries,
		m.source.Head, last, records, m.source.Schema), wrap("read what the source is", err)
}

// same refuses to go on where the source is another one than the move began with.
func (m *Move) same(ctx context.Context) error {
	is, err := m.fingerprint(ctx)
	if err != nil {
		return err
	}
	var began string
	err = m.conn.QueryRow(ctx, `SELECT cursor FROM `+movingTable+` WHERE name = $1`, sourceRow).Scan(&began)
	if err != nil {
		return err
	}
	if began != is {
		return &fault.Error{Kind: fault.Precondition, Reason: ChangedReason, Message: "an earlier 'refrain migrate' began to fill this " +
			"database from another source, or from this one before its server ran again (" + began + "; it is " + is +
			"): name an empty database, or drop and make this one anew"}
	}
	return nil
}

// inTx runs f in a transaction of the connection that has the lock.
func (m *Move) inTx(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, m.conn, f)
}

// note writes down how far a part of the move has come.
func note(ctx context.Context, tx pgx.Tx, name, cursor string, moved int64, done bool) error {
	_, err := tx.Exec(ctx, `INSERT INTO `+movingTable+` (name, cursor, moved, done) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, moved = excluded.moved, done = excluded.done`,
		name, cursor, moved, done)
	return err
}

// Note writes down how far something else that belongs to the move has come, such as audio. Name has a slash, as
// no table's has.
func (m *Move) Note(ctx context.Context, name, cursor string) error {
	return m.inTx(ctx, func(tx pgx.Tx) error { return note(ctx, tx, name, cursor, 0, false) })
}

// Noted is what Note wrote down last, "" for nothing.
func (m *Move) Noted(ctx context.Context, name string) (cursor string, err error) {
	err = m.conn.QueryRow(ctx, `SELECT cursor FROM `+movingTable+` WHERE name = $1`, name).Scan(&cursor)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return cursor, err
}

// unmoved refuses a database that a move has not filled yet.
func (e *engine) unmoved(ctx context.Context) error {
	under, err := e.hasTable(ctx, movingTable)
	if err != nil || !under {
		return err
	}
	return &fault.Error{Kind: fault.Precondition, Reason: MovingReason, Message: "a 'refrain migrate' has not filled this " +
		"database yet, or was broken off: run it again, which goes on where it was"}
}
