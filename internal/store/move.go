package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
)

// Moved is what Move brought over.
type Moved struct {
	// Rows are how many there are of each table.
	Rows map[string]int64
	// Entries is the number of the ledger's last entry, Head its MAC.
	Entries int64
	Head    freeze.MAC
}

// ordered are the tables in the order of their making, so that none refers to one behind it.
const ordered = `SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind = 'r'
	AND relnamespace = CAST(CURRENT_SCHEMA() AS REGNAMESPACE) ORDER BY oid`

// Move copies all that the database in the file at path holds, which no server has open, into the empty database
// of PostgreSQL at a URL, and verifies that it is the same: how many rows there are, some of them, the ledger and the
// audit's record. Nothing of the file is changed. Broken off, or where anything differs, nothing is brought over
// and it can be called again. What waits in the job queue is found anew by a server's start. done is told of
// each table.
func Move(ctx context.Context, path, url string, o Options, done func(table string, rows int64)) (m Moved, err error) {
	db, err := OpenPostgres(ctx, url, o)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Alone(ctx); err != nil {
		return m, err
	}
	err = read(path, func(from *engine) error {
		from.o = o
		have, err := from.schemaOf(ctx)
		if err != nil {
			return err
		}
		if newest, err := from.d.newest(); err != nil || have != newest {
			return errors.Join(err, fmt.Errorf("its tables have version %d, this program's have %d: start a server of this "+
				"program with it once, and stop it again", have, newest))
		}
		m, err = db.move(ctx, from, done)
		return err
	})
	if err != nil {
		return m, err
	}
	return m, db.proven(ctx, m)
}

// move copies all tables in one transaction.
func (db *DB) move(ctx context.Context, from *engine, done func(string, int64)) (m Moved, err error) {
	source, err := (&Freezes{from}).Verify(ctx, freeze.MAC{})
	if err != nil || len(source.Findings) > 0 {
		return m, errors.Join(err, errors.Join(source.Findings...))
	}
	m = Moved{Rows: map[string]int64{}, Entries: source.Entries, Head: source.Head}
	conn, err := db.w.Conn(ctx)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return m, conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver %T can't copy", driver)
		}
		return pgx.BeginFunc(ctx, c.Conn(), func(tx pgx.Tx) error {
			v := &mover{from: from, into: db.engine, to: tx, moved: m.Rows, done: done}
			return v.all(ctx)
		})
	})
}

// mover brings tables over.
type mover struct {
	from, into *engine
	// to is the transaction in what all is brought into.
	to    pgx.Tx
	moved map[string]int64
	done  func(string, int64)
}

func (v *mover) all(ctx context.Context) error {
	// What PostgreSQL says of a transaction that waits for the file is of no use here.
	if _, err := v.to.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	if _, err := v.to.Exec(ctx, `SELECT pruned FROM writer FOR UPDATE`); err != nil {
		return err
	}
	rows, err := v.to.Query(ctx, ordered)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, table := range tables {
		if table == "writer" || strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "river_") {
			continue
		}
		if err := v.table(ctx, table); err != nil {
			return fmt.Errorf("bring over %s: %w", table, err)
		}
	}
	return v.changes(ctx)
}

// table brings a table over.
func (v *mover) table(ctx context.Context, table string) error {
	w, err := v.from.walk(ctx, table)
	if err != nil {
		return err
	}
	columns := w.columns
	arrivals, err := v.hasRowID(ctx, table)
	if err != nil {
		return err
	}
	if arrivals {
		columns = append([]string{"rowid"}, columns...)
	}
	var there bool
	if err := v.to.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM "`+table+`")`).Scan(&there); err != nil {
		return err
	}
	if there {
		return &fault.Error{Kind: fault.Precondition, Reason: "DATABASE_NOT_EMPTY",
			Message: "the database to move into has something in it already; make an empty one"}
	}
	// The triggers' own tables are brought over, too.
	if _, err := v.to.Exec(ctx, `ALTER TABLE "`+table+`" DISABLE TRIGGER USER`); err != nil {
		return err
	}
	if err := v.copy(ctx, table, w.keys, columns); err != nil {
		return err
	}
	if _, err := v.to.Exec(ctx, `ALTER TABLE "`+table+`" ENABLE TRIGGER USER`); err != nil {
		return err
	}
	if arrivals {
		if _, err := v.to.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, 'rowid'), MAX(rowid)) FROM "`+table+`" HAVING MAX(rowid) > 0`,
			table); err != nil {
			return err
		}
	}
	v.done(table, v.moved[table])
	return nil
}

