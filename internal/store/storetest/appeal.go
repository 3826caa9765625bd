package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

func (b *bench) appeal(t testing.TB, id review.ID, by string) (review.Suspect, error) {
	t.Helper()
	return b.review.Appeal(t.Context(), id, "", by, "", "he only asked when", request.Request{})
}

// testAppeals: somebody else decides on it, who may not tell that it is one; where he dismisses, the decision is
// taken back and its freeze is released.
func testAppeals(t *testing.T, b *bench) {
	_, err := b.appeal(t, b.suspect(t, 9, "not_interested").ID, "boss")
	require.Equal(t, "NOT_CONFIRMED", fault.ReasonOf(err))

	first, look := b.appealed(t, 1)
	_, err = b.review.Decide(t.Context(), look.ID, "wang", review.Order{Verdict: review.Confirm}, request.Request{})
	require.NoError(t, err)
	now := b.suspectOf(t, first.ID)
	require.Equal(t, review.AppealUpheld, now.Appeal.State)
	require.Equal(t, first.Decision, now.Decision)
	require.Len(t, b.frozen(t, 1), 1)

	first, look = b.appealed(t, 2)
	_, err = b.review.Decide(t.Context(), look.ID, "wang", review.Order{Verdict: review.Dismiss, Note: "a question"},
		request.Request{})
	require.NoError(t, err)
	now = b.suspectOf(t, first.ID)
	require.Equal(t, review.AppealOverturned, now.Appeal.State)
	require.Equal(t, review.Dismissed, now.State(b.clock()))
	require.Equal(t, "wang", now.Decision.By)
	require.Equal(t, "a question", now.Decision.Note)
	require.Empty(t, b.frozen(t, 2))
	history, err := b.Suspects.Decisions(t.Context(), first.ID)
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Equal(t, "appealed by "+first.Agent+": he only asked when", history[0].Reversal.Reason)
	require.Equal(t, *now.Decision, history[1])
	b.verify(t)
}

// appealed is a suspect that li confirmed and its agent appealed, and the second look at it.
func (b *bench) appealed(t testing.TB, n int) (first, look review.Suspect) {
	t.Helper()
	ctx := t.Context()
	first = b.confirmed(t, n, "not_interested")
	_, err := b.review.Appeal(ctx, first.ID, "", "小李", "小李", "why", request.Request{})
	require.Equal(t, "NOT_YOUR_CALL", fault.ReasonOf(err))
	b.later(time.Hour)
	got, err := b.review.Appeal(ctx, first.ID, first.Decision.ID, first.Agent, first.Agent, "he only asked when",
		request.Request{})
	require.NoError(t, err)
	require.Equal(t, &review.Appeal{By: first.Agent, At: b.clock(), Reason: "he only asked when",
		Decision: first.Decision.ID, State: review.AppealOpen}, got.Appeal)
	_, err = b.appeal(t, first.ID, "boss")
	require.Equal(t, "APPEALED", fault.ReasonOf(err))
	look = b.suspectOf(t, got.Repeat.ID)
	require.Nil(t, look.Shown().Appeal, "it looks as any other")
	for _, by := range []string{"li", first.Agent} {
		list, err := b.Suspects.List(ctx, review.Filter{State: review.Open, Now: b.clock(), For: by})
		require.NoError(t, err)
		for _, x := range list {
			require.NotEqual(t, look.ID, x.ID, by)
		}
		_, err = b.review.Claim(ctx, look.ID, by, 0, request.Request{})
		require.Equal(t, "DECIDED_BEFORE", fault.ReasonOf(err))
	}
	return first, look
}

// testAppealOfSecondLook: a second look that was chosen by chance becomes the one that decides, in another round
// where it was decided, and by neither who decided before.
func testAppealOfSecondLook(t *testing.T, b *bench) {
	ctx := t.Context()
	b.review.Sampling = sampling(0, 0)
	first := b.confirmed(t, 1, "not_interested")
	look := b.suspectOf(t, first.ID).Repeat
	require.NotNil(t, look)
	_, err := b.review.Decide(ctx, look.ID, "wang", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	require.Len(t, b.frozen(t, 1), 1)
	_, err = b.appeal(t, first.ID, "boss")
	require.NoError(t, err)
	again := b.suspectOf(t, look.ID)
	require.Equal(t, 2, again.Round)
	require.Equal(t, review.Open, again.State(b.clock()))
	for _, by := range []string{"li", "wang", "boss"} {
		require.NotEqual(t, look.ID, b.nextFor(t, by), by)
	}
	require.Equal(t, look.ID, b.nextFor(t, "zhao"))
	b.dismiss(t, look.ID, "zhao")
	require.Empty(t, b.frozen(t, 1))
	require.Equal(t, 2, b.count(t, `SELECT COUNT(*) FROM suspects`))
}
