package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// details reports parts of the day on which tests begin and the one after it.
func (b *bench) details(t testing.TB, parts ...figures.Part) figures.Details {
	t.Helper()
	reports := figures.Service{Store: b.Figures, Detailed: b.Figures, Zone: func() *time.Location { return time.UTC },
		Flush: func(context.Context) error { return nil }}
	day := begin.Truncate(24 * time.Hour)
	report, err := reports.Report(t.Context(), day, day.AddDate(0, 0, 2), 0)
	require.NoError(t, err)
	got, err := reports.Details(t.Context(), report, parts...)
	require.NoError(t, err)
	return got
}

func testReviewersFigures(t *testing.T, b *bench) {
	ctx := t.Context()
	const found = keywords.Class("not_interested")
	require.Empty(t, b.details(t, figures.ReviewersPart, figures.PhrasesPart))
	decide := func(id review.ID, by string, took time.Duration, o review.Order) review.Suspect {
		t.Helper()
		if took > 0 {
			_, err := b.review.Claim(ctx, id, by, time.Hour, request.Request{})
			require.NoError(t, err)
			b.later(took / 2)
			_, err = b.review.Claim(ctx, id, by, time.Hour, request.Request{}) // which prolongs it
			require.NoError(t, err)
			b.later(took / 2)
		}
		x, err := b.review.Decide(ctx, id, by, o, request.Request{})
		require.NoError(t, err)
		return x
	}
	ids := b.suspects(t, 1, 2, 3, 4)
	confirm, dismiss := review.Order{Verdict: review.Confirm}, review.Order{Verdict: review.Dismiss}
	marked := dismiss
	marked.Hits = []review.HitDecision{{Hit: 0, Correct: true}, {Hit: 1, Correct: true}}
	decide(ids[0], "li", 10*time.Second, confirm)
	decide(ids[1], "li", 30*time.Second, marked) // dismissed, although the hit is right
	decide(ids[2], "li", 0, confirm)
	_, err := b.review.Pass(ctx, ids[3], "wang", "a dialect", request.Request{})
	require.NoError(t, err)

	// An appeal that is right takes the decision back, and counts once for whoever answers it, as no pair.
	_, look := b.appealed(t, 5)
	decide(look.ID, "wang", 4*time.Second, dismiss)
	// A second look by chance, by somebody who thinks otherwise; and one who agrees.
	b.review.Sampling = sampling(0, 0)
	for n, o := range map[int]review.Order{6: dismiss, 7: {Verdict: review.Confirm, Class: found}} {
		first := decide(b.suspects(t, n)[0], "li", 0, confirm)
		decide(b.suspectOf(t, first.ID).Repeat.ID, "zhao", 0, o)
	}
	got := b.details(t, figures.ReviewersPart, figures.PhrasesPart)
	require.Equal(t, []figures.Reviewer{
		{Name: "li", Confirmed: 4, Dismissed: 1, Median: 20 * time.Second, Timed: 2, SecondLooks: 2, Agreed: 1},
		{Name: "wang", Dismissed: 1, Passed: 1, Median: 4 * time.Second, Timed: 1},
		{Name: "zhao", Confirmed: 1, Dismissed: 1, SecondLooks: 2, Agreed: 1},
	}, got.Reviewers)
	require.Equal(t, []figures.Phrase{{Phrase: "没兴趣", Class: string(found), Confirmed: 5, Dismissed: 1, Example: "没兴趣"}},
		got.Phrases, "what was taken back is left out, and so are vetoes and second looks")
}

