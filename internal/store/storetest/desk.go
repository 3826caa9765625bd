package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// nextFor claims what comes next for a reviewer, "" where there is nothing.
func (b *bench) nextFor(t testing.TB, by string, edit ...func(*review.Next)) review.ID {
	t.Helper()
	n := review.Next{Filter: review.Filter{For: by}}
	for _, e := range edit {
		e(&n)
	}
	x, found, err := b.review.Next(t.Context(), n, 0, request.Request{})
	require.NoError(t, err)
	if !found {
		return ""
	}
	require.Equal(t, by, x.Claim.By)
	require.Equal(t, review.Claimed, x.State(b.clock()))
	return x.ID
}

// suspects are new ones of those numbers, a minute apart.
func (b *bench) suspects(t testing.TB, numbers ...int) (ids []review.ID) {
	t.Helper()
	for _, n := range numbers {
		b.later(time.Minute)
		ids = append(ids, b.suspect(t, n, "not_interested").ID)
	}
	return ids
}

func (b *bench) dismiss(t testing.TB, id review.ID, by string) {
	t.Helper()
	_, err := b.review.Decide(t.Context(), id, by, review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
}

// testNextSuspect: the oldest that nobody holds, but a number's one after the other; what somebody gave back comes
// last for him.
func testNextSuspect(t *testing.T, b *bench) {
	ctx := t.Context()
	require.Empty(t, b.nextFor(t, "li"))
	ids := b.suspects(t, 1, 2, 1, 3, 1)
	require.Equal(t, ids[0], b.nextFor(t, "li"))
	require.Equal(t, ids[1], b.nextFor(t, "wang"))
	b.dismiss(t, ids[0], "li")
	require.Equal(t, ids[2], b.nextFor(t, "li"), "the same number's")
	x, err := b.review.Release(ctx, ids[2], "li", false, request.Request{})
	require.NoError(t, err)
	require.Equal(t, review.Open, x.State(b.clock()))
	require.Equal(t, ids[4], b.nextFor(t, "li"), "the same number's that he didn't give back")
	require.Equal(t, ids[3], b.nextFor(t, "li"))
	require.Equal(t, ids[2], b.nextFor(t, "li"), "at last what he gave back")
	require.Empty(t, b.nextFor(t, "li"))

	_, err = b.review.Release(ctx, ids[3], "wang", false, request.Request{})
	require.Equal(t, "CLAIMED", fault.ReasonOf(err))
	_, err = b.review.Release(ctx, ids[3], "boss", true, request.Request{})
	require.NoError(t, err)
	require.Equal(t, ids[3], b.nextFor(t, "wang"))
	b.later(b.review.Lease + time.Second)
	require.Equal(t, ids[2], b.nextFor(t, "wang"), "leases end")

	req := request.Request{Method: "ClaimNextSuspect", ID: "r1"}
	n := review.Next{Filter: review.Filter{For: "zhao"}}
	got, found, err := b.review.Next(ctx, n, 0, req)
	require.NoError(t, err)
	require.True(t, found)
	again, found, err := b.review.Next(ctx, n, 0, req)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, got, again, "a repetition gives no other")
	_, _, err = b.review.Next(ctx, n, 9*time.Hour, request.Request{})
	require.ErrorContains(t, err, "lease")
}

