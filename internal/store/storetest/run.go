package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// run is a new one.
func (b *bench) run(t testing.TB, edit ...func(*rejudge.Run)) rejudge.Run {
	t.Helper()
	now := b.clock()
	b.mu.Lock()
	b.made++
	id := rejudge.ID(b.nextID())
	b.mu.Unlock()
	r := rejudge.Run{ID: id, State: rejudge.Queued,
		PerDay: 100, Lexicon: "l2", Actor: "li", CreatedAt: now, UpdatedAt: now}
	for _, f := range edit {
		f(&r)
	}
	kept, err := b.Runs.CreateRun(t.Context(), request.Request{}, r, "")
	require.NoError(t, err)
	r.Revision = 1
	require.Equal(t, r, kept)
	return kept
}

// running is a run that applies and has so many recordings before it.
func (b *bench) running(t testing.TB, edit ...func(*rejudge.Run)) rejudge.Run {
	t.Helper()
	r := b.run(t, append([]func(*rejudge.Run){func(r *rejudge.Run) { r.Apply = true }}, edit...)...)
	r, err := b.Runs.ChangeRun(t.Context(), r.ID, request.Request{}, func(r rejudge.Run) (rejudge.Run, error) {
		r.State, r.StartedAt, r.Last, r.Total = rejudge.Running, b.clock(), "zzz", 10
		return r, nil
	})
	require.NoError(t, err)
	return r
}

func testRuns(t *testing.T, b *bench) {
	ctx := t.Context()
	first := b.run(t, func(r *rejudge.Run) {
		r.Apply, r.Speech = true, true
		r.Selection = rejudge.Selection{Since: begin.Add(-time.Hour), Until: begin, Agent: "a", Line: "l",
			Source: "s", Class: "no_need", Lexicon: "l1", Suspect: rejudge.Undecided}
	})
	second := b.run(t)
	req := request.Request{Method: "CreateRun", ID: "r1"}
	third, err := b.Runs.CreateRun(ctx, req, rejudge.Run{ID: "x1", State: rejudge.Queued}, "")
	require.NoError(t, err)
	again, err := b.Runs.CreateRun(ctx, req, rejudge.Run{ID: "x2", State: rejudge.Queued}, "")
	require.NoError(t, err)
	require.Equal(t, third, again, "the request was repeated")

	_, err = b.Runs.LexiconSource(ctx, third.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	next, ok, err := b.Runs.NextRun(ctx)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, next, "the oldest first")
	begun := func(r rejudge.Run) (rejudge.Run, error) {
		r.State, r.StartedAt, r.Cursor, r.Last, r.Total, r.Done = rejudge.Running, begin, "b", "c", 7, 3
		r.Tally = rejudge.Tally{Gained: 2, ByClass: map[string]rejudge.ClassChange{"no_need": {Gained: 2}}}
		return r, nil
	}
	now := b.later(time.Second)
	changed, err := b.Runs.ChangeRun(ctx, second.ID, request.Request{}, begun)
	require.NoError(t, err)
	want, _ := begun(second)
	want.UpdatedAt, want.Revision = now, 2
	require.Equal(t, want, changed)
	got, err := b.Runs.Get(ctx, second.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
	next, ok, err = b.Runs.NextRun(ctx)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, want, next, "the one that is under way before those that wait")

	_, err = b.Runs.ChangeRun(ctx, second.ID, request.Request{}, func(rejudge.Run) (rejudge.Run, error) {
		return rejudge.Run{}, errBoom
	})
	require.Equal(t, errBoom, err, "as it is")
	_, err = b.Runs.ChangeRun(ctx, "none", request.Request{}, begun)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = b.Runs.Get(ctx, "none")
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	list, err := b.Runs.List(ctx, nil, 2)
	require.NoError(t, err)
	require.Equal(t, []rejudge.Run{third, want}, list, "the newest first")
	list, err = b.Runs.List(ctx, &request.Cursor{ID: string(second.ID)}, 0)
	require.NoError(t, err)
	require.Equal(t, []rejudge.Run{first}, list)
}

