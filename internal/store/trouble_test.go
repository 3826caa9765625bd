package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/store"
)

// other is another program's connection to a database.
func other(t *testing.T, path, settings string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+path+"?"+settings)
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

// What is written to a file that was taken away is lost, so nothing is acknowledged that was.
func TestNothingIsAcknowledgedWithoutADatabase(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "-wal"} {
		for name, take := range map[string]func(t *testing.T, path string){
			"removed": func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.Rename(path, path+".away"))
			},
			"replaced": func(t *testing.T, path string) {
				t.Helper()
				whole, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NoError(t, os.Rename(path, path+".away"))
				require.NoError(t, os.WriteFile(path, whole, 0o600))
			},
		} {
			t.Run(name+suffix, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "refrain.db")
				db := open(t, path)
				create := func(n int) error {
					_, _, err := db.Recordings.CreateRecording(t.Context(), newRecording(t, n))
					return err
				}
				require.NoError(t, create(1))
				take(t, path+suffix)
				for _, err := range []error{create(2), db.InPlace(), db.Failing(), db.Probe(t.Context())} {
					require.Equal(t, fault.Unavailable, fault.KindOf(err))
					require.Equal(t, store.GoneReason, fault.ReasonOf(err))
				}
				require.NoError(t, os.Rename(path+suffix+".away", path+suffix))
				require.NoError(t, create(3))
				require.NoError(t, db.Failing())
			})
		}
	}
}

// It may go while a transaction is under way, too.
func TestDatabaseGoesDuringATransaction(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	db := open(t, path)
	err := db.InTx(t.Context(), func(context.Context, store.Tx) error {
		return os.Rename(path, path+".away")
	})
	require.Equal(t, store.GoneReason, fault.ReasonOf(err))
	require.NoError(t, os.Rename(path+".away", path))
	require.NoError(t, db.Probe(t.Context()))
}

func TestAnotherProgramHoldsTheDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	o := options(t)
	var told []string
	o.Failed = func(f *fault.Error) { told = append(told, f.Reason) }
	db, err := store.Open(t.Context(), path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	holds, err := other(t, path, "_txlock=immediate").BeginTx(t.Context(), nil)
	require.NoError(t, err)
	for range 3 { // whoever comes soon after isn't made to wait as long again
		err = db.Probe(t.Context())
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
		require.Equal(t, store.LockedReason, fault.ReasonOf(err))
		require.ErrorContains(t, err, "another program")
	}
	require.Equal(t, []string{store.LockedReason}, told)
	require.Equal(t, store.LockedReason, fault.ReasonOf(db.Failing()))
	require.NoError(t, holds.Rollback())
	require.Eventually(t, func() bool { return db.Probe(t.Context()) == nil }, time.Minute, 10*time.Millisecond)
	require.NoError(t, db.Failing())
}

// A disk without room: SQLite is told that the file may not grow.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	o := options(t)
	before, told := 0, []string{}
	o.Before = func() { before++ }
	o.Failed = func(f *fault.Error) { told = append(told, f.Reason) }
	db, err := store.Open(t.Context(), path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	var pages int
	require.NoError(t, db.Writer().QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages))
	limit := func(n int) {
		_, err := db.Writer().ExecContext(t.Context(), "PRAGMA max_page_count="+strconv.Itoa(n))
		require.NoError(t, err)
	}
	limit(pages)
	grow := func() error {
		return db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ExecContext(ctx, `CREATE TABLE grown (x BLOB); INSERT INTO grown VALUES (zeroblob(100000))`)
			return err
		})
	}
	err = grow()
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, disk.FullReason, fault.ReasonOf(err))
	require.Equal(t, disk.FullReason, fault.ReasonOf(db.Failing()))
	limit(pages + 1000)
	require.NoError(t, grow())
	require.NoError(t, db.Failing())
	require.Equal(t, []string{disk.FullReason}, told)
	require.Equal(t, 2, before)
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	why := &fault.Error{Kind: fault.Unavailable, Reason: "WHY", Message: "no"}
	db.Refuse(why)
	require.ErrorIs(t, db.Probe(t.Context()), why)
	require.ErrorIs(t, db.Failing(), why)
}

// A reader keeps the log from being used again; once it ends, the log is made small.
func TestLogIsTrimmed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	db := open(t, path)
	reads, err := other(t, path, "mode=ro").BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	require.NoError(t, err)
	var n int
	require.NoError(t, reads.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM recordings`).Scan(&n))
	_, err = db.Writer().ExecContext(t.Context(), `CREATE TABLE grown (x BLOB)`)
	require.NoError(t, err)
	write := func() {
		_, err = db.Writer().ExecContext(t.Context(), `INSERT INTO grown VALUES (zeroblob(1000000))`)
		require.NoError(t, err)
	}
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		require.NoError(t, err)
		return info.Size()
	}
	for range 6 {
		write()
	}
	require.Greater(t, size(), int64(6_000_000))
	busy, err := db.TrimLog(t.Context(), 1_000_000)
	require.NoError(t, err)
	require.True(t, busy, "somebody reads")
	require.NoError(t, reads.Rollback())
	busy, err = db.TrimLog(t.Context(), 10_000_000)
	require.NoError(t, err)
	require.False(t, busy)
	require.Greater(t, size(), int64(6_000_000), "it may be that large")
	busy, err = db.TrimLog(t.Context(), 1_000_000)
	require.NoError(t, err)
	require.False(t, busy)
	require.Zero(t, size())
	write()
	require.NoError(t, db.InPlace())
}

// The log shrinks by itself, too, once it is used again.
func TestLogHasALimit(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	var limit int64
	require.NoError(t, db.Writer().QueryRowContext(t.Context(), `PRAGMA journal_size_limit`).Scan(&limit))
	require.EqualValues(t, store.LogLimit, limit)
}

func TestExplainLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	require.Nil(t, store.Explain(nil))
	require.Nil(t, store.Explain(fmt.Errorf("wrapped: %w", os.ErrNotExist)))
	_, err := open(t, filepath.Join(t.TempDir(), "refrain.db")).Writer().
		ExecContext(t.Context(), `INSERT INTO nowhere VALUES (1)`)
	require.Error(t, err)
	require.Nil(t, store.Explain(err))
}

// Connections that are given up after their statements were broken off take no log with them.
func TestConnectionsGivenUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	db := open(t, path)
	create := func(n int) {
		_, _, err := db.Recordings.CreateRecording(t.Context(), newRecording(t, n))
		require.NoError(t, err)
	}
	create(1)
	for _, pool := range db.Pools() {
		for pool.Stats().OpenConnections > 0 { // so the driver gives up one that was interrupted
			c, err := pool.Conn(t.Context())
			require.NoError(t, err)
			require.ErrorIs(t, c.Raw(func(any) error { return driver.ErrBadConn }), driver.ErrBadConn)
		}
	}
	create(2)
	_, err := db.TrimLog(t.Context(), 0)
	require.NoError(t, err)
	create(3)
	require.NoError(t, db.InPlace())
}
