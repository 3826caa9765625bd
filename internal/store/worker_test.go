//go:build unix

package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// hears is what workers are in these tests.
var hears = store.Hears{Version: "1.0", Model: "m"}

// openWorker opens a database as a worker.
func openWorker(t *testing.T, url string, h store.Hears) *store.Worker {
	t.Helper()
	w, err := store.OpenWorker(t.Context(), url, store.WorkerOptions{Hears: h, Now: time.Now,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

// handOver is what a worker hands over.
func handOver(t *testing.T, w *store.Worker, id recording.ID, heard ...asr.Transcript) error {
	t.Helper()
	return w.Finish(t.Context(), id, heard, keywords.Verdict{}, nil, 0)
}

// A worker takes what is due without learning whose call it was, and what it hands over is the next result of the
// attempt that it made, and of no other.
func TestWorker(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t, migrated(t))
	srv := join(t, url)
	require.NoError(t, srv.Belong(ctx, "directory", "key"))
	w, other := openWorker(t, url, hears), openWorker(t, url, hears)
	require.NoError(t, create(t, srv, 1))

	_, err := w.Recordings.BeginNext(ctx, recording.AnyLane)
	require.Equal(t, store.NotWantedReason, fault.ReasonOf(err), "nobody said what workers must be")
	require.NoError(t, srv.Want(ctx, store.Hears{Version: "2.0", Model: "m"}))
	_, err = w.Recordings.BeginNext(ctx, recording.AnyLane)
	require.Equal(t, store.NotWantedReason, fault.ReasonOf(err))
	require.ErrorContains(t, err, "the servers want workers of model m, version 2.0, and this one is of model m, version 1.0")
	for range 2 {
		require.NoError(t, srv.Want(ctx, hears))
	}
	is, err := srv.Wanted(ctx)
	require.NoError(t, err)
	require.Equal(t, hears, is)

	began, err := w.Recordings.BeginNext(ctx, recording.AnyLane)
	require.NoError(t, err)
	whole, err := srv.Recordings.Get(ctx, began.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Running, whole.State)
	require.True(t, began.Number.IsZero())
	require.Empty(t, began.CallID+began.Agent+began.Line)
	require.Equal(t, whole.Audio, began.Audio)
	require.Equal(t, whole.CustomerChannel, began.CustomerChannel)

	heard := asr.Transcript{Side: asr.Customer, Duration: time.Second}
	require.Equal(t, store.TakenReason, fault.ReasonOf(handOver(t, other, began.ID, heard)), "it is not this one's")
	require.NoError(t, handOver(t, w, began.ID, heard))
	require.NoError(t, w.Close())
	found, err := srv.Transcripts.Hearings(ctx, 10)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.NoError(t, found[0].Err)
	require.Equal(t, []asr.Transcript{heard}, found[0].Heard)
	left, err := srv.Recordings.Abandoned(ctx)
	require.NoError(t, err)
	require.Empty(t, left, "its result lies there")
	for _, want := range []bool{true, false} {
		kept, err := srv.Transcripts.Judged(ctx, found[0], keywords.Verdict{}, nil, 0)
		require.NoError(t, err)
		require.Equal(t, want, kept)
	}
	whole, err = srv.Recordings.Get(ctx, began.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Done, whole.State)
}

// What a worker handed over of an attempt that isn't under way any more is dropped.
func TestWorkerTooLate(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t, migrated(t))
	srv := join(t, url)
	require.NoError(t, srv.Belong(ctx, "directory", "key"))
	require.NoError(t, srv.Want(ctx, hears))
	w := openWorker(t, url, hears)
	require.NoError(t, create(t, srv, 1))
	began, err := w.Recordings.BeginNext(ctx, recording.AnyLane)
	require.NoError(t, err)
	require.NoError(t, handOver(t, w, began.ID, asr.Transcript{Side: asr.Customer}))
	require.NoError(t, w.Recordings.HandBack(ctx, began.ID))
	again, err := w.Recordings.BeginNext(ctx, recording.AnyLane)
	require.NoError(t, err)
	require.NoError(t, w.Recordings.HandBack(ctx, again.ID))
	found, err := srv.Transcripts.Hearings(ctx, 10)
	require.NoError(t, err)
	require.Len(t, found, 1)
	kept, err := srv.Transcripts.Judged(ctx, found[0], keywords.Verdict{}, nil, 0)
	require.NoError(t, err)
	require.False(t, kept)
	found, err = srv.Transcripts.Hearings(ctx, 10)
	require.NoError(t, err)
	require.Empty(t, found)
	got, err := srv.Recordings.Get(ctx, began.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Queued, got.State)
}

// A worker never leads, and leaves a database alone whose tables are not its program's.
func TestWorkersPlace(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t, migrated(t))
	w := openWorker(t, url, hears)
	require.NoError(t, w.Present())
	srv := join(t, url)
	<-srv.Gained()
	lone := openURL(t, url)
	require.Equal(t, store.InUseReason, fault.ReasonOf(lone.Join(ctx, true)), "a worker is at it")
	outside(t, url, `UPDATE goose_db_version SET version_id = version_id + 1 WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
	_, err := store.OpenWorker(ctx, url, store.WorkerOptions{Hears: hears, Now: time.Now,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.Equal(t, store.OtherTablesReason, fault.ReasonOf(err))
}
