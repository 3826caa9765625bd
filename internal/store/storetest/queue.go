package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// queued is a new recording with that priority, from that source, so many seconds long.
func (b *bench) queued(
	t *testing.T, p recording.Priority, source string, seconds int64,
) recording.Recording {
	t.Helper()
	r := b.recording(t, 1)
	r.Priority, r.Source, r.Audio.Frames = p, source, seconds*int64(r.Audio.Rate)
	r, created, err := b.Recordings.CreateRecording(t.Context(), r)
	require.NoError(t, err)
	require.True(t, created)
	b.later(time.Second)
	return r
}

// next begins the next attempt, "" where nothing is due.
func (b *bench) next(t *testing.T, l recording.Lane) recording.ID {
	t.Helper()
	r, err := b.Recordings.BeginNext(t.Context(), l)
	if fault.KindOf(err) == fault.NotFound {
		return ""
	}
	require.NoError(t, err)
	require.Equal(t, recording.Running, r.State)
	require.True(t, l.Takes(r))
	kept, err := b.Recordings.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, kept, r)
	return r.ID
}

// turns is the order in which all that is due is begun.
func (b *bench) turns(t *testing.T, l recording.Lane) (ids []recording.ID) {
	t.Helper()
	for {
		id := b.next(t, l)
		if id == "" {
			return ids
		}
		ids = append(ids, id)
	}
}

// One priority goes before another; within it sources take turns; of one the oldest is first.
func testOrderOfWork(t *testing.T, b *bench) {
	const live, backlog, rejudge = recording.Live, recording.Backlog, recording.Rejudge
	type sent struct {
		name    string
		p       recording.Priority
		source  string
		seconds int64
	}
	for _, tt := range []struct {
		name string
		lane recording.Lane
		sent []sent
		want []string
	}{
		{"nothing", recording.AnyLane, nil, nil},
		{"priorities", recording.AnyLane, []sent{{"r", rejudge, "s", 9}, {"b", backlog, "s", 9},
			{"l", live, "s", 9}, {"b2", backlog, "s", 9}, {"l2", live, "s", 9}},
			[]string{"l", "l2", "b", "b2", "r"}},
		{"one dumps, another has two", recording.AnyLane, []sent{{"a1", live, "a", 9},
			{"a2", live, "a", 9}, {"a3", live, "a", 9}, {"a4", live, "a", 9}, {"b1", live, "b", 9},
			{"b2", live, "b", 9}}, []string{"a1", "b1", "a2", "b2", "a3", "a4"}},
		{"one each, in the order of their coming", recording.AnyLane, []sent{{"1", live, "z", 9},
			{"2", live, "", 9}, {"3", live, "m", 9}, {"4", live, "a", 9}},
			[]string{"1", "2", "3", "4"}},
		{"a share of each priority", recording.AnyLane, []sent{{"a1", backlog, "a", 9},
			{"a2", backlog, "a", 9}, {"b1", backlog, "b", 9}, {"b2", backlog, "b", 9},
			{"a3", live, "a", 9}}, []string{"a3", "a1", "b1", "a2", "b2"}},
		{"only live ones", recording.LiveLane, []sent{{"b", backlog, "s", 9}, {"l", live, "s", 3600},
			{"r", rejudge, "s", 9}, {"l2", live, "x", 9}}, []string{"l", "l2"}},
		{"only brief ones", recording.BriefLane, []sent{{"b", backlog, "s", 9},
			{"long", live, "s", 3600}, {"longer", live, "long only", 121}, {"l", live, "s", 120},
			{"l2", live, "s", 19}, {"l3", live, "x", 19}}, []string{"l", "l3", "l2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := b.fresh()
			names := map[recording.ID]string{}
			for _, s := range tt.sent {
				names[b.queued(t, s.p, s.source, s.seconds).ID] = s.name
			}
			var got []string
			for _, id := range b.turns(t, tt.lane) {
				got = append(got, names[id])
			}
			require.Equal(t, tt.want, got)
			b.requireCounts(t)
		})
	}
}