// A run that tries a lexicon keeps it, and says so wherever it is read.
func testTrialRuns(t *testing.T, b *bench) {
	ctx, req := t.Context(), request.Request{Method: "CreateRun", ID: "r1"}
	order := rejudge.Run{ID: "x1", State: rejudge.Queued, Trial: true, Lexicon: "mine-1+0"}
	made, err := b.Runs.CreateRun(ctx, req, order, "version: mine-1")
	require.NoError(t, err)
	require.True(t, made.Trial)
	again, err := b.Runs.CreateRun(ctx, req, order, "version: mine-1")
	require.NoError(t, err)
	require.Equal(t, made, again)
	source, err := b.Runs.LexiconSource(ctx, made.ID)
	require.NoError(t, err)
	require.Equal(t, "version: mine-1", source)
	list, err := b.Runs.List(ctx, nil, 2)
	require.NoError(t, err)
	require.Equal(t, []rejudge.Run{made}, list)
}

// What a selection chooses: recordings that were judged, by their calls and by what became of them.
func testRunSelections(t *testing.T, b *bench) {
	ctx := t.Context()
	add := func(o outcome, edit func(*recording.Recording)) recording.ID {
		r := b.recording(t, 1)
		edit(&r)
		_, _, err := b.Recordings.CreateRecording(ctx, r)
		require.NoError(t, err)
		require.NoError(t, b.finish(ctx, r.ID, o))
		return r.ID
	}
	plain := add(result(""), func(r *recording.Recording) { r.Agent, r.Source = "wu", "old" })
	open := add(result("not_interested"), func(r *recording.Recording) { r.StartedAt = begin.Add(-time.Hour) })
	decide := func(v review.Verdict) recording.ID {
		s := b.suspect(t, 2, "no_need")
		_, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: v, Class: "not_interested"}, request.Request{})
		require.NoError(t, err)
		return recording.ID(s.RecordingID)
	}
	confirmed, dismissed := decide(review.Confirm), decide(review.Dismiss)
	newer := result("stop_calling")
	newer.verdict.Lexicon = "zh-2+abcdef01"
	unsaid := add(newer, func(r *recording.Recording) { r.StartedAt, r.CallID = time.Time{}, "reported" })
	_, err := b.calls.Report(ctx, []calls.Call{{ID: "reported", Number: numberOf(t, 1), Line: "trunk",
		Start: begin.Add(-48 * time.Hour), Outcome: calls.Answered, Revision: 1}})
	require.NoError(t, err)
	b.created(t, 9) // nobody has judged it
	all := []recording.ID{plain, open, confirmed, dismissed, unsaid}
	for _, tt := range []struct {
		name string
		s    rejudge.Selection
		want []recording.ID
	}{
		{"all", rejudge.Selection{}, all},
		{"since", rejudge.Selection{Since: begin.Add(-time.Minute)}, []recording.ID{plain, confirmed, dismissed}},
		{"until", rejudge.Selection{Until: begin.Add(-time.Minute)}, []recording.ID{open, unsaid}},
		{"between", rejudge.Selection{Since: begin.Add(-time.Hour), Until: begin.Add(-time.Hour + 1000)},
			[]recording.ID{open}},
		{"agent", rejudge.Selection{Agent: "wu"}, []recording.ID{plain}},
		{"source", rejudge.Selection{Source: "old"}, []recording.ID{plain}},
		{"line", rejudge.Selection{Line: "trunk"}, []recording.ID{unsaid}},
		{"class", rejudge.Selection{Class: "no_need"}, []recording.ID{confirmed, dismissed}},
		{"lexicon", rejudge.Selection{Lexicon: "zh-2+abcdef01"}, []recording.ID{unsaid}},
		{"lexicon, as its author named it", rejudge.Selection{Lexicon: "zh-2"}, []recording.ID{unsaid}},
		{"lexicon, the beginning of a name", rejudge.Selection{Lexicon: "zh"}, nil},
		{"no suspect", rejudge.Selection{Suspect: rejudge.None}, []recording.ID{plain}},
		{"undecided", rejudge.Selection{Suspect: rejudge.Undecided}, []recording.ID{open, unsaid}},
		{"confirmed", rejudge.Selection{Suspect: rejudge.Confirmed}, []recording.ID{confirmed}},
		{"dismissed", rejudge.Selection{Suspect: rejudge.Dismissed}, []recording.ID{dismissed}},
		{"several", rejudge.Selection{Class: "no_need", Suspect: rejudge.Dismissed, Agent: "小王"},
			[]recording.ID{dismissed}},
		{"none", rejudge.Selection{Class: "no_need", Suspect: rejudge.Undecided}, nil},
	} {
		found, err := b.Runs.Survey(ctx, tt.s)
		require.NoError(t, err, tt.name)
		require.Equal(t, len(tt.want), found.Total, tt.name)
		require.Equal(t, tt.want, portionIDs(t, b, tt.s, "", "zzz", 10), tt.name)
		if len(tt.want) > 0 {
			require.Equal(t, tt.want[len(tt.want)-1], found.Last, tt.name)
		}
	}
	require.Equal(t, all[:2], portionIDs(t, b, rejudge.Selection{}, "", "zzz", 2))
	require.Equal(t, all[2:4], portionIDs(t, b, rejudge.Selection{}, all[1], all[3], 10))
	requireNewest(t, b, confirmed, dismissed, unsaid)
}

