package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// sampling takes that share of answered calls as samples.
func sampling(share float64, perDay int) review.Sampling {
	return review.Sampling{Share: share, PerDay: perDay, Second: 1, Key: []byte("a key"),
		Zone: func() *time.Location { return time.UTC }}
}

// heardAs is what becomes of a call that somebody answered: a suspect where there is a class.
func heardAs(class keywords.Class) outcome {
	o := result(class)
	o.verdict.AnsweredBy = keywords.Human
	return o
}

// judged is a recording that was judged while samples are taken.
func (b *bench) judged(
	t testing.TB, s review.Sampling, n int, o outcome,
) (recording.Recording, *review.Suspect) {
	t.Helper()
	r := b.created(t, n)
	b.judge(t, s, r, o)
	x, err := b.Suspects.ByRecording(t.Context(), r.ID)
	if fault.KindOf(err) == fault.NotFound {
		return r, nil
	}
	require.NoError(t, err)
	return r, &x
}

// judge stores what became of a recording, as an attempt does.
func (b *bench) judge(t testing.TB, s review.Sampling, r recording.Recording, o outcome) {
	t.Helper()
	of := review.Heard{RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part, Number: r.Number,
		Agent: r.Agent}
	var x *review.Suspect
	if found, ok := s.Candidate(of, o.verdict, b.clock()); ok {
		x = &found
	}
	require.NoError(t, b.Transcripts.Finish(t.Context(), r.ID, []asr.Transcript{o.transcript},
		o.verdict, x, 0))
}

func testSamples(t *testing.T, b *bench) {
	ctx, all := t.Context(), sampling(1, 2)
	nobody := heardAs("")
	nobody.verdict.AnsweredBy = keywords.Nobody
	_, x := b.judged(t, all, 1, nobody)
	require.Nil(t, x, "nobody answered")
	r, x := b.judged(t, all, 1, heardAs(""))
	require.NotNil(t, x)
	require.Equal(t, review.Sampled{Kind: review.Sample, Blind: true, Day: "2026-03-02"}, x.Sampled)
	judged, err := b.Transcripts.Judgements(ctx, []recording.ID{r.ID})
	require.NoError(t, err)
	require.Empty(t, judged[r.ID].SuspectID, "it isn't told that it is a sample")

	_, suspect := b.judged(t, all, 2, heardAs("not_interested"))
	require.True(t, suspect.Blind, "as many suspects are blind as there are samples")
	require.Equal(t, review.Found, suspect.Kind)
	require.Equal(t, "2026-03-02", suspect.Day)
	_, x = b.judged(t, all, 3, heardAs(""))
	require.NotNil(t, x)
	_, x = b.judged(t, all, 4, heardAs(""))
	require.Nil(t, x, "that would be one too many for the day")
	b.later(24 * time.Hour)
	for i := range 20 {
		b.judged(t, all, 5+i, heardAs(""))
	}
	require.Equal(t, 2, b.count(t, `SELECT samples FROM blind_days WHERE day = '2026-03-03'`))
	require.Equal(t, 2, b.count(t, `SELECT samples FROM blind_days WHERE day = '2026-03-02'`))
	require.Equal(t, 3, b.count(t, `SELECT eligible FROM blind_days WHERE day = '2026-03-02'`))

	// By class nobody finds out what is hidden.
	list, err := b.Suspects.List(ctx, review.Filter{Class: "not_interested"})
	require.NoError(t, err)
	require.Empty(t, list)

	// A sample that is confirmed freezes as a suspect does.
	sample, err := b.Suspects.ByRecording(ctx, r.ID)
	require.NoError(t, err)
	got, err := b.review.Decide(ctx, sample.ID, "li",
		review.Order{Verdict: review.Confirm, Class: "not_interested"}, request.Request{})
	require.NoError(t, err)
	require.NotEmpty(t, got.Decision.Freeze)
	require.Len(t, b.frozen(t, 1), 1)
	judged, err = b.Transcripts.Judgements(ctx, []recording.ID{r.ID})
	require.NoError(t, err)
	require.Equal(t, sample.ID, judged[r.ID].SuspectID)
}

