package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// past is a recording that was judged so, as an archive has it.
func (b *bench) past(t testing.TB, o outcome) rejudge.Past {
	t.Helper()
	r := b.created(t, 1)
	require.NoError(t, b.finish(t.Context(), r.ID, o))
	return b.again(t, r.ID)
}

// again is a recording as an archive has it now.
func (b *bench) again(t testing.TB, id recording.ID) rejudge.Past {
	t.Helper()
	past, err := b.Runs.Portion(t.Context(), rejudge.Selection{}, "", "zzz", 1000)
	require.NoError(t, err)
	for _, p := range past {
		if p.ID() == id {
			return p
		}
	}
	require.Fail(t, "it is not in the archive")
	return rejudge.Past{}
}

// outcomeOf is what becomes of p by a later lexicon; kind must say what it is.
func outcomeOf(t testing.TB, p rejudge.Past, kind rejudge.Kind, now outcome) rejudge.Outcome {
	t.Helper()
	r, err := p.Read()
	require.NoError(t, err)
	now.verdict.Lexicon = "l2"
	return rejudge.Outcome{Past: p, Kind: kind, Before: r.Verdict, Verdict: now.verdict, Text: "没兴趣",
		Class: review.Strongest(now.verdict.Hits), ClassBefore: review.Strongest(r.Verdict.Hits)}
}

// keep keeps a portion of these.
func (b *bench) keep(t testing.TB, r rejudge.Run, outcomes ...rejudge.Outcome) rejudge.Run {
	t.Helper()
	p := rejudge.Portion{Run: r.ID, Count: len(outcomes), Outcomes: outcomes}
	for _, o := range outcomes {
		p.Cursor = max(p.Cursor, o.ID())
	}
	r, err := b.Runs.KeepPortion(t.Context(), p)
	require.NoError(t, err)
	return r
}

// openSuspects opens those that the day has room for.
func (b *bench) openSuspects(t testing.TB) int {
	t.Helper()
	day := b.clock().Truncate(24 * time.Hour)
	n, err := b.Runs.OpenSuspects(t.Context(), day,
		func(of review.Heard, v keywords.Verdict) (review.Suspect, bool) {
			return review.NewSuspect(of, v, b.clock())
		})
	require.NoError(t, err)
	return n
}

// fates are what became of a run's changes, by their recordings.
func (b *bench) fates(t testing.TB, r rejudge.Run) map[recording.ID]rejudge.Fate {
	t.Helper()
	changes, err := b.Runs.Changes(t.Context(), rejudge.ChangeFilter{Run: r.ID, Limit: 1000})
	require.NoError(t, err)
	out := map[recording.ID]rejudge.Fate{}
	for _, x := range changes {
		out[x.Recording] = x.Fate
	}
	return out
}

func (b *bench) verdict(t testing.TB, id recording.ID) (keywords.Verdict, review.ID) {
	t.Helper()
	v, s, err := b.Transcripts.Judgement(t.Context(), id)
	require.NoError(t, err)
	return v, s
}

