//go:build unix

package store_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/internal/store/storetest"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, placeInPostgres)
}

// placeInPostgres is where a database of PostgreSQL of the test's own is.
func placeInPostgres(t *testing.T) storetest.Opener {
	t.Helper()
	url := pgtest.Database(t, migrated(t))
	return func(ctx context.Context, o store.Options) (*store.DB, error) {
		return store.OpenPostgres(ctx, url, o)
	}
}

// migrated brings a database's tables up to date.
func migrated(t *testing.T) func(url string) error {
	t.Helper()
	return func(url string) error {
		db, err := store.OpenPostgres(t.Context(), url, options(t))
		if err != nil {
			return err
		}
		return db.Close()
	}
}

func TestPostgresIsolation(t *testing.T) {
	t.Parallel()
	for name, twice := range map[string]bool{"one server": false, "two servers": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Isolation{Place: placeInPostgres, Twice: twice,
				Within: func(t *testing.T, f func(*testing.T)) { t.Helper(); f(t) }}.Run(t, func(t *testing.T, err error) {
				t.Helper()
				require.NoError(t, err)
			})
		})
	}
}

func TestPostgresServers(t *testing.T) {
	t.Parallel()
	for _, many := range []int{2, 8} {
		t.Run(strconv.Itoa(many), func(t *testing.T) {
			t.Parallel()
			storetest.Servers{Place: placeInPostgres, Many: many}.Run(t)
		})
	}
}

// Connections break in the middle of transactions, again and again.
func TestPostgresServersCutOff(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	cut := 0
	storetest.Servers{Many: 2, Place: func(*testing.T) storetest.Opener {
		return func(ctx context.Context, o store.Options) (*store.DB, error) {
			return store.OpenPostgres(ctx, url, o)
		}
	}, Disturb: func(ctx context.Context) {
		ctx = context.WithoutCancel(ctx)
		_, err := conn.Exec(ctx, `SELECT pg_sleep(0.05)`)
		require.NoError(t, err)
		tag, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.2`)
		require.NoError(t, err)
		cut += int(tag.RowsAffected())
	}}.Run(t)
	require.Positive(t, cut)
}
