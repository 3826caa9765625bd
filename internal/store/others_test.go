//go:build unix

package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// openURL opens a database as one server of several does.
func openURL(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.OpenPostgres(t.Context(), url, options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// outside runs statements in one transaction, past all servers.
func outside(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	for _, s := range statements {
		_, err := tx.Exec(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, conn.Close(t.Context()))
}

func create(t *testing.T, db *store.DB, i int) error {
	t.Helper()
	_, _, err := db.Recordings.CreateRecording(t.Context(), newRecording(t, i))
	return err
}

// A server that stops in the middle of a transaction keeps the others from writing for a while only, and what it
// was about to write is not written.
func TestServerThatStops(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	stopped, other := openURL(t, url+"&idle_in_transaction_session_timeout=1s"), openURL(t, url)
	began, goOn := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- stopped.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO requests (method, request_id, subject, made_at) VALUES ('m', 'r', 's', 0)`)
			close(began)
			<-goOn
			return err
		})
	}()
	<-began
	require.NoError(t, create(t, other, 1))
	close(goOn)
	require.Equal(t, store.UnreachableReason, fault.ReasonOf(<-done))
	n := -1
	require.NoError(t, stopped.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM requests`).Scan(&n)
	}), "it goes on with another connection")
	require.Zero(t, n)
}

// A database that was put back to an earlier state, or whose changes went before they were heard, is written by
// nobody who remembers more.
func TestServerThatKnowsMore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change []string
		want   string
	}{
		"put back": {[]string{`DELETE FROM changes WHERE seq = 3`}, store.OlderReason},
		"cut off for long": {[]string{`DELETE FROM changes`, `UPDATE writer SET pruned = 9`,
			`INSERT INTO changes (seq, at, kind, id) VALUES (10, 0, 'recording', 'r')`}, store.MissedReason},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t, migrated(t))
			db := openURL(t, url)
			for i := range 3 {
				require.NoError(t, create(t, db, i))
			}
			require.NoError(t, db.Failing())
			outside(t, url, tt.change...)
			err := create(t, db, 4)
			require.Equal(t, tt.want, fault.ReasonOf(err), err)
			require.Equal(t, tt.want, fault.ReasonOf(db.Failing()))
			require.NoError(t, create(t, openURL(t, url), 5), "one that was started since knows no better")
		})
	}
}

// Who follows late hears first what was committed since the database was opened, by whomever.
func TestFollowLate(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one, two := openURL(t, url), openURL(t, url)
	require.NoError(t, create(t, one, 1))
	require.NoError(t, create(t, two, 2))
	var heard []int64
	two.Follow(func(changes []feed.Change) error {
		for _, c := range changes {
			require.Equal(t, c.Seq < 3, c.Elsewhere)
			heard = append(heard, c.Seq)
		}
		return nil
	})
	require.NoError(t, create(t, two, 3))
	require.Equal(t, []int64{1, 2, 3}, heard)
}

// A way to the database on which others may listen is refused before anything is sent on it.
func TestInsecurePostgres(t *testing.T) {
	t.Parallel()
	for url, refused := range map[string]bool{
		"postgres://u@192.0.2.1/d":                                 true,
		"postgres://u@192.0.2.1/d?sslmode=disable":                 true,
		"postgres://u@192.0.2.1/d?sslmode=require":                 true,
		"postgres://u@192.0.2.1/d?sslmode=verify-ca":               true,
		"postgres://u@192.0.2.1,127.0.0.1/d?sslmode=prefer":        true,
		"postgres://u@127.0.0.1:1,192.0.2.1/d?sslmode=disable":     true,
		"postgres://u@127.0.0.1:1/d?sslmode=disable":               false,
		"postgres://u@localhost:1/d?sslmode=disable":               false,
		"postgres://u@127.0.0.1:1/d?sslmode=verify-full":           false,
		"postgres:///d?host=/nowhere&user=u":                       false,
		"postgres://u@[::1]:1/d?sslmode=disable&connect_timeout=1": false,
		"postgres://u:secret@[fe80::1]/d?sslmode=disable":          true,
	} {
		_, err := store.OpenPostgres(t.Context(), url, options(t))
		require.Error(t, err)
		require.Equal(t, refused, fault.ReasonOf(err) == "INSECURE_DATABASE", "%s: %v", url, err)
		require.NotContains(t, err.Error(), "secret")
	}
}

// One server may have the database for itself.
func TestAlone(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one := openURL(t, url)
	require.NoError(t, one.Join(t.Context(), true))
	require.NoError(t, one.Started(t.Context()))
	two, err := store.OpenPostgres(t.Context(), url, options(t))
	require.NoError(t, err)
	require.Equal(t, store.InUseReason, fault.ReasonOf(two.Join(t.Context(), true)))
	outside(t, url, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	require.Eventually(t, func() bool { return two.Join(t.Context(), true) == nil || one.Failing() == nil && held(t, url) },
		10*time.Second, time.Millisecond, "the one or the other has it again")
	require.NoError(t, two.Close())
}

// held tells that somebody has the lock.
func held(t *testing.T, url string) (is bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND locktype = 'advisory' AND granted)`).Scan(&is))
	require.NoError(t, conn.Close(t.Context()))
	return is
}