// A run that only reports lists what changes and touches nothing else.
func testKeepReported(t *testing.T, b *bench) {
	ctx := t.Context()
	gained, lost := b.past(t, result("")), b.past(t, result("not_interested"))
	run := b.running(t, func(r *rejudge.Run) { r.Apply = false })
	broken := rejudge.Outcome{Past: b.past(t, result("")), Kind: rejudge.Unreadable, Text: "its transcript is gone"}
	rescored := outcomeOf(t, b.past(t, result("no_need")), rejudge.Rescored, result("no_need"))
	before := b.dump(t, "judgements", "suspects", "recordings", "transcripts")
	run = b.keep(t, run, outcomeOf(t, gained, rejudge.Gained, result("stop_calling")),
		outcomeOf(t, lost, rejudge.Lost, result("")), broken, rescored)
	require.Equal(t, 4, run.Done)
	require.Equal(t, rescored.ID(), run.Cursor)
	require.Zero(t, b.openSuspects(t))
	require.Equal(t, before, b.dump(t, "judgements", "suspects", "recordings", "transcripts"))

	changes, err := b.Runs.Changes(ctx, rejudge.ChangeFilter{Run: run.ID})
	require.NoError(t, err)
	suspect, err := b.Suspects.ByRecording(ctx, lost.ID())
	require.NoError(t, err)
	want := []rejudge.Change{
		{Recording: gained.ID(), Kind: rejudge.Gained, Class: "stop_calling", Score: 0.9, ScoreBefore: 0.1,
			Text: "没兴趣"},
		{Recording: lost.ID(), Kind: rejudge.Lost, ClassBefore: "not_interested", Score: 0.1, ScoreBefore: 0.9,
			Text: "没兴趣", Suspect: suspect.ID},
		{Recording: broken.ID(), Kind: rejudge.Unreadable, Text: "its transcript is gone"},
	}
	for i, p := range []rejudge.Past{gained, lost, broken.Past} {
		want[i].CallID, want[i].Part, want[i].Number = p.Of.CallID, p.Of.Part, p.Of.Number
		want[i].Called, want[i].Fate = p.Of.Called, rejudge.Reported
	}
	require.Equal(t, want, changes)
	for _, tt := range []struct {
		f    rejudge.ChangeFilter
		want []rejudge.Change
	}{
		{rejudge.ChangeFilter{Kind: rejudge.Lost}, want[1:2]},
		{rejudge.ChangeFilter{Fate: rejudge.Reported}, want},
		{rejudge.ChangeFilter{Fate: rejudge.Applied}, nil},
		{rejudge.ChangeFilter{After: lost.ID()}, want[2:]},
		{rejudge.ChangeFilter{Limit: 1}, want[:1]},
	} {
		tt.f.Run = run.ID
		got, err := b.Runs.Changes(ctx, tt.f)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, "%v", tt.f)
	}
}

// What a portion does to each kind of recording where the run applies.
func testKeepApplied(t *testing.T, b *bench) {
	ctx := t.Context()
	open, other, rescored := b.past(t, result("not_interested")), b.past(t, result("not_interested")),
		b.past(t, result("no_need"))
	claimed, decided := b.past(t, result("not_interested")), b.past(t, result("not_interested"))
	gained, overtaken := b.past(t, result("")), b.past(t, result(""))
	suspect := func(p rejudge.Past) review.Suspect {
		s, err := b.Suspects.ByRecording(ctx, p.ID())
		require.NoError(t, err)
		return s
	}
	_, err := b.review.Claim(ctx, suspect(claimed).ID, "li", time.Hour, request.Request{})
	require.NoError(t, err)
	_, err = b.review.Decide(ctx, suspect(decided).ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	old := suspect(decided)
	oldVerdict, _ := b.verdict(t, decided.ID())
	require.NoError(t, b.finish(ctx, overtaken.ID(), result("")), "it was judged anew meanwhile")
	now := b.later(time.Hour)
	run := b.keep(t, b.running(t), outcomeOf(t, open, rejudge.Lost, result("")),
		outcomeOf(t, other, rejudge.OtherClass, result("stop_calling")),
		outcomeOf(t, rescored, rejudge.Rescored, result("no_need")),
		outcomeOf(t, claimed, rejudge.Lost, result("")), outcomeOf(t, decided, rejudge.Lost, result("")),
		outcomeOf(t, gained, rejudge.Gained, result("stop_calling")),
		outcomeOf(t, overtaken, rejudge.Gained, result("stop_calling")))
	require.Equal(t, rejudge.Tally{Applied: 4, Waiting: 1, Decided: 1, Outdated: 1}, run.Tally)
	require.Equal(t, map[recording.ID]rejudge.Fate{open.ID(): rejudge.Applied, other.ID(): rejudge.Applied,
		claimed.ID(): rejudge.Applied, decided.ID(): rejudge.Kept, gained.ID(): rejudge.Waiting,
		overtaken.ID(): rejudge.Outdated}, b.fates(t, run))

	for _, p := range []rejudge.Past{open, other, rescored, claimed} {
		v, id := b.verdict(t, p.ID())
		require.Equal(t, "l2", v.Lexicon)
		s, err := b.Suspects.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, v.Hits, s.Hits, "it rests on the new verdict")
		require.Equal(t, v.Score, s.Score)
		require.Equal(t, "l2", s.Lexicon)
		require.Nil(t, s.Decision)
		require.Equal(t, now, s.UpdatedAt)
		require.Greater(t, b.again(t, p.ID()).Revision, p.Revision)
	}
	require.EqualValues(t, "not_interested", suspect(open).Class, "what it was put before reviewers for")
	require.EqualValues(t, "stop_calling", suspect(other).Class)
	require.Equal(t, review.Claimed, suspect(claimed).State(begin.Add(time.Minute)))
	require.Equal(t, old, suspect(decided), "somebody decided")
	v, _ := b.verdict(t, decided.ID())
	require.Equal(t, oldVerdict, v)
	v, id := b.verdict(t, gained.ID())
	require.False(t, v.Suspect, "its verdict comes with its suspect")
	require.Empty(t, id)
}

