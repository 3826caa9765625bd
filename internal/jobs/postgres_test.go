//go:build unix

package jobs

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// With PostgreSQL, recordings are queued, tried again after a failure, and heard as with SQLite.
func TestPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, func(string) error { return nil })
	b := newBenchOn(t, says("不用"), t.TempDir(), func(o store.Options) (*store.DB, error) {
		return store.OpenPostgres(t.Context(), url, o)
	})
	fresh, tried := b.upload(t, 1), b.upload(t, 2)
	_, err := b.db.Recordings.BeginAttempt(t.Context(), tried.ID, 0)
	require.NoError(t, err)
	_, err = b.db.Recordings.FailAttempt(t.Context(), tried.ID, recording.Problem{Reason: recording.SpeechDied}, false)
	require.NoError(t, err)
	b.run(t)
	for id, attempts := range map[recording.ID]int{fresh.ID: 1, tried.ID: 2} {
		got := b.final(t, id)
		require.Equal(t, recording.Done, got.State)
		require.Equal(t, attempts, got.Attempts)
	}
	var jobs int
	require.NoError(t, b.db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job`).Scan(&jobs)
	}))
	require.Positive(t, jobs)
	n, err := number.Parse("13800138000", "")
	require.NoError(t, err)
	_, err = b.db.Retention.Remains(t.Context(), n)
	require.NoError(t, err, "the queue's tables are gone through, too")
}
