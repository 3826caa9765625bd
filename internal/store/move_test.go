//go:build unix

package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/recording"
)

// What was kept in a file is in PostgreSQL afterwards, as it was, and goes on there.
func TestMove(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "refrain.db")
	file := open(t, path)
	for i := range 5 {
		_, _, err := confirmEach(t, file, i)
		require.NoError(t, err)
	}
	reports := reporting(t, file)
	for i := range 30 {
		_, err := reports.Report(ctx, []calls.Call{benchCall(i)})
		require.NoError(t, err)
	}
	require.NoError(t, file.Audit.Record(ctx, audit.Entry{Actor: "li", Action: audit.Delete, Subject: "x"}))
	require.NoError(t, file.Belong(ctx, "dir", "key"))
	require.NoError(t, create(t, file, 99))
	last, err := file.LastChange(ctx)
	require.NoError(t, err)
	require.NoError(t, file.PruneChanges(ctx, time.Now().Add(-time.Hour)))

	url := pgtest.Database(t, migrated(t))
	told := map[string]int64{}
	m, err := store.Move(ctx, path, url, options(t), func(table string, rows int64) { told[table] = rows })
	require.NoError(t, err)
	require.Equal(t, told, m.Rows)
	require.EqualValues(t, 5, m.Entries)
	require.EqualValues(t, 30, m.Rows["calls"])
	require.EqualValues(t, 6, m.Rows["recordings"])

	db := openURL(t, url)
	for _, of := range []*store.DB{file, db} {
		waiting, err := of.Recordings.Queue(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, waiting.Waiting[0].Count)
	}
	want, err := file.Recordings.List(ctx, recording.Filter{})
	require.NoError(t, err)
	got, err := db.Recordings.List(ctx, recording.Filter{})
	require.NoError(t, err)
	require.Equal(t, want, got)
	now, err := db.LastChange(ctx)
	require.NoError(t, err)
	require.Equal(t, last, now)
	_, _, err = confirmEach(t, db, 100)
	require.NoError(t, err, "it goes on")
	_, err = reporting(t, db).Report(ctx, []calls.Call{benchCall(31)})
	require.NoError(t, err)
	changes, err := db.Changes(ctx, last, 1)
	require.NoError(t, err)
	require.Len(t, changes, 1)

	_, err = store.Move(ctx, path, url, options(t), func(string, int64) {})
	require.Equal(t, "DATABASE_NOT_EMPTY", fault.ReasonOf(err), err)
}

// What can't be brought over leaves nothing behind.
func TestMoveIsAtomic(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "refrain.db")
	file := open(t, path)
	require.NoError(t, create(t, file, 1))
	// PostgreSQL takes no text with a zero in it.
	_, err := file.Writer().ExecContext(ctx, `UPDATE recordings SET agent = 'a' || char(0)`)
	require.NoError(t, err)
	url := pgtest.Database(t, migrated(t))
	_, err = store.Move(ctx, path, url, options(t), func(string, int64) {})
	require.ErrorContains(t, err, "bring over recordings")
	_, err = file.Writer().ExecContext(ctx, `UPDATE recordings SET agent = 'a'`)
	require.NoError(t, err)
	m, err := store.Move(ctx, path, url, options(t), func(string, int64) {})
	require.NoError(t, err)
	require.EqualValues(t, 1, m.Rows["recordings"])
}