// A run that was paused or cancelled while a portion was judged doesn't keep it.
func testKeepPaused(t *testing.T, b *bench) {
	p := b.past(t, result("not_interested"))
	for _, s := range []rejudge.State{rejudge.Paused, rejudge.Cancelled} {
		run, err := b.Runs.ChangeRun(t.Context(), b.running(t).ID, request.Request{},
			func(r rejudge.Run) (rejudge.Run, error) { r.State = s; return r, nil })
		require.NoError(t, err)
		require.Equal(t, run, b.keep(t, run, outcomeOf(t, p, rejudge.Lost, result(""))))
		require.Empty(t, b.fates(t, run))
	}
	v, _ := b.verdict(t, p.ID())
	require.True(t, v.Suspect)
}

// Suspects are opened in the order of runs and recordings, so many a day by all runs together.
func testOpenSuspects(t *testing.T, b *bench) {
	ctx := t.Context()
	few := func(r *rejudge.Run) { r.PerDay = 3 }
	gained := make([]rejudge.Past, 7)
	for i := range gained {
		gained[i] = b.past(t, result(""))
	}
	stop := func(i int) rejudge.Outcome { return outcomeOf(t, gained[i], rejudge.Gained, result("stop_calling")) }
	first := b.keep(t, b.running(t, few), stop(0), stop(1), stop(2), stop(3))
	second := b.keep(t, b.running(t, few), stop(4), stop(5), stop(6))
	require.Equal(t, 4, first.Tally.Waiting)
	has := func(n int) {
		t.Helper()
		for i, p := range gained {
			v, id := b.verdict(t, p.ID())
			require.Equal(t, i < n, v.Suspect, "%d", i)
			require.Equal(t, i < n, id != "", "%d", i)
		}
	}
	require.Equal(t, 3, b.openSuspects(t))
	has(3)
	b.later(time.Hour)
	require.Zero(t, b.openSuspects(t), "the day is full")
	s, err := b.Suspects.ByRecording(ctx, gained[0].ID())
	require.NoError(t, err)
	require.Equal(t, gained[0].Of.Called, s.FreezeFrom, "what is confirmed counts from the call")
	require.Equal(t, "l2", s.Lexicon)
	require.Equal(t, begin, s.CreatedAt)
	b.later(24 * time.Hour)
	require.Equal(t, 3, b.openSuspects(t), "of both runs")
	has(6)
	b.later(24 * time.Hour)
	require.Equal(t, 1, b.openSuspects(t))
	has(7)
	for run, n := range map[rejudge.ID]int{first.ID: 4, second.ID: 3} {
		r, err := b.Runs.Get(ctx, run)
		require.NoError(t, err)
		require.Equal(t, rejudge.Tally{Applied: n, Opened: n}, r.Tally)
		changes, err := b.Runs.Changes(ctx, rejudge.ChangeFilter{Run: run, Fate: rejudge.Applied})
		require.NoError(t, err)
		require.Len(t, changes, n)
		require.NotZero(t, changes[0].OpenedAt)
		require.NotEmpty(t, changes[0].Suspect)
	}
	require.Zero(t, b.count(t, `SELECT COUNT(*) FROM run_changes WHERE verdict IS NOT NULL`))
}

