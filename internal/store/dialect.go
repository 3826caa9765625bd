package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// dialect is what SQLite and PostgreSQL are asked for in different ways. All else is one statement that both
// take: PostgreSQL has json_extract and json_each by its migrations, and a column rowid in tables that need it.
type dialect struct {
	// shared tells that several servers may have the database open.
	shared     bool
	goose      goose.Dialect
	migrations string
	// lastChange selects the number of the latest change. notePruned writes it down where the database doesn't
	// by itself, before changes are dropped.
	lastChange, notePruned string
	// tables selects the names of all tables, hasTable whether there is one with the name $1, and columns the
	// names of that one's columns, in their order, each with its place in the key by which the table is gone
	// through, counted from 1, 0 for those outside of it. Without any it is gone through by its rowid.
	tables, hasTable, columns string
	// keysLater has foreign keys checked at the end of the transaction.
	keysLater string
	// snapshot are the options of a transaction whose statements all read one moment's state.
	snapshot *sql.TxOptions
	// unguarded runs f while the ledger's entries may be changed, which a trigger forbids everybody else.
	unguarded func(ctx context.Context, t *writeTx, f func(context.Context) error) error
	// damaged hands what is damaged in the database's files to found.
	damaged func(ctx context.Context, q querier, found func(what string)) error
}

var sqliteDialect = &dialect{
	goose: goose.DialectSQLite3, migrations: "migrations/sqlite",
	lastChange: `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)`,
	tables: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY name`,
	hasTable: `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)`,
	columns: `SELECT c.name, CASE WHEN t.wr THEN c.pk ELSE 0 END FROM pragma_table_list($1) t, pragma_table_info($1) c
		ORDER BY c.cid`,
	keysLater: `PRAGMA defer_foreign_keys = ON`,
	snapshot:  &sql.TxOptions{ReadOnly: true},
	unguarded: withoutTrigger,
	damaged:   quickCheck,
}

var postgresDialect = &dialect{
	shared: true,
	goose:  goose.DialectPostgres, migrations: "migrations/postgres",
	lastChange: `SELECT GREATEST((SELECT MAX(seq) FROM changes), pruned) FROM writer`,
	notePruned: `UPDATE writer SET pruned = GREATEST((SELECT MAX(seq) FROM changes), pruned)`,
	tables:     `SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = CURRENT_SCHEMA() ORDER BY 1`,
	hasTable:   `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = CURRENT_SCHEMA() AND CAST(tablename AS TEXT) = $1)`,
	// From the catalog, since the information schema hides keys from who may only read.
	columns: `SELECT CAST(a.attname AS TEXT), COALESCE(CAST(array_position(CAST(i.indkey AS SMALLINT[]), a.attnum) + 1 AS BIGINT), 0)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		WHERE c.relnamespace = CAST(CURRENT_SCHEMA() AS regnamespace) AND c.relkind = 'r' AND CAST(c.relname AS TEXT) = $1
			AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'rowid' ORDER BY a.attnum`,
	keysLater: `SET CONSTRAINTS ALL DEFERRED`,
	snapshot:  &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	unguarded: withTriggerOff,
	damaged:   notLookedAt,
}

// reading runs f in a transaction that reads one moment's state.
func (e *engine) reading(ctx context.Context, pool *sql.DB, f func(querier) error) error {
	tx, err := begin(ctx, pool, e.d.snapshot)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return f(tx)
}

// prepared makes a querier of a transaction that prepares statements which come again, where the driver
// doesn't do so by itself.
func (e *engine) prepared(tx Tx) querier {
	if e.d.shared {
		return tx
	}
	return prepared(tx)
}