// requireNewest reads the newest of a bench whose last three were confirmed, dismissed, and not decided; the last
// is of the line "trunk".
func requireNewest(t *testing.T, b *bench, confirmed, dismissed, unsaid recording.ID) {
	t.Helper()
	ctx := t.Context()
	newest, err := b.Runs.Newest(ctx, rejudge.Selection{}, 3)
	require.NoError(t, err)
	for i, want := range []struct {
		id      recording.ID
		decided review.Verdict
	}{{unsaid, ""}, {dismissed, review.Dismiss}, {confirmed, review.Confirm}} {
		require.Equal(t, want.id, newest[i].ID())
		require.Equal(t, want.decided, newest[i].Decided)
		require.NotEmpty(t, newest[i].Suspect)
	}
	require.Len(t, newest, 3)
	newest, err = b.Runs.Newest(ctx, rejudge.Selection{Line: "trunk"}, 3)
	require.NoError(t, err)
	require.Len(t, newest, 1)
}

func portionIDs(
	t *testing.T, b *bench, s rejudge.Selection, after, last recording.ID, limit int,
) (ids []recording.ID) {
	past, err := b.Runs.Portion(t.Context(), s, after, last, limit)
	require.NoError(t, err)
	for _, p := range past {
		ids = append(ids, p.ID())
	}
	return ids
}

// A portion has all that judging again takes, as it was stored.
func testPortion(t *testing.T, b *bench) {
	ctx, r := t.Context(), b.created(t, 1)
	want := result("not_interested")
	require.NoError(t, b.finish(ctx, r.ID, want))
	past, err := b.Runs.Portion(ctx, rejudge.Selection{}, "", "zzz", 10)
	require.NoError(t, err)
	require.Len(t, past, 1)
	p := past[0]
	require.Equal(t, review.Heard{RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part, Number: r.Number,
		Agent: r.Agent, Called: r.StartedAt, Archived: true}, p.Of)
	require.Equal(t, r.AnswerOffset, p.AnswerOffset)
	got, err := p.Read()
	require.NoError(t, err)
	require.Equal(t, rejudge.Reading{Customer: want.transcript, Verdict: want.verdict}, got)

	require.NoError(t, b.finish(ctx, r.ID, want))
	past, err = b.Runs.Portion(ctx, rejudge.Selection{}, "", "zzz", 10)
	require.NoError(t, err)
	require.Greater(t, past[0].Revision, p.Revision, "it was judged once more")

	require.NoError(t, b.write(t, `UPDATE transcripts SET transcript = '{"segments": 1'`))
	past, err = b.Runs.Portion(ctx, rejudge.Selection{}, "", "zzz", 10)
	require.NoError(t, err, "one that is broken must not stop the others")
	_, err = past[0].Read()
	require.ErrorContains(t, err, "transcript")
}