// Who comes while others have many gets every other turn from then on.
func testFairShare(t *testing.T, b *bench) {
	for range 20 {
		b.queued(t, recording.Live, "dump", 9)
	}
	for range 5 {
		b.next(t, recording.AnyLane)
	}
	late := map[recording.ID]bool{}
	for range 4 {
		late[b.queued(t, recording.Live, "late", 9).ID] = true
	}
	var got []bool
	for range 8 {
		got = append(got, late[b.next(t, recording.AnyLane)])
	}
	require.Equal(t, []bool{false, true, false, true, false, true, false, true}, got)
}

// Those who ask at once get different recordings, and each is begun once.
func testTurnsAtOnce(t *testing.T, b *bench) {
	const n = 24
	for i := range n {
		b.queued(t, recording.Priority(i%3), fmt.Sprint(i%5), 9)
	}
	var mu sync.Mutex
	begun := map[recording.ID]int{}
	errs := make([]error, 2*n)
	atOnce(2*n, func(i int) {
		r, err := b.Recordings.BeginNext(t.Context(), recording.AnyLane)
		if errs[i] = err; err == nil {
			mu.Lock()
			defer mu.Unlock()
			begun[r.ID] = r.Attempts
		}
	})
	idle := 0
	for _, err := range errs {
		if err != nil {
			require.Equal(t, fault.NotFound, fault.KindOf(err), "%v", err)
			idle++
		}
	}
	require.Equal(t, n, idle)
	require.Len(t, begun, n)
	for _, attempts := range begun {
		require.Equal(t, 1, attempts)
	}
	b.requireCounts(t)
}

// What failed waits until its pause was said to be over; priority and line stay.
func testPauses(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.recording(t, 1)
	r.Priority, r.Line = recording.Backlog, "trunk-7"
	r, _, err := b.Recordings.CreateRecording(ctx, r)
	require.NoError(t, err)
	require.Equal(t, r.ID, b.next(t, recording.AnyLane))
	failed, err := b.Recordings.FailAttempt(ctx, r.ID,
		recording.Problem{Reason: recording.AttemptFailed}, false)
	require.NoError(t, err)
	require.Equal(t, recording.Queued, failed.State)
	paused, err := b.Recordings.Paused(ctx)
	require.NoError(t, err)
	require.Equal(t, []recording.Recording{failed}, paused)
	require.Empty(t, b.next(t, recording.AnyLane))
	for _, attempt := range []int{0, 2} {
		require.NoError(t, b.Recordings.EndPause(ctx, r.ID, attempt))
		require.Empty(t, b.next(t, recording.AnyLane), "that was another pause")
	}
	require.NoError(t, b.Recordings.EndPause(ctx, "none", 1))
	b.requireCounts(t)
	require.NoError(t, b.Recordings.EndPause(ctx, r.ID, 1))
	kept, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, failed, kept)
	b.requireCounts(t)
	require.Equal(t, r.ID, b.next(t, recording.AnyLane))

	_, err = b.Recordings.FailAttempt(ctx, r.ID, recording.Problem{Reason: recording.ServerStopped},
		false)
	require.NoError(t, err)
	require.Equal(t, r.ID, b.next(t, recording.AnyLane), "it is taken back without a pause")
	require.NoError(t, b.Recordings.HandBack(ctx, r.ID))
	require.Equal(t, r.ID, b.next(t, recording.AnyLane))
	_, err = b.Recordings.FailAttempt(ctx, r.ID, recording.Problem{Reason: recording.SpeechFailed},
		true)
	require.NoError(t, err)
	n, err := recording.RetryParked(ctx, b.Recordings, recording.ParkedFilter{})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	kept, err = b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Backlog, kept.Priority)
	require.Equal(t, "trunk-7", kept.Line)
}