// What was chosen stays chosen, however often a recording is judged, and nothing is added.
func testSamplesAreChosenOnce(t *testing.T, b *bench) {
	ctx := t.Context()
	half := sampling(0.5, 1000)
	chosen := map[recording.ID]bool{}
	var recs []recording.Recording
	for i := range 60 {
		r, x := b.judged(t, half, i, heardAs(""))
		recs, chosen[r.ID] = append(recs, r), x != nil
	}
	n := b.count(t, `SELECT COUNT(*) FROM suspects`)
	require.InDelta(t, 30, n, 20)
	b.reopen(t)
	for _, r := range recs {
		b.judge(t, sampling(1, 1000), r, heardAs(""))
		_, err := b.Suspects.ByRecording(ctx, r.ID)
		require.Equal(t, chosen[r.ID], err == nil)
	}
	require.Equal(t, n, b.count(t, `SELECT COUNT(*) FROM suspects`))
	require.Equal(t, n, b.count(t, `SELECT samples FROM blind_days`))
	require.Equal(t, 59, b.count(t, `SELECT eligible FROM blind_days`), "the first comes before")
	require.Equal(t, 1, b.count(t, `SELECT skipped FROM blind_days`))
}

// A sample whose recording turns out to have been cut is a suspect once the lexicon finds the
// refusal in the whole.
func testSampleReheard(t *testing.T, b *bench) {
	ctx := t.Context()
	r, x := b.judged(t, sampling(1, 9), 1, heardAs(""))
	_, err := b.review.Decide(ctx, x.ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	r, err = b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	_, err = b.Recordings.ReplaceAudio(ctx, r.ID, longer(r))
	require.NoError(t, err)
	b.attempt(t, r.ID)
	whole := heardAs("stop_calling")
	whole.verdict.Hits[1].Time = asr.Span{Start: 15 * time.Second, End: 16 * time.Second}
	b.judge(t, sampling(1, 9), r, whole)
	got, err := b.Suspects.Get(ctx, x.ID)
	require.NoError(t, err)
	require.Equal(t, review.Found, got.Kind)
	require.Equal(t, review.Open, got.State(b.clock()))
	require.Equal(t, 2, got.Round)
}

func testSecondLooks(t *testing.T, b *bench) {
	ctx := t.Context()
	b.review.Sampling = sampling(0, 0)
	first := b.suspect(t, 1, "not_interested")
	b.later(time.Hour)
	_, err := b.review.Decide(ctx, first.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{})
	require.NoError(t, err)

	waiting := func(by string) []review.Suspect {
		list, err := b.Suspects.List(ctx, review.Filter{State: review.Open, Now: b.clock(), For: by})
		require.NoError(t, err)
		return list
	}
	require.Empty(t, waiting("li"), "who decided isn't asked again")
	list := waiting("wang")
	require.Len(t, list, 1)
	second, err := b.Suspects.Get(ctx, list[0].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"li"}, second.Deciders)
	shown := second.Shown()
	shown.Deciders = nil
	want := first.Shown()
	want.ID = second.ID
	require.Equal(t, want, shown, "it looks as the first did")

	_, err = b.review.Decide(ctx, second.ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.Equal(t, "DECIDED_BEFORE", fault.ReasonOf(err))
	_, err = b.review.Decide(ctx, second.ID, "wang", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	require.Len(t, b.frozen(t, 1), 1, "the second look changes no freeze")
	disputed, err := b.Suspects.List(ctx, review.Filter{Disputed: true})
	require.NoError(t, err)
	require.Len(t, disputed, 1)
	require.Equal(t, first.ID, disputed[0].ID)
	require.Equal(t, &review.Look{Suspect: second.ID, Verdict: review.Dismiss, By: "wang"}, disputed[0].Look)
	b.later(time.Minute)
	b.settle(t, first)
}

// settle: whoever settles a dispute ends it, and there is still one second look.
func (b *bench) settle(t *testing.T, first review.Suspect) {
	t.Helper()
	ctx := t.Context()
	_, err := b.review.Revert(ctx, first.ID, "", "boss", "heard it again", request.Request{})
	require.NoError(t, err)
	_, err = b.review.Decide(ctx, first.ID, "boss", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	require.Empty(t, b.frozen(t, 1))
	disputed, err := b.Suspects.List(ctx, review.Filter{Disputed: true})
	require.NoError(t, err)
	require.Empty(t, disputed)
	require.Equal(t, 2, b.count(t, `SELECT COUNT(*) FROM suspects`))
	found, err := b.Suspects.ByRecording(ctx, recording.ID(first.RecordingID))
	require.NoError(t, err)
	require.Equal(t, first.ID, found.ID)

	counts, err := b.Figures.Reviews(ctx, begin.Add(-time.Hour), begin.Add(48*time.Hour), "", "")
	require.NoError(t, err)
	require.Equal(t, figures.Pairs{FirstConfirmed: 1}, counts.Pairs,
		"what was decided after the second look is no judgement of its own")
}

// Of several who decide at once one is first, and there is one second look.
func testSecondLookAtOnce(t *testing.T, b *bench) {
	b.review.Sampling = sampling(0, 0)
	s := b.suspect(t, 1, "not_interested")
	atOnce(crowd, func(i int) {
		_, _ = b.review.Decide(t.Context(), s.ID, fmt.Sprint("reviewer ", i),
			review.Order{Verdict: review.Dismiss}, request.Request{})
	})
	require.Equal(t, 1, b.count(t, `SELECT COUNT(*) FROM suspects WHERE kind = 'second'`))
}

// testReviews: what reviewers decided becomes numbers.
func testReviews(t *testing.T, b *bench) {
	ctx := t.Context()
	s := sampling(1, 100)
	s.Second = 0
	decide := func(x *review.Suspect, v review.Verdict) {
		_, err := b.review.Decide(ctx, x.ID, "li", review.Order{Verdict: v, Class: "not_interested"}, request.Request{})
		require.NoError(t, err)
	}
	_, early := b.judged(t, sampling(0, 0), 1, heardAs("not_interested")) // before samples are taken
	decide(early, review.Dismiss)
	for i := range 4 {
		_, x := b.judged(t, s, 10+i, heardAs(""))
		if i < 3 {
			decide(x, []review.Verdict{review.Confirm, review.Dismiss, review.Dismiss}[i])
		}
	}
	for i := range 3 {
		_, x := b.judged(t, s, 20+i, heardAs("not_interested"))
		require.True(t, x.Blind)
		if i < 2 {
			decide(x, []review.Verdict{review.Confirm, review.Dismiss}[i])
		}
	}
	b.later(24 * time.Hour)
	b.judged(t, s, 30, heardAs(""))
	got, err := b.Figures.Reviews(ctx, begin, begin.Add(time.Hour), "2026-03-02", "2026-03-02")
	require.NoError(t, err)
	require.Equal(t, figures.Reviews{
		Shown: figures.Decided{Dismissed: 1}, Blind: figures.Decided{Open: 1, Confirmed: 1, Dismissed: 1},
		Sampled: figures.Decided{Open: 1, Confirmed: 1, Dismissed: 1},
		Strata:  []figures.Stratum{{Calls: 4, Samples: 4, Decided: 3, Confirmed: 1}},
	}, got)
	got, err = b.Figures.Reviews(ctx, begin.Add(time.Hour), begin.Add(48*time.Hour), "2026-03-03", "2026-03-03")
	require.NoError(t, err)
	require.Equal(t, figures.Reviews{Strata: []figures.Stratum{{Calls: 1, Samples: 1}}}, got)
}

func testTranscriptsOfMany(t *testing.T, b *bench) {
	ctx := t.Context()
	want, ids := map[recording.ID][]asr.Transcript{}, []recording.ID{"none"}
	for i := range 3 {
		r := b.created(t, i)
		require.NoError(t, b.finish(ctx, r.ID, result("")))
		want[r.ID], ids = []asr.Transcript{result("").transcript}, append(ids, r.ID)
	}
	ids = append(ids, b.created(t, 9).ID)
	got, err := b.Transcripts.Of(ctx, ids)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
