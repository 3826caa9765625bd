package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Admitted is a key, or somebody who signs in, that a database lets in.
type Admitted struct {
	// Person tells that it is somebody, and no key.
	Person     bool
	Name, Role string
	Lines      []string
	// Tokens are how a key's tokens that work begin.
	Tokens []string
}

// accessTables are the tables of who is let in, those that others refer to first.
var accessTables = []string{"access_keys", "access_secrets", "access_users"}

// EachAdmitted hands the keys and the people that the database in the file at path lets in at a moment to
// visit, each by name, until that fails.
func EachAdmitted(ctx context.Context, path string, now time.Time, visit func(Admitted) error) error {
	return read(path, func(e *engine) error {
		for _, of := range []struct{ table, query string }{
			{"access_keys", `SELECT FALSE, name, role, lines, (SELECT json_group_array(s.prefix) FROM access_secrets s
				WHERE s.key_id = k.id AND COALESCE(s.ends_at > $1, TRUE)) FROM access_keys k
				WHERE revoked_at IS NULL AND COALESCE(expires_at > $1, TRUE) ORDER BY name`},
			{"access_users", `SELECT TRUE, name, role, lines, '[]' FROM access_users
				WHERE disabled_at IS NULL AND $1 > 0 ORDER BY name`},
		} {
			has, err := e.hasTable(ctx, of.table) // a database of an earlier program has none
			if err != nil {
				return err
			}
			if !has {
				continue
			}
			if err := each(ctx, e.r, scanAdmitted, visit, of.query, micros(now)); err != nil {
				return fmt.Errorf("list who is let in: %w", err)
			}
		}
		return nil
	})
}

func scanAdmitted(rw row) (a Admitted, err error) {
	err = rw.Scan(&a.Person, &a.Name, &a.Role, jsonInto{&a.Lines}, jsonInto{&a.Tokens})
	return a, err
}

// TakeAccess has the database in the file at path, which is one file that nobody has open, let in whom the
// database at from lets in, of which it changes nothing.
func TakeAccess(ctx context.Context, path, from string) (err error) {
	defer func() { err = wrap("take over from "+from+" who is let in", err) }()
	for _, p := range []*string{&path, &from} {
		if *p, err = filepath.Abs(*p); err != nil {
			return err
		}
	}
	pool, err := openPool(path, 1, "mode=rw&_foreign_keys=1&_dqs=0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if _, err := pool.ExecContext(ctx, `ATTACH $1 AS former`, dsn(from, "mode=ro")); err != nil {
		return err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, table := range slices.Backward(accessTables) {
		if err := dropAccess(ctx, tx, table); err != nil {
			return err
		}
	}
	for _, table := range accessTables {
		if err := takeTable(ctx, tx, table); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func dropAccess(ctx context.Context, tx *sql.Tx, table string) error {
	var has bool
	err := tx.QueryRowContext(ctx, sqliteDialect.hasTable, table).Scan(&has)
	if err != nil || !has {
		return err
	}
	return exec(ctx, tx, `DELETE FROM `+table)
}

// takeTable copies the rows of a table, in the columns that both databases know.
func takeTable(ctx context.Context, tx *sql.Tx, table string) error {
	columns, err := list(ctx, tx, scanText, `SELECT name FROM pragma_table_info($1, 'main') WHERE name IN
		(SELECT name FROM pragma_table_info($1, 'former'))`, table)
	if err != nil || len(columns) == 0 {
		return err
	}
	return exec(ctx, tx, `INSERT INTO main.`+table+` (`+quoted(columns)+`) SELECT `+quoted(columns)+
		` FROM former.`+table)
}