func (v *mover) hasRowID(ctx context.Context, table string) (has bool, err error) {
	err = v.to.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA()
		AND CAST(table_name AS TEXT) = $1 AND column_name = 'rowid')`, table).Scan(&has)
	return has, err
}

// copy copies rows, and compares how many there are and some of them.
func (v *mover) copy(ctx context.Context, table string, keys, columns []string) error {
	rows, err := v.from.r.QueryContext(ctx, `SELECT `+quoted(columns)+` FROM "`+table+`" ORDER BY `+quoted(keys))
	if err != nil {
		return err
	}
	source := &copied{rows: rows, width: len(columns)}
	n, err := v.to.CopyFrom(ctx, pgx.Identifier{table}, columns, source)
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return err
	}
	v.moved[table] = n
	var want, have int64
	count := `SELECT COUNT(*) FROM "` + table + `"`
	if err := errors.Join(v.from.r.QueryRowContext(ctx, count).Scan(&want), v.to.QueryRow(ctx, count).Scan(&have)); err != nil {
		return err
	}
	if want != have || want != n {
		return fmt.Errorf("there are %d rows, and %d were brought over", want, have)
	}
	return v.compare(ctx, table, columns)
}

// compared is how many rows from each end of a table are compared.
const compared = 100

// compare compares rows from both ends of a table.
func (v *mover) compare(ctx context.Context, table string, columns []string) error {
	w, err := v.into.walk(ctx, table)
	if err != nil {
		return err
	}
	for _, order := range []string{"", " DESC"} {
		query := `SELECT ` + quoted(columns) + ` FROM "` + table + `" ORDER BY ` + strings.ReplaceAll(quoted(w.keys), `", "`, `"`+order+`, "`) + order + fmt.Sprintf(" LIMIT %d", compared)
		want, err := list(ctx, v.from.r, func(rw row) ([]any, error) { return scanRow(rw, len(columns)) }, query)
		if err != nil {
			return err
		}
		rows, err := v.to.Query(ctx, query)
		if err != nil {
			return err
		}
		have, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
		if err != nil {
			return err
		}
		if !slices.EqualFunc(want, have, func(a, b []any) bool { return reflect.DeepEqual(a, b) }) {
			return errors.New("what was brought over is not what was there")
		}
	}
	return nil
}

func scanRow(rw row, width int) ([]any, error) {
	values, into := make([]any, width), make([]any, width)
	for i := range values {
		into[i] = &values[i]
	}
	return values, rw.Scan(into...)
}

// changes has the numbers of changes go on.
func (v *mover) changes(ctx context.Context) error {
	last, err := v.from.LastChange(ctx)
	if err != nil {
		return err
	}
	_, err = v.to.Exec(ctx, `UPDATE writer SET pruned = COALESCE((SELECT MIN(seq) - 1 FROM changes), $1)`, last)
	return err
}

// copied hands rows of SQLite to PostgreSQL: pgx.CopyFromSource.
type copied struct {
	rows   *sql.Rows
	width  int
	values []any
	err    error
}

// Next implements pgx.CopyFromSource.
func (c *copied) Next() bool {
	if !c.rows.Next() {
		return false
	}
	c.values, c.err = scanRow(c.rows, c.width)
	return c.err == nil
}

// Values implements pgx.CopyFromSource.
func (c *copied) Values() ([]any, error) { return c.values, c.err }

// Err implements pgx.CopyFromSource.
func (c *copied) Err() error { return errors.Join(c.err, c.rows.Err()) }

// proven verifies the ledger and the audit's record where they are now.
func (db *DB) proven(ctx context.Context, m Moved) error {
	v, err := db.Freezes.Verify(ctx, m.Head)
	if err != nil {
		return err
	}
	if v.Entries != m.Entries || v.Head != m.Head || len(v.Findings) > 0 {
		return errors.Join(append(v.Findings, errors.New("the ledger is not what it was: drop the database, and move again"))...)
	}
	a, err := db.Audit.Verify(ctx, audit.MAC{})
	if err != nil {
		return err
	}
	if len(a.Problems) > 0 {
		return fmt.Errorf("the audit's record is not what it was: %s", strings.Join(a.Problems, "; "))
	}
	return nil
}
