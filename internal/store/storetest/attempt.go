package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

func testAttempts(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	b.later(time.Second)
	running := b.attempt(t, r.ID)
	require.Equal(t, recording.Running, running.State)
	require.Equal(t, 1, running.Attempts)
	require.Greater(t, running.Revision, r.Revision)
	require.Equal(t, b.clock(), running.UpdatedAt)
	interrupted, err := b.Recordings.InState(ctx, recording.Running)
	require.NoError(t, err)
	require.Equal(t, []recording.Recording{running}, interrupted)

	require.NoError(t, b.Recordings.HandBack(ctx, r.ID))
	require.NoError(t, b.Recordings.HandBack(ctx, r.ID), "twice does nothing")
	back, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Queued, back.State)
	require.Zero(t, back.Attempts)

	problem := recording.Problem{Reason: recording.SpeechDied, Message: "it died"}
	for deaths := 1; deaths <= recording.MaxDeaths; deaths++ {
		b.attempt(t, r.ID)
		failed, err := b.Recordings.FailAttempt(ctx, r.ID, problem, false)
		require.NoError(t, err)
		require.Equal(t, deaths, failed.Deaths)
		require.Equal(t, deaths == recording.MaxDeaths, failed.State == recording.Parked)
		kept, err := b.Recordings.Get(ctx, r.ID)
		require.NoError(t, err)
		require.Equal(t, failed, kept)
		require.Equal(t, problem, *kept.Problem)
	}
	require.Equal(t, int(b.lastRevision(t, r.ID)), b.changes(r.ID),
		"every change is told, and only changes")
}

func (b *bench) lastRevision(t *testing.T, id recording.ID) int64 {
	t.Helper()
	r, err := b.Recordings.Get(t.Context(), id)
	require.NoError(t, err)
	return r.Revision
}

// Of the wake-ups for the same attempt, one begins it, and a late one none.
func testAttemptsAtOnce(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	const n = 24
	errs := make([]error, n)
	atOnce(n, func(i int) { _, errs[i] = b.Recordings.BeginAttempt(ctx, r.ID, 0) })
	begun := 0
	for _, err := range errs {
		if err == nil {
			begun++
			continue
		}
		require.Equal(t, fault.Precondition, fault.KindOf(err), "%v", err)
	}
	require.Equal(t, 1, begun)
	_, err := b.Recordings.FailAttempt(ctx, r.ID,
		recording.Problem{Reason: recording.AttemptFailed}, false)
	require.NoError(t, err)
	_, err = b.Recordings.BeginAttempt(ctx, r.ID, 0)
	require.Equal(t, fault.Precondition, fault.KindOf(err))
}

// What makes a recording due has it worked on, or is not done.
func testAttemptsAreEnqueued(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	b.attempt(t, r.ID)
	_, err := b.Recordings.FailAttempt(ctx, r.ID,
		recording.Problem{Reason: recording.AttemptFailed}, false)
	require.NoError(t, err)
	require.Equal(t, 2, b.jobs(t))
	b.attempt(t, r.ID)
	require.NoError(t, b.Recordings.HandBack(ctx, r.ID))
	require.Equal(t, 3, b.jobs(t))

	running := b.attempt(t, r.ID)
	b.enqueueErr = errBoom
	_, err = b.Recordings.FailAttempt(ctx, r.ID, recording.Problem{Reason: recording.AttemptFailed},
		false)
	require.ErrorIs(t, err, errBoom)
	require.ErrorIs(t, b.Recordings.HandBack(ctx, r.ID), errBoom)
	kept, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, running, kept)
	require.Equal(t, 3, b.jobs(t))
}

func testAttemptsOfTheFinished(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	b.attempt(t, r.ID)
	require.NoError(t, b.finish(ctx, r.ID, result("")))
	done, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Done, done.State)
	_, err = b.Recordings.BeginAttempt(ctx, r.ID, done.Attempts)
	require.Equal(t, fault.Precondition, fault.KindOf(err))
	got, err := b.Recordings.FailAttempt(ctx, r.ID,
		recording.Problem{Reason: recording.AttemptFailed}, true)
	require.NoError(t, err)
	require.Equal(t, done, got)
	require.NoError(t, b.Recordings.HandBack(ctx, r.ID))
	got, err = b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, done, got)
}

func testRequeue(t *testing.T, b *bench) {
	ctx := t.Context()
	r, queued := b.created(t, 1), b.created(t, 2)
	b.attempt(t, r.ID)
	_, err := b.Recordings.FailAttempt(ctx, r.ID,
		recording.Problem{Reason: recording.SpeechFailed, Message: "no model"}, true)
	require.NoError(t, err)
	for reason, want := range map[string][]recording.ID{recording.SpeechFailed: {r.ID},
		recording.SpeechDied: nil} {
		parked, err := b.Recordings.ParkedFor(ctx, reason)
		require.NoError(t, err)
		require.Equal(t, want, parked)
	}

	b.enqueueErr = errBoom
	_, err = b.Recordings.Requeue(ctx, r.ID)
	require.ErrorIs(t, err, errBoom)
	b.enqueueErr = nil
	require.Equal(t, 2, b.jobs(t), "without a job it stays parked")
	now := b.later(time.Hour)
	got, err := b.Recordings.Requeue(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Queued, got.State)
	require.Nil(t, got.Problem)
	require.Zero(t, got.Attempts)
	require.Equal(t, now, got.UpdatedAt)
	kept, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, got, kept)
	require.Equal(t, 3, b.jobs(t))
	require.Equal(t, int(kept.Revision), b.changes(r.ID))
	for _, id := range []recording.ID{r.ID, queued.ID} {
		_, err = b.Recordings.Requeue(ctx, id)
		require.Equal(t, fault.Precondition, fault.KindOf(err))
	}
	require.Equal(t, 3, b.jobs(t))
}