// requireCounts compares the counts that are kept with what there is.
func (b *bench) requireCounts(t *testing.T) {
	t.Helper()
	require.Zero(t, b.count(t, `SELECT COUNT(*) FROM (
		SELECT priority, source, COUNT(*), COUNT(CASE WHEN paused = 0 THEN 1 END),
			COUNT(CASE WHEN paused = 0 AND priority = 0 AND length <= 120000000000 THEN 1 END), SUM(length)
		FROM recordings WHERE state = 'queued' GROUP BY priority, source
		EXCEPT SELECT priority, source, waiting, ready, brief, length FROM queues) wrong`))
	require.Equal(t, b.count(t, `SELECT COUNT(*) FROM recordings WHERE state = 'queued'`),
		b.count(t, `SELECT COALESCE(SUM(waiting), 0) FROM queues`))
	require.Zero(t, b.count(t, `SELECT COUNT(*) FROM queues
		WHERE waiting < 0 OR ready < 0 OR brief < 0 OR length < 0 OR ready > waiting OR brief > ready`))
}

// Whatever happens to recordings, the counts are theirs.
func testQueueCounts(t *testing.T, b *bench) {
	ctx := t.Context()
	r := rand.New(rand.NewPCG(9, 9))
	var running []recording.ID
	take := func() (id recording.ID, ok bool) {
		if len(running) == 0 {
			return "", false
		}
		i := r.IntN(len(running))
		id = running[i]
		running = append(running[:i], running[i+1:]...)
		return id, true
	}
	reasons := []string{recording.AttemptFailed, recording.SpeechDied, recording.ServerStopped,
		recording.SpeechUnavailable}
	for range 300 {
		switch r.IntN(7) {
		case 0, 1:
			b.queued(t, recording.Priority(r.IntN(3)), fmt.Sprint(r.IntN(3)), r.Int64N(200))
		case 2, 3:
			if id := b.next(t, recording.Lane(r.IntN(3))); id != "" {
				running = append(running, id)
			}
		case 4:
			if id, ok := take(); ok {
				_, err := b.Recordings.FailAttempt(ctx, id,
					recording.Problem{Reason: reasons[r.IntN(len(reasons))]}, r.IntN(3) == 0)
				require.NoError(t, err)
			}
		case 5:
			if id, ok := take(); ok {
				require.NoError(t, b.finish(ctx, id, result("")))
			}
		case 6:
			paused, err := b.Recordings.Paused(ctx)
			require.NoError(t, err)
			for _, p := range paused {
				require.NoError(t, b.Recordings.EndPause(ctx, p.ID, p.Attempts))
			}
			_, err = recording.RetryParked(ctx, b.Recordings, recording.ParkedFilter{Source: "1"})
			require.NoError(t, err)
		}
		b.requireCounts(t)
	}
	b.requireQueue(t)
}

// requireQueue compares what Queue tells with the recordings.
func (b *bench) requireQueue(t *testing.T) {
	t.Helper()
	all, err := b.Recordings.List(t.Context(), recording.Filter{Limit: 10_000})
	require.NoError(t, err)
	want := recording.Queue{Parked: map[string]int{}}
	for _, p := range recording.Priorities() {
		want.Waiting = append(want.Waiting, recording.Waiting{Priority: p})
	}
	for _, r := range all { // the newest first
		switch r.State {
		case recording.Queued:
			w := &want.Waiting[r.Priority]
			w.Count++
			w.Audio += r.Audio.Duration()
			w.Oldest = r.CreatedAt
		case recording.Running:
			want.Running++
		case recording.Parked:
			want.Parked[r.Problem.Reason]++
		case recording.Done:
		}
	}
	got, err := b.Recordings.Queue(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func testQueueOfNothing(t *testing.T, b *bench) {
	b.requireQueue(t)
	q, err := b.Recordings.Queue(t.Context())
	require.NoError(t, err)
	require.Len(t, q.Waiting, 3)
	require.Zero(t, q.Waiting[0].Age(b.clock()))
}