// testNextAtOnce: no two reviewers get the same, and all of them are given out.
func testNextAtOnce(t *testing.T, b *bench) {
	const reviewers, each = 8, 5
	ids := b.suspects(t, slices.Repeat([]int{1, 2, 3, 1}, reviewers*each/4)...)
	var mu sync.Mutex
	var got []review.ID
	errs := make([]error, reviewers)
	atOnce(reviewers, func(i int) {
		for range each {
			x, found, err := b.review.Next(t.Context(), review.Next{Filter: review.Filter{For: fmt.Sprint(i)}}, 0,
				request.Request{})
			if err != nil || !found {
				errs[i] = fmt.Errorf("found %t: %w", found, err)
				return
			}
			mu.Lock()
			got = append(got, x.ID)
			mu.Unlock()
		}
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	slices.Sort(got)
	slices.Sort(ids)
	require.Equal(t, ids, got)
}

// testNextForSupervisors: what was passed on is for them, and for nobody else.
func testNextForSupervisors(t *testing.T, b *bench) {
	ctx := t.Context()
	ids := b.suspects(t, 1, 2)
	supervisor := func(n *review.Next) { n.Supervisor = true }
	require.Equal(t, ids[0], b.nextFor(t, "li"))
	_, err := b.review.Pass(ctx, ids[0], "li", " ", request.Request{})
	require.ErrorContains(t, err, "note")
	_, err = b.review.Pass(ctx, ids[0], "wang", "why", request.Request{})
	require.Equal(t, "CLAIMED", fault.ReasonOf(err))
	x, err := b.review.Pass(ctx, ids[0], "li", "a dialect", request.Request{})
	require.NoError(t, err)
	require.Equal(t, &review.Pass{By: "li", At: b.clock(), Note: "a dialect"}, x.Pass)
	require.Equal(t, review.Open, x.State(b.clock()))
	passed, err := b.Suspects.List(ctx, review.Filter{Passed: true})
	require.NoError(t, err)
	require.Len(t, passed, 1)
	counts, err := b.Suspects.Count(ctx, review.Filter{Now: b.clock()})
	require.NoError(t, err)
	require.EqualValues(t, 1, counts.Passed)

	require.Equal(t, ids[1], b.nextFor(t, "li"))
	require.Empty(t, b.nextFor(t, "wang"))
	late := b.suspects(t, 3)
	require.Equal(t, ids[0], b.nextFor(t, "boss", supervisor), "before others")
	b.dismiss(t, ids[0], "boss")
	back, err := b.review.Revert(ctx, ids[0], "", "boss", "listen again", request.Request{})
	require.NoError(t, err)
	require.Equal(t, x.Pass, back.Pass, "what was left to a supervisor is left to one again")
	counts, err = b.Suspects.Count(ctx, review.Filter{Now: b.clock()})
	require.NoError(t, err)
	require.EqualValues(t, 1, counts.Passed)
	b.dismiss(t, ids[0], "boss")
	require.Equal(t, late[0], b.nextFor(t, "boss", supervisor))
	_, err = b.review.Pass(ctx, late[0], "boss", "not sure", request.Request{})
	require.NoError(t, err)
	newest := b.suspects(t, 4)
	require.Equal(t, newest[0], b.nextFor(t, "boss", supervisor), "his own come last")
	require.Equal(t, late[0], b.nextFor(t, "boss", supervisor))
}

// testNextOfMine: one's own are what one held last and what waits again since one's decision was taken back, and then
// what one holds, in turn; nothing of that is another's.
func testNextOfMine(t *testing.T, b *bench) {
	ctx := t.Context()
	mine := func(n *review.Next) { n.Mine = true }
	ids := b.suspects(t, 1, 2, 3, 4)
	require.Empty(t, b.nextFor(t, "li", mine))
	require.Equal(t, ids[0], b.nextFor(t, "li"))
	b.later(time.Second)
	require.Equal(t, ids[1], b.nextFor(t, "li"))
	b.later(time.Second)
	for _, want := range []review.ID{ids[0], ids[1], ids[0]} {
		require.Equal(t, want, b.nextFor(t, "li", mine), "that whose lease ends first")
		b.later(time.Second)
	}
	_, err := b.review.Release(ctx, ids[1], "li", false, request.Request{})
	require.NoError(t, err)
	require.Equal(t, ids[1], b.nextFor(t, "li", mine), "what was given back, before what is held")
	b.dismiss(t, ids[0], "li")
	_, err = b.review.Revert(ctx, ids[0], "", "boss", "listen again", request.Request{})
	require.NoError(t, err)
	require.Empty(t, b.nextFor(t, "wang", mine))
	require.Equal(t, ids[0], b.nextFor(t, "li", mine), "the decision was taken back")
	_, err = b.review.Pass(ctx, ids[0], "li", "a dialect", request.Request{})
	require.NoError(t, err)
	b.later(time.Second)
	require.Equal(t, ids[1], b.nextFor(t, "li", mine), "what was left to a supervisor is his no more")
	b.later(b.review.Lease + time.Second)
	require.Equal(t, ids[1], b.nextFor(t, "wang"))
	require.Empty(t, b.nextFor(t, "li", mine), "another has it")
	list, err := b.Suspects.List(ctx, review.Filter{Mine: true, For: "li", State: review.Claimed, Now: b.clock()})
	require.NoError(t, err)
	require.Empty(t, list)
}

func testSuspectFilters(t *testing.T, b *bench) {
	ctx := t.Context()
	start := b.clock()
	ids := b.suspects(t, 1, 2, 3)
	b.dismiss(t, ids[2], "li")
	b.later(time.Second)
	_, err := b.review.Revert(ctx, ids[2], b.suspectOf(t, ids[2]).Decision.ID, "li", "a mistake", request.Request{})
	require.NoError(t, err)
	b.later(time.Second)
	b.dismiss(t, ids[2], "li")
	_, err = b.review.Claim(ctx, ids[1], "li", 0, request.Request{})
	require.NoError(t, err)
	whole, decided := b.suspectOf(t, ids[0]), b.suspectOf(t, ids[2]).Decision.At
	for name, tt := range map[string]struct {
		f    review.Filter
		want []review.ID
	}{
		"all":       {review.Filter{}, ids},
		"of nobody": {review.Filter{Agent: "nobody"}, nil},
		"agent":     {review.Filter{Agent: whole.Agent}, ids},
		"created":   {review.Filter{Created: review.Span{From: start.Add(2 * time.Minute)}}, ids[1:]},
		"before":    {review.Filter{Created: review.Span{Until: start.Add(2 * time.Minute)}}, ids[:1]},
		"called":    {review.Filter{Called: review.Span{From: whole.StartedAt, Until: whole.StartedAt.Add(time.Second)}}, ids},
		"not then":  {review.Filter{Called: review.Span{Until: whole.StartedAt}}, nil},
		"score":     {review.Filter{MinScore: whole.Score, MaxScore: whole.Score}, ids},
		"low score": {review.Filter{MaxScore: whole.Score - 0.01}, nil},
		"mine":      {review.Filter{Mine: true, For: "li"}, ids[1:]},
		"claimed":   {review.Filter{Mine: true, For: "li", State: review.Claimed}, ids[1:2]},
		"not mine":  {review.Filter{Mine: true, For: "wang"}, nil},
		"short":     {review.Filter{ShortID: ids[1].Short()}, ids[1:2]},
		"shorter":   {review.Filter{ShortID: string(ids[1][20:])}, ids[1:2]},
		"number":    {review.Filter{Number: whole.Number}, ids[:1]},
		"decided":   {review.Filter{Decided: true}, ids[2:]},
		"then":      {review.Filter{DecidedAt: review.Span{From: decided, Until: decided.Add(time.Microsecond)}}, ids[2:]},
		"earlier":   {review.Filter{DecidedAt: review.Span{Until: decided}}, nil},
		"recording": {review.Filter{Recordings: []string{whole.RecordingID, "none"}}, ids[:1]},
		"of none":   {review.Filter{Recordings: []string{""}}, nil},
		"others":    {review.Filter{Except: []string{whole.RecordingID, "none"}}, ids[1:]},
		"but one":   {review.Filter{Except: []string{whole.RecordingID}, But: ids[:1]}, ids},
		"lines":     {review.Filter{Lines: []string{"no such line"}}, nil},
	} {
		tt.f.Now = b.clock()
		list, err := b.Suspects.List(ctx, tt.f)
		require.NoError(t, err, name)
		var got []review.ID
		for _, x := range list {
			got = append(got, x.ID)
		}
		require.Equal(t, tt.want, got, name)
		counts, err := b.Suspects.Count(ctx, tt.f)
		require.NoError(t, err, name)
		n := int64(0)
		for _, of := range counts.Of {
			n += of.N
		}
		require.EqualValues(t, len(tt.want), n, name)
	}
}

func (b *bench) suspectOf(t testing.TB, id review.ID) review.Suspect {
	t.Helper()
	x, err := b.Suspects.Get(t.Context(), id)
	require.NoError(t, err)
	return x
}

// testSuspectOrders: pages follow one another in each order, whatever is hidden.
func testSuspectOrders(t *testing.T, b *bench) {
	ids := b.suspects(t, 1, 2, 3, 4, 5, 6, 7)
	for i, id := range ids {
		_, err := b.Writer().ExecContext(t.Context(), `UPDATE suspects SET score = $1, blind = $2 WHERE id = $3`,
			float64(i%3)/4, map[bool]int{true: 1}[i == 3], string(id))
		require.NoError(t, err)
	}
	at := func(order ...int) (out []review.ID) {
		for _, i := range order {
			out = append(out, ids[i])
		}
		return out
	}
	for order, want := range map[review.Direction][]review.ID{
		review.OldestFirst: ids, review.NewestFirst: at(6, 5, 4, 3, 2, 1, 0),
		review.HighestFirst: at(3, 2, 5, 1, 4, 0, 6), // the hidden one first, though its score is the lowest
	} {
		var got []review.ID
		var after *review.Place
		for {
			list, err := b.Suspects.List(t.Context(), review.Filter{Order: order, After: after, Limit: 2})
			require.NoError(t, err)
			if len(list) == 0 {
				break
			}
			for _, x := range list {
				got = append(got, x.ID)
			}
			place := list[len(list)-1].Place()
			after = &place
		}
		require.Equal(t, want, got, order)
	}
}

// testSuspectCounts: what is hidden is of no class, and second looks that somebody may not take don't count for him.
func testSuspectCounts(t *testing.T, b *bench) {
	ctx := t.Context()
	b.review.Sampling = sampling(0, 0)
	ids := b.suspects(t, 1, 1, 2)
	_, err := b.Writer().ExecContext(ctx, `UPDATE suspects SET blind = 1 WHERE id = $1`, string(ids[1]))
	require.NoError(t, err)
	b.dismiss(t, ids[0], "li") // and a second look
	_, err = b.review.Claim(ctx, ids[2], "li", 0, request.Request{})
	require.NoError(t, err)
	const found = keywords.Class("not_interested")
	for by, want := range map[string][]review.Count{
		"li": {{State: review.Claimed, Class: found, N: 1}, {State: review.Dismissed, Class: found, N: 1},
			{State: review.Open, N: 1}},
		"wang": {{State: review.Claimed, Class: found, N: 1}, {State: review.Dismissed, Class: found, N: 1},
			{State: review.Open, N: 1}, {State: review.Open, Class: found, N: 1}},
	} {
		counts, err := b.Suspects.Count(ctx, review.Filter{Now: b.clock(), For: by})
		require.NoError(t, err)
		require.Equal(t, want, counts.Of, by)
	}
	counts, err := b.Suspects.Count(ctx, review.Filter{Now: b.clock(), Class: found, State: review.Open, For: "li"})
	require.NoError(t, err)
	require.Empty(t, counts.Of, "a class would tell what is hidden")
	counts, err = b.Suspects.Count(ctx, review.Filter{Now: b.clock(), For: "li"})
	require.NoError(t, err)
	require.Equal(t, b.suspectOf(t, ids[1]).CreatedAt, counts.Oldest)
	require.EqualValues(t, 2, counts.Waiting())

	all := []review.Suspect{b.suspectOf(t, ids[0]), b.suspectOf(t, ids[1]), b.suspectOf(t, ids[2])}
	for by, want := range map[string]map[review.ID]int{
		"li":   {ids[0]: 1, ids[1]: 0, ids[2]: 0},
		"wang": {ids[0]: 1, ids[1]: 1, ids[2]: 0},
	} {
		got, err := b.Suspects.Siblings(ctx, all, review.Filter{For: by})
		require.NoError(t, err)
		require.Equal(t, want, got, by)
	}
}

// testSuspectLines: a suspect's line and when its call began follow the call's report where the recorder didn't say.
func testSuspectLines(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.recording(t, 1)
	r.Line, r.StartedAt = "", time.Time{}
	_, _, err := b.Recordings.CreateRecording(ctx, r)
	require.NoError(t, err)
	require.NoError(t, b.finish(ctx, r.ID, result("not_interested")))
	x, err := b.Suspects.ByRecording(ctx, r.ID)
	require.NoError(t, err)
	require.Empty(t, x.Line)
	require.Zero(t, x.StartedAt)
	report := calls.Call{ID: r.CallID, Number: r.Number, Start: begin, Outcome: calls.Answered, Line: "loans", Revision: 1}
	b.reported(t, report)
	require.Equal(t, "loans", b.suspectOf(t, x.ID).Line)
	require.Equal(t, begin, b.suspectOf(t, x.ID).StartedAt)
	report.Line, report.Start, report.Revision = "cards", begin.Add(time.Minute), 2
	b.reported(t, report)
	list, err := b.Suspects.List(ctx, review.Filter{Line: "cards",
		Called: review.Span{From: report.Start, Until: report.Start.Add(time.Second)}})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func testEarlierCalls(t *testing.T, b *bench) {
	b.later(10 * time.Hour)
	n := numberOf(t, 1)
	for i := range 5 {
		b.reported(t, calls.Call{ID: fmt.Sprint("c", i), Number: n, Start: begin.Add(time.Duration(i) * time.Hour),
			Outcome: calls.NoAnswer, Line: []string{"a", "b"}[i%2], Revision: 1})
	}
	f := calls.Earlier{Number: n, Before: begin.Add(4 * time.Hour), But: "c0", Limit: 2}
	found, all, err := b.Calls.Earlier(t.Context(), f, b.rules)
	require.NoError(t, err)
	require.Equal(t, 3, all)
	require.Len(t, found, 2)
	require.Equal(t, "c3", found[0].ID)
	f.Lines = []string{"a"}
	_, all, err = b.Calls.Earlier(t.Context(), f, b.rules)
	require.NoError(t, err)
	require.Equal(t, 1, all)
}
