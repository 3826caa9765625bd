package jobs

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/recording"
)

// send takes in a recording of that priority and length.
func (b *bench) send(
	t *testing.T, n int, p recording.Priority, length time.Duration,
) recording.ID {
	t.Helper()
	wav, err := testcall.Make(uint64(n), length)
	require.NoError(t, err)
	r, _, err := b.intake.Upload(t.Context(), recording.Metadata{CallID: fmt.Sprint(n),
		Number: "13800138000", CustomerChannel: audio.Right, Priority: p}, bytes.NewReader(wav))
	require.NoError(t, err)
	return r.ID
}

func TestWorkInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, says("不用"))
	rejudge := b.send(t, 1, recording.Rejudge, 5*time.Second)
	backlog := b.send(t, 2, recording.Backlog, 5*time.Second)
	live := b.send(t, 3, recording.Live, 5*time.Second)
	live2 := b.send(t, 4, recording.Live, 5*time.Second)
	require.Equal(t, []recording.ID{live, live2, backlog, rejudge}, b.works(t))
}

// While a backlog fills everything, a live recording begins at once, and when these do a brief
// one still does.
func TestLiveOnesFindRoom(t *testing.T) {
	t.Parallel()
	b := newBench(t, engine(func(ctx context.Context, _ asr.Window) ([]asr.Phrase, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	b.Runner.worker.grace = 0
	running := func(ids ...recording.ID) {
		t.Helper()
		for {
			n := 0
			for _, id := range ids {
				if b.read(t, id).State == recording.Running {
					n++
				}
			}
			if n == len(ids) {
				return
			}
			select {
			case <-b.changed:
			case <-time.After(time.Minute):
				require.FailNow(t, "nothing happens any more")
			}
		}
	}
	b.run(t)
	b.Look()
	backlog := []recording.ID{b.send(t, 1, recording.Backlog, 5*time.Second),
		b.send(t, 2, recording.Backlog, 5*time.Second)}
	running(backlog...) // there are two workers
	waits := b.send(t, 3, recording.Backlog, 5*time.Second)
	long := b.send(t, 4, recording.Live, 3*time.Minute)
	running(long)
	longer := b.send(t, 5, recording.Live, 3*time.Minute)
	brief := b.send(t, 6, recording.Live, 5*time.Second)
	running(brief)
	for _, id := range []recording.ID{waits, longer} {
		require.Equal(t, recording.Queued, b.read(t, id).State)
	}
}

// A stop hands back what is under way, and what is due stays queued.
func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	hears := make(chan struct{}, 10)
	b := newBench(t, engine(func(ctx context.Context, _ asr.Window) ([]asr.Phrase, error) {
		hears <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	b.Runner.worker.grace = time.Millisecond
	var ids []recording.ID
	for n := range 4 {
		ids = append(ids, b.send(t, n, recording.Backlog, 5*time.Second))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	<-hears
	stop()
	require.NoError(t, <-ended)
	for _, id := range ids {
		got := b.read(t, id)
		require.Equal(t, recording.Queued, got.State)
		require.Zero(t, got.Attempts)
	}
}

// unreadable are Recordings that can't say what is due for a while.
type unreadable struct {
	Recordings
	times int
}

func (u *unreadable) BeginNext(
	ctx context.Context, l recording.Lane,
) (recording.Recording, error) {
	if u.times--; u.times >= 0 {
		return recording.Recording{}, errBoom
	}
	return u.Recordings.BeginNext(ctx, l)
}

// A database that fails for a while is asked again, less and less often.
func TestDispatchTriesAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, says("不用"))
	w := b.Runner.worker
	w.recordings = &unreadable{b.db.Recordings, 8}
	var pauses []time.Duration
	passed := make(chan time.Time)
	close(passed)
	w.after = func(d time.Duration) <-chan time.Time {
		pauses = append(pauses, d)
		return passed
	}
	id := b.send(t, 1, recording.Live, 5*time.Second)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx)
	}()
	require.Equal(t, recording.Done, b.final(t, id).State)
	stop()
	<-done
	require.Equal(t, []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 60e9, 60e9}, pauses)
}
