//go:build unix

package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/recording"
)

// join opens a database beside other servers.
func join(t *testing.T, url string) *store.DB {
	t.Helper()
	db := openURL(t, url)
	require.NoError(t, db.Join(t.Context(), false))
	require.NoError(t, db.Started(t.Context()))
	return db
}

// doNothing is a transaction by a context.
func doNothing(ctx context.Context, db *store.DB) error {
	return db.InTx(ctx, func(context.Context, store.Tx) error { return nil })
}

// One of several servers leads; where it is lost another one follows, and what the former writes as the leader is
// refused, whether or not it knows by then.
func TestOneLeads(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one, two := join(t, url), join(t, url)
	<-one.Gained()
	leading, done, ok := one.Lead(t.Context())
	require.True(t, ok)
	defer done()
	require.NoError(t, doNothing(leading, one))
	_, _, ok = two.Lead(t.Context())
	require.False(t, ok, "the other one leads")

	fixed := context.WithoutCancel(leading) // as of a server that was paused, and knows nothing yet
	outside(t, url, `SELECT pg_terminate_backend(pid, 30000) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND classid = 0 AND objid = 74307432 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	require.Equal(t, store.LeadLostReason, fault.ReasonOf(doNothing(fixed, one)))
	require.NoError(t, doNothing(t.Context(), one), "all else goes on")
	<-leading.Done()
	select { // whoever was faster
	case <-two.Gained():
	case <-one.Gained():
	}
	require.Equal(t, store.LeadLostReason, fault.ReasonOf(doNothing(fixed, one)), "that lead is over for good")
}

// Who keeps audio for himself works with no other, and only who is alone may give a database another key.
func TestJoin(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one := join(t, url)
	require.NoError(t, one.OnlyServer(t.Context()))
	two := join(t, url)
	require.Equal(t, store.OthersReason, fault.ReasonOf(two.OnlyServer(t.Context())))
	lone := openURL(t, url)
	require.Equal(t, store.InUseReason, fault.ReasonOf(lone.Join(t.Context(), true)))
	require.NoError(t, one.Close())
	require.NoError(t, two.Close())
	require.Eventually(t, func() bool { return lone.Join(t.Context(), true) == nil }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, lone.Started(t.Context()))
	third := openURL(t, url)
	require.Equal(t, store.InUseReason, fault.ReasonOf(third.Join(t.Context(), false)))
}

// Of servers that start at once one is through before the next begins.
func TestStartsComeOneByOne(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one, two := openURL(t, url), openURL(t, url)
	require.NoError(t, one.Join(t.Context(), false))
	began := make(chan error, 1)
	go func() { began <- two.Join(t.Context(), false) }()
	require.Never(t, func() bool { return len(began) > 0 }, 100*time.Millisecond, 10*time.Millisecond)
	require.NoError(t, one.Started(t.Context()))
	require.NoError(t, <-began)
}

// What a server is at is nobody else's, until that one is gone; and what a server says then of an attempt that was
// taken from it counts for nothing.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t, migrated(t))
	one, two := join(t, url), join(t, url)
	require.NoError(t, create(t, one, 1))
	rec, err := one.Recordings.BeginNext(ctx, recording.AnyLane)
	require.NoError(t, err)
	left, err := two.Recordings.Abandoned(ctx)
	require.NoError(t, err)
	require.Empty(t, left)
	p := recording.Problem{Reason: recording.ServerStopped, Message: "gone"}
	_, err = two.Recordings.FailAttempt(ctx, rec.ID, p, false)
	require.Equal(t, store.TakenReason, fault.ReasonOf(err), "the other is at it")
	require.Error(t, two.Recordings.HandBack(ctx, rec.ID))

	require.NoError(t, one.Close())
	require.Eventually(t, func() bool {
		left, err = two.Recordings.Abandoned(ctx)
		return err == nil && len(left) == 1
	}, 10*time.Second, 10*time.Millisecond)
	got, err := two.Recordings.TakeFrom(ctx, left[rec.ID], rec.ID, p)
	require.NoError(t, err)
	require.Equal(t, recording.Queued, got.State)
	require.Equal(t, 1, got.Attempts, "it counts")
	got, err = two.Recordings.BeginNext(ctx, recording.AnyLane)
	require.NoError(t, err)
	require.Equal(t, rec.ID, got.ID)
	_, err = two.Recordings.TakeFrom(ctx, left[rec.ID], rec.ID, p)
	require.Equal(t, store.TakenReason, fault.ReasonOf(err), "it has another server by now")
	require.NoError(t, two.Recordings.HandBack(ctx, rec.ID))
}

// One server of all has its turn at a time.
func TestTurns(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one, two := join(t, url), join(t, url)
	done, err := one.Turn(t.Context())
	require.NoError(t, err)
	within, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = two.Turn(within)
	require.Error(t, err)
	done()
	done, err = two.Turn(t.Context())
	require.NoError(t, err)
	done()
}
