//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// movable is the file of a database with some rows in it, edited by statements.
func movable(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refrain.db")
	db, err := store.Open(t.Context(), path, options(t))
	require.NoError(t, err)
	require.NoError(t, db.Belong(t.Context(), "directory-1", "key-1"))
	for i := range 5 {
		require.NoError(t, create(t, db, i))
	}
	require.NoError(t, db.Close())
	pool, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	for _, s := range statements {
		_, err := pool.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, pool.Close())
	return path
}

func openMove(t *testing.T, path, url string, told func(table string)) *store.Move {
	t.Helper()
	m, err := store.OpenMove(t.Context(), store.MoveOptions{From: path, URL: url, Keys: options(t).Keys, AtOnce: 2,
		Progress: func(table string, _, _ int64) { told(table) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func nobody(string) {}

// A move that is broken off in each of its portions in turn ends with the rows that there are, and what comes next in the
// target is what would come next in the source.
func TestMoveGoesOn(t *testing.T) {
	t.Parallel()
	path, url := movable(t, `DELETE FROM changes WHERE seq < 3`), pgtest.Database(t, migrated(t))
	for i := 0; ; i++ {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		m := openMove(t, path, url, func(string) {
			if n++; n == 40+7*i {
				cancel()
			}
		})
		err := m.Rows(ctx)
		over := ctx.Err() == nil
		cancel()
		if over {
			require.NoError(t, err)
			c, err := m.Verify(t.Context())
			require.NoError(t, err)
			require.Empty(t, c.Wrong)
			require.Positive(t, c.Compared)
			_, err = store.OpenPostgres(t.Context(), url, options(t))
			require.Equal(t, store.MovingReason, fault.ReasonOf(err))
			_, err = store.InspectPostgres(t.Context(), url, 0)
			require.Equal(t, store.MovingReason, fault.ReasonOf(err))
			require.NoError(t, m.Finish(t.Context()))
			break
		}
		require.Error(t, err)
		require.NoError(t, m.Close())
	}
	db := openURL(t, url)
	require.NoError(t, create(t, db, 77))
	last, err := db.LastChange(t.Context())
	require.NoError(t, err)
	source, err := store.Open(t.Context(), path, options(t))
	require.NoError(t, err)
	require.NoError(t, create(t, source, 77))
	want, err := source.LastChange(t.Context())
	require.NoError(t, err)
	require.NoError(t, source.Close())
	require.Equal(t, want, last)
}

// What was changed in the target before the move ended is found.
func TestMoveIsVerified(t *testing.T) {
	t.Parallel()
	for what, statement := range map[string]string{
		"is not as it was": `UPDATE recordings SET sha256 = 'x' WHERE id = (SELECT MIN(id) FROM recordings)`,
		"has 4 rows":       `DELETE FROM recordings WHERE id = (SELECT MIN(id) FROM recordings)`,
	} {
		path, url := movable(t), pgtest.Database(t, migrated(t))
		m := openMove(t, path, url, nobody)
		require.NoError(t, m.Rows(t.Context()))
		outside(t, url, statement)
		c, err := m.Verify(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, c.Wrong)
		require.Contains(t, c.Wrong[0], what)
	}
}

// A value that PostgreSQL can't keep is named, and nothing of its table half written.
func TestMoveNamesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	path, url := movable(t, `UPDATE recordings SET agent = 'a' || CHAR(0) || 'b' WHERE id = (SELECT MAX(id) FROM recordings)`),
		pgtest.Database(t, migrated(t))
	m := openMove(t, path, url, nobody)
	err := m.Rows(t.Context())
	require.Equal(t, "UNMOVABLE_VALUE", fault.ReasonOf(err))
	require.ErrorContains(t, err, "the column agent of the row with the key")
}

// One move at a time fills a database, and of tables of one version.
func TestMoveAlone(t *testing.T) {
	t.Parallel()
	path, url := movable(t), pgtest.Database(t, migrated(t))
	openMove(t, path, url, nobody)
	_, err := store.OpenMove(t.Context(), store.MoveOptions{From: path, URL: url, Keys: options(t).Keys})
	require.Equal(t, store.InUseReason, fault.ReasonOf(err), err)
	older := movable(t, `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
	_, err = store.OpenMove(t.Context(), store.MoveOptions{From: older, URL: pgtest.Database(t, migrated(t)), Keys: options(t).Keys})
	require.Equal(t, "OTHER_VERSION", fault.ReasonOf(err), err)
}
