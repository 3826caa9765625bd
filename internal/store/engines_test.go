//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// Both engines have the same tables, with the same columns, keys, and columns that may be null.
func TestEnginesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	want := columnsOf(t, open(t, filepath.Join(t.TempDir(), "refrain.db")),
		`SELECT t.name, c.name, lower(c.type), c."notnull", c.pk FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
			WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'goose_%'`,
		map[string]string{"text": "text", "integer": "integer", "blob": "bytes", "real": "real"})
	url := pgtest.Database(t, migrated(t))
	db, err := store.OpenPostgres(t.Context(), url, options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	got := columnsOf(t, db, `SELECT c.table_name, c.column_name, c.data_type, CASE c.is_nullable WHEN 'NO' THEN 1 ELSE 0 END,
			COALESCE((SELECT k.ordinal_position FROM information_schema.table_constraints t
				JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
				WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_name = c.table_name AND k.column_name = c.column_name), 0)
			FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose_%'
				AND c.table_name <> 'writer' AND c.column_name <> 'rowid'`,
		map[string]string{"text": "text", "bigint": "integer", "bytea": "bytes", "double precision": "real"})
	require.Equal(t, want, got)
}

// columnsOf describes all columns that a query gives, in an order of their own.
func columnsOf(t *testing.T, db *store.DB, query string, types map[string]string) (all []string) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var table, column, kind string
			var notNull, key int
			if err := rows.Scan(&table, &column, &kind, &notNull, &key); err != nil {
				return err
			}
			require.Contains(t, types, kind, "%s.%s", table, column)
			all = append(all, fmt.Sprint(table, ".", column, " ", types[kind], " not null: ", notNull, " key: ", key))
		}
		return rows.Err()
	}))
	slices.Sort(all)
	return all
}

// Texts are compared by their bytes, so that pages follow one another alike whatever locale a database has.
func TestPostgresComparesBytes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	pool, err := sql.Open("pgx", url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	var others int
	require.NoError(t, pool.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' AND data_type = 'text'
			AND collation_name IS DISTINCT FROM 'C'`).Scan(&others))
	require.Zero(t, others)
	var locale string
	require.NoError(t, pool.QueryRowContext(t.Context(), `SELECT datlocprovider FROM pg_database
		WHERE datname = current_database()`).Scan(&locale))
	require.Equal(t, "i", locale, "or else nothing is tried here")
}

// Each migration has the same number in both; what PostgreSQL began with has all that came before.
func TestMigrationsHaveTheSameNumbers(t *testing.T) {
	t.Parallel()
	numbers := func(engine string) (all []string) {
		found, err := fs.Glob(os.DirFS("migrations/"+engine), "*.sql")
		require.NoError(t, err)
		for _, name := range found {
			all = append(all, name[:5])
		}
		return all
	}
	postgres := numbers("postgres")
	require.NotEmpty(t, postgres)
	sqlite := numbers("sqlite")
	require.Contains(t, sqlite, postgres[0])
	require.Equal(t, sqlite[slices.Index(sqlite, postgres[0]):], postgres)
}