// A freeze whose decision was taken back is told among those that were undone, and its decision no more among those
// of its day; one that somebody released is neither.
func testUndoneFigures(t *testing.T, b *bench) {
	ctx := t.Context()
	b.confirmed(t, 3, "not_interested")
	s := b.confirmed(t, 4, "not_interested")
	b.later(time.Minute)
	_, err := b.review.Revert(ctx, s.ID, s.Decision.ID, "li", "a mistake", request.Request{})
	require.NoError(t, err)
	b.dismiss(t, b.suspects(t, 5)[0], "li")
	_, err = b.release(t, 3, "")
	require.NoError(t, err)
	day := begin.Truncate(24 * time.Hour)
	got, err := b.Figures.Count(ctx, day, day.AddDate(0, 0, 1), "2026-03-02", "2026-03-02")
	require.NoError(t, err)
	kind := figures.Kind{Reason: freeze.Refused, Class: "not_interested"}
	require.EqualValues(t, 2, got.Freezes[kind])
	require.Equal(t, map[figures.Kind]int64{kind: 1}, got.Undone)
	require.Equal(t, []figures.ClassDecisions{{Class: "not_interested", Confirmed: 1, Dismissed: 1}},
		b.details(t, figures.DaysPart).Days[0].Classes)
}

func testGroupsFigures(t *testing.T, b *bench) {
	ctx := t.Context()
	mine := call(t, "c5", 1, -time.Minute)
	mine.Agent, mine.Line = "小李", "line 9"
	nobody := call(t, "c6", 9, 0)
	nobody.Agent, nobody.Line = "", ""
	b.reported(t, call(t, "c1", 1, -time.Hour), call(t, "c2", 1, -2*time.Hour), call(t, "c3", 2, -24*time.Hour), mine, nobody)
	_, err := b.freeze.Complain(ctx, []freeze.Complaint{
		{Number: numberOf(t, 1), At: begin.Add(-time.Second), Source: "12321"},     // after 小李's call
		{Number: numberOf(t, 1), At: begin.Add(-time.Minute - 1), Source: "12321"}, // before it
		{Number: numberOf(t, 8), At: begin, Source: "12321"},                       // whom nobody called
	})
	require.NoError(t, err)
	require.NoError(t, b.Figures.AddGateCounts(ctx, map[figures.GateCount]int64{{Day: "2026-03-02", What: "frozen"}: 3,
		{Day: "2026-03-02", What: "hours"}: 4, {Day: "2026-03-02", What: figures.Checks}: 50,
		{Day: "2026-03-02", What: figures.Avoided}: 2}))
	b.confirmed(t, 3, "not_interested")
	b.dismiss(t, b.suspects(t, 4)[0], "li")
	s := sampling(1, 100)
	s.Second = 0
	b.judged(t, s, 5, heardAs("")) // a sample
	_, blind := b.judged(t, s, 6, heardAs("not_interested"))
	require.True(t, blind.Blind)

	got := b.details(t, figures.AgentsPart, figures.LinesPart, figures.DaysPart)
	require.Equal(t, []figures.Group{{Name: "小王", Calls: 2, Suspects: 2, Confirmed: 1, Complaints: 1,
		Before: figures.GroupBefore{Calls: 1}},
		{Name: "小李", Calls: 1, Complaints: 1}}, got.Agents, "it is not told what is hidden")
	require.Equal(t, []figures.Group{{Name: "line 1", Calls: 2, Complaints: 1},
		{Name: "line 9", Calls: 1, Complaints: 1}}, got.Lines)
	day := begin.Truncate(24 * time.Hour)
	require.Equal(t, []figures.Day{
		{Date: "2026-03-02", From: day, Until: day.AddDate(0, 0, 1), Whole: true, Calls: 4, Rejected: 4, Confirmed: 1,
			Dismissed: 1, Freezes: 4, Refused: 7, Complaints: 3,
			Classes: []figures.ClassDecisions{{Class: "not_interested", Confirmed: 1, Dismissed: 1}}},
		{Date: "2026-03-03", From: day.AddDate(0, 0, 1), Until: day.AddDate(0, 0, 2), Whole: true},
	}, got.Days)
	b.dismiss(t, blind.ID, "wang")
	require.EqualValues(t, 3, b.details(t, figures.AgentsPart).Agents[0].Suspects, "once it is decided")
}