// What waits is not opened where it became outdated or was decided on, where its run is paused,
// and never again once that is cancelled.
func testOpenNot(t *testing.T, b *bench) {
	ctx := t.Context()
	outdated, decided, waits, met := b.past(t, result("")), b.past(t, result("")), b.past(t, result("")),
		b.past(t, result(""))
	var outcomes []rejudge.Outcome
	for _, p := range []rejudge.Past{outdated, decided, waits, met} {
		outcomes = append(outcomes, outcomeOf(t, p, rejudge.Gained, result("stop_calling")))
	}
	run := b.keep(t, b.running(t), outcomes...)
	require.NoError(t, b.finish(ctx, outdated.ID(), result("")))
	addSuspect := func(p rejudge.Past) review.Suspect { // by other means, on the same verdict
		s, ok := review.NewSuspect(p.Of, result("not_interested").verdict, b.clock())
		require.True(t, ok)
		require.NoError(t, b.write(t, `INSERT INTO suspects (id, recording_id, call_id, part, number, agent, hits, score,
				class, lexicon, round, created_at, updated_at, revision)
			VALUES ($1, $2, $3, '', 8613800001001, '', '[]', 0.9, 'no_need', 'l1', 1, 1, 1, 1)`,
			string(s.ID), s.RecordingID, s.CallID))
		return s
	}
	_, err := b.review.Decide(ctx, addSuspect(decided).ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	addSuspect(met)
	set := func(s rejudge.State) rejudge.Run {
		r, err := b.Runs.ChangeRun(ctx, run.ID, request.Request{},
			func(r rejudge.Run) (rejudge.Run, error) { r.State = s; return r, nil })
		require.NoError(t, err)
		return r
	}
	set(rejudge.Paused)
	require.Zero(t, b.openSuspects(t))
	set(rejudge.Running)
	require.Equal(t, 1, b.openSuspects(t))
	require.Equal(t, map[recording.ID]rejudge.Fate{outdated.ID(): rejudge.Outdated, decided.ID(): rejudge.Kept,
		waits.ID(): rejudge.Applied, met.ID(): rejudge.Applied}, b.fates(t, run))
	s, err := b.Suspects.ByRecording(ctx, met.ID())
	require.NoError(t, err)
	require.EqualValues(t, "stop_calling", s.Class, "the suspect that it got meanwhile rests on the verdict")

	late := b.past(t, result(""))
	second := b.keep(t, b.running(t), outcomeOf(t, late, rejudge.Gained, result("stop_calling")))
	second, err = b.Runs.ChangeRun(ctx, second.ID, request.Request{},
		func(r rejudge.Run) (rejudge.Run, error) { r.State = rejudge.Cancelled; return r, nil })
	require.NoError(t, err)
	require.Zero(t, second.Tally.Waiting)
	require.Zero(t, b.openSuspects(t))
	require.Equal(t, map[recording.ID]rejudge.Fate{late.ID(): rejudge.Dropped}, b.fates(t, second))
}

// Calls that were heard again get their transcripts with the verdict on them.
func testKeepHeard(t *testing.T, b *bench) {
	ctx := t.Context()
	same, gained := b.past(t, result("")), b.past(t, result(""))
	heard := func(p rejudge.Past, kind rejudge.Kind, now outcome) rejudge.Outcome {
		o := outcomeOf(t, p, kind, now)
		now.transcript.Settings.Model.Name = "large"
		now.transcript.Segments[0].Text = "真的没兴趣"
		agent := now.transcript
		agent.Side = asr.Agent
		o.Heard = []asr.Transcript{now.transcript, agent}
		return o
	}
	outcomes := []rejudge.Outcome{heard(same, rejudge.Same, result("")),
		heard(gained, rejudge.Gained, result("stop_calling"))}
	b.keep(t, b.running(t), outcomes...)
	text := func(p rejudge.Past, side asr.Side) string {
		got, err := b.Transcripts.Get(ctx, p.ID(), side)
		if err != nil {
			return ""
		}
		return got.Text()
	}
	require.Equal(t, "真的没兴趣", text(same, asr.Customer))
	require.Equal(t, "我没兴趣", text(gained, asr.Customer), "it waits with its verdict")
	require.Equal(t, 1, b.openSuspects(t))
	require.Equal(t, "真的没兴趣", text(gained, asr.Customer))
	require.Equal(t, "真的没兴趣", text(gained, asr.Agent))
	require.Equal(t, 2, b.count(t, `SELECT COUNT(*) FROM transcripts WHERE recording_id = $1 AND side = 'customer'`,
		string(gained.ID())), "what was heard before is kept beside it")
}
