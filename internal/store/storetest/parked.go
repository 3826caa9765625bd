package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

// parked is a recording that was given up for that reason.
func (b *bench) parked(t *testing.T, source, reason string) recording.Recording {
	t.Helper()
	r := b.queued(t, recording.Live, source, 9)
	b.attempt(t, r.ID)
	r, err := b.Recordings.FailAttempt(t.Context(), r.ID, recording.Problem{Reason: reason}, true)
	require.NoError(t, err)
	require.Equal(t, recording.Parked, r.State)
	return r
}

// What was given up is taken up portion by portion, by reason and source.
func testRetryParked(t *testing.T, b *bench) {
	ctx := t.Context()
	died, failed := b.parked(t, "a", recording.SpeechDied), b.parked(t, "a", recording.AttemptFailed)
	other := b.parked(t, "b", recording.SpeechDied)
	queued := b.queued(t, recording.Live, "a", 9)
	for _, tt := range []struct {
		f    recording.ParkedFilter
		want []recording.Recording
	}{
		{recording.ParkedFilter{Reason: recording.TookTooLong}, nil},
		{recording.ParkedFilter{Source: "c"}, nil},
		{recording.ParkedFilter{Reason: recording.SpeechDied, Source: "b"},
			[]recording.Recording{other}},
		{recording.ParkedFilter{Reason: recording.SpeechDied}, []recording.Recording{died}},
		{recording.ParkedFilter{}, []recording.Recording{failed}},
		{recording.ParkedFilter{}, nil},
	} {
		n, err := recording.RetryParked(ctx, b.Recordings, tt.f)
		require.NoError(t, err)
		require.Equal(t, len(tt.want), n, "%v", tt.f)
		for _, r := range tt.want {
			got, err := b.Recordings.Get(ctx, r.ID)
			require.NoError(t, err)
			require.Equal(t, recording.Queued, got.State)
			require.Nil(t, got.Problem)
			require.Zero(t, got.Attempts)
		}
	}
	_, err := recording.RetryParked(ctx, b.Recordings, recording.ParkedFilter{Reason: "SPEECH"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, recording.SpeechDied)
	got, err := b.Recordings.Get(ctx, queued.ID)
	require.NoError(t, err)
	require.Equal(t, queued, got)
}

// What is taken up by itself is so once on each occasion.
func testRetryParkedOnce(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.parked(t, "a", recording.ServerStopped)
	on := func(occasion string) int {
		t.Helper()
		n, err := recording.RetryParked(ctx, b.Recordings,
			recording.ParkedFilter{Reason: recording.ServerStopped, Occasion: occasion})
		require.NoError(t, err)
		return n
	}
	again := func() {
		t.Helper()
		require.Equal(t, r.ID, b.next(t, recording.AnyLane))
		_, err := b.Recordings.FailAttempt(ctx, r.ID, recording.Problem{Reason: recording.ServerStopped},
			true)
		require.NoError(t, err)
	}
	require.Equal(t, 1, on("v1"))
	again()
	require.Zero(t, on("v1"), "it was taken up then")
	_, err := b.Recordings.Requeue(ctx, r.ID) // by hand
	require.NoError(t, err)
	again()
	require.Zero(t, on("v1"))
	require.Equal(t, 1, on("v2"))
	again()
	require.Equal(t, 1, on(""), "without an occasion it is whenever it is asked for")
}

func testRetryParkedPortions(t *testing.T, b *bench) {
	ctx := t.Context()
	var all []recording.Recording
	for range 5 {
		all = append(all, b.parked(t, "a", recording.SpeechDied))
	}
	jobs := b.jobs(t)
	var last *request.Cursor
	for i, want := range []int{2, 2, 1, 0} {
		n, at, err := b.Recordings.RequeueParked(ctx, recording.ParkedFilter{After: last}, 2)
		require.NoError(t, err)
		require.Equal(t, want, n)
		if want == 2 {
			require.Equal(t, string(all[2*i+1].ID), at.ID)
		}
		last = &at
		// what is given up again is not taken up twice
		_, err = b.Recordings.FailAttempt(ctx, b.next(t, recording.AnyLane),
			recording.Problem{Reason: recording.AudioUnreadable}, true)
		require.NoError(t, err)
	}
	require.Equal(t, jobs+5, b.jobs(t))
	b.enqueueErr = errBoom
	_, _, err := b.Recordings.RequeueParked(ctx, recording.ParkedFilter{}, 10)
	require.ErrorIs(t, err, errBoom)
	b.enqueueErr = nil
	b.requireQueue(t)
}

// A line that was sent stands; else that of the report does, whenever it comes.
func testLines(t *testing.T, b *bench) {
	ctx := t.Context()
	line := func(r recording.Recording) string {
		got, err := b.Recordings.Get(ctx, r.ID)
		require.NoError(t, err)
		return got.Line
	}
	report := func(r recording.Recording, line string, revision int64) {
		_, err := b.calls.Report(ctx, []calls.Call{{ID: r.CallID, Number: r.Number, Line: line,
			Start: begin, Outcome: calls.Answered, Talk: time.Minute, Revision: revision}})
		require.NoError(t, err)
	}
	sent := b.recording(t, 1)
	sent.Line = "sent"
	late, early := b.recording(t, 2), b.recording(t, 3)
	report(early, "early", 1)
	for _, r := range []recording.Recording{sent, late, early} {
		_, _, err := b.Recordings.CreateRecording(ctx, r)
		require.NoError(t, err)
		b.later(time.Second)
	}
	require.Equal(t, []string{"sent", "", "early"}, []string{line(sent), line(late), line(early)})
	report(sent, "reported", 1)
	report(late, "late", 1)
	report(early, "corrected", 2)
	require.Equal(t, []string{"sent", "late", "corrected"},
		[]string{line(sent), line(late), line(early)})

	require.NoError(t, b.finish(ctx, late.ID, result("stop_calling")))
	s, err := b.Suspects.ByRecording(ctx, late.ID)
	require.NoError(t, err)
	require.Equal(t, "late", s.Line)

	for name, want := range map[string][]recording.ID{"sent": {sent.ID}, "late": {late.ID},
		"early": nil, "corrected": {early.ID}, "reported": nil} {
		recs, err := b.Recordings.List(ctx, recording.Filter{Line: name})
		require.NoError(t, err)
		var ids []recording.ID
		for _, r := range recs {
			ids = append(ids, r.ID)
		}
		require.Equal(t, want, ids, name)
	}
}
