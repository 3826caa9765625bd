package jobs

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/recording"
)

// A start takes back what was running, wakes what pauses and lost its wake-up, and leaves alone
// what has one. What is due needs none: it is looked for.
func TestTakeBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newBench(t, says("不用"))
	failing := func(n int) recording.Recording {
		r := b.upload(t, n)
		_, err := b.db.Recordings.BeginAttempt(ctx, r.ID, 0)
		require.NoError(t, err)
		_, err = b.db.Recordings.FailAttempt(ctx, r.ID,
			recording.Problem{Reason: recording.AttemptFailed}, false)
		require.NoError(t, err)
		return r
	}
	paused := failing(1)
	b.deaf = true
	due, lost, running := b.upload(t, 2), failing(3), b.upload(t, 4)
	_, err := b.db.Recordings.BeginAttempt(ctx, running.ID, 0)
	require.NoError(t, err)
	b.deaf = false
	for _, interrupted := range []int{1, 0} {
		n, err := b.TakeBack(ctx, b.db.Recordings)
		require.NoError(t, err)
		require.Equal(t, interrupted, n)
		require.Equal(t, map[wakeUp]int{{paused.ID, 0}: 1, {paused.ID, 1}: 1, {lost.ID, 1}: 1,
			{running.ID, 1}: 1}, b.wakeUps(t))
	}
	got := b.read(t, running.ID)
	require.Equal(t, recording.Queued, got.State)
	require.Equal(t, recording.ServerStopped, got.Problem.Reason)

	b.run(t)
	for id, attempts := range map[recording.ID]int{paused.ID: 2, due.ID: 1, lost.ID: 2,
		running.ID: 2} {
		got := b.final(t, id)
		require.Equal(t, recording.Done, got.State)
		require.Equal(t, attempts, got.Attempts)
	}
}

// More wake-ups than River lists at once are all found.
func TestTakeBackMany(t *testing.T) {
	t.Parallel()
	b := newBench(t, says("不用"))
	r := b.upload(t, 1)
	var many []river.InsertManyParams
	for i := range pageSize {
		many = append(many, river.InsertManyParams{Args: wakeUp{recording.ID(fmt.Sprint(i)), 0}})
	}
	_, err := b.client.InsertMany(t.Context(), many)
	require.NoError(t, err)
	coming, err := b.coming(t.Context())
	require.NoError(t, err)
	require.Len(t, coming, pageSize+1)
	require.True(t, coming[wakeUp{r.ID, 0}])
}

// oldArgs are those of jobs of old, whose state was River's to keep.
type oldArgs struct {
	RecordingID recording.ID  `json:"recording_id"`
	Audio       time.Duration `json:"audio"`
}

func (oldArgs) Kind() string { return "transcribe" }

// Jobs of old wake like those of today, or do nothing.
func TestJobsOfOld(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newBench(t, says("不用"))
	b.deaf = true
	fresh, tried, running := b.upload(t, 1), b.upload(t, 2), b.upload(t, 3)
	for _, r := range []recording.Recording{tried, running} {
		_, err := b.db.Recordings.BeginAttempt(ctx, r.ID, 0)
		require.NoError(t, err)
	}
	_, err := b.db.Recordings.FailAttempt(ctx, tried.ID,
		recording.Problem{Reason: recording.SpeechDied}, false)
	require.NoError(t, err)
	b.deaf = false
	for _, id := range []recording.ID{running.ID, fresh.ID, tried.ID, "none"} {
		job, err := b.client.Insert(ctx, oldArgs{id, time.Minute},
			&river.InsertOpts{MaxAttempts: 1000})
		require.NoError(t, err)
		if id == running.ID {
			_, err = b.db.Writer().ExecContext(ctx,
				`UPDATE river_job SET state = 'running', attempted_at = $1, attempt = 1 WHERE id = $2`,
				time.Now().UTC().Format("2006-01-02 15:04:05.000"), job.Job.ID)
			require.NoError(t, err)
		}
	}
	_, err = b.TakeBack(ctx, b.db.Recordings)
	require.NoError(t, err)
	b.run(t)
	for id, attempts := range map[recording.ID]int{fresh.ID: 1, tried.ID: 2, running.ID: 2} {
		got := b.final(t, id)
		require.Equal(t, recording.Done, got.State)
		require.Equal(t, attempts, got.Attempts)
	}
}

func TestQuietLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	quiet := newQuietLog(slog.NewTextHandler(&out, nil))
	log := slog.New(quiet).With("a", 1).WithGroup("jobs")
	log.Info("applied migration")
	require.Empty(t, out.String())
	log.Error("something that matters")
	require.Contains(t, out.String(), "something that matters")
	out.Reset()
	quiet.mute()
	log.Error("could not resign")
	require.Empty(t, out.String())
}
