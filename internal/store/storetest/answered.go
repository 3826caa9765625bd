package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

func (b *bench) decideAs(t testing.TB, id review.ID, by string, v review.Verdict) error {
	t.Helper()
	_, err := b.review.Decide(t.Context(), id, by, review.Order{Verdict: v, Class: "not_interested"}, request.Request{})
	return err
}

func (b *bench) revertAs(t testing.TB, id review.ID, by string) {
	t.Helper()
	_, err := b.review.Revert(t.Context(), id, "", by, "pressed the wrong key", request.Request{})
	require.NoError(t, err)
}

// testAppealAnswerTakenBack: a mistaken answer leaves no trace in what may be called: the number is frozen again for
// the rest of the period, the appeal is open, and whoever answered may answer anew.
func testAppealAnswerTakenBack(t *testing.T, b *bench) {
	first, look := b.appealed(t, 1)
	until := b.frozen(t, 1)[0].Until
	b.later(time.Hour)
	b.dismiss(t, look.ID, "wang")
	require.Empty(t, b.frozen(t, 1))
	b.later(time.Hour)
	b.revertAs(t, look.ID, "wang")

	now := b.suspectOf(t, first.ID)
	require.Equal(t, review.Confirmed, now.State(b.clock()))
	require.Equal(t, first.Decision.Class, now.Decision.Class)
	require.Equal(t, "wang", now.Decision.By, "who took the answer back")
	require.Contains(t, now.Decision.Note, "confirmed by li")
	require.Equal(t, review.AppealOpen, now.Appeal.State)
	require.Equal(t, now.Decision.ID, now.Appeal.Decision)
	require.NotNil(t, now.Shown().Appeal)
	standing := b.frozen(t, 1)
	require.Len(t, standing, 1)
	f := standing[0]
	require.Equal(t, []any{now.Decision.Freeze, until, b.clock(), "wang", string(now.Decision.ID)},
		[]any{f.ID, f.Until, f.From, f.Actor, f.Evidence.DecisionID})
	told, ok := b.table.Standing(first.Number, b.clock())
	require.True(t, ok)
	require.Equal(t, f.ID, told.ID)
	require.Equal(t, 3, b.verify(t), "opened, released, and opened again")

	require.Equal(t, look.ID, b.nextFor(t, "wang"), "it is his own answer that he took back")
	require.NoError(t, b.decideAs(t, look.ID, "wang", review.Confirm))
	require.Equal(t, review.AppealUpheld, b.suspectOf(t, first.ID).Appeal.State)
	require.Len(t, b.frozen(t, 1), 1)

	b.later(time.Hour)
	b.revertAs(t, look.ID, "boss")
	require.Len(t, b.frozen(t, 1), 1)
	b.dismiss(t, look.ID, "zhao")
	require.Equal(t, review.AppealOverturned, b.suspectOf(t, first.ID).Appeal.State)
	require.Empty(t, b.frozen(t, 1))
	b.verify(t)
}

// testAppealAnswerTakenBackLate: what is over by then is not frozen again, nor what somebody released, and what
// became of the suspect otherwise stays.
func testAppealAnswerTakenBackLate(t *testing.T, b *bench) {
	first, look := b.appealed(t, 1)
	end := b.frozen(t, 1)[0].Until
	b.dismiss(t, look.ID, "wang")
	b.later(90 * 24 * time.Hour)
	b.revertAs(t, look.ID, "wang")
	now := b.suspectOf(t, first.ID)
	require.Equal(t, review.Confirmed, now.State(b.clock()))
	require.Equal(t, end, now.Decision.Over)
	require.Empty(t, now.Decision.Freeze)
	require.Empty(t, b.frozen(t, 1))

	first, look = b.appealed(t, 2)
	_, err := b.freeze.Release(t.Context(), request.Request{}, first.Number, "boss", "he asked us to")
	require.NoError(t, err)
	b.later(time.Hour)
	b.dismiss(t, look.ID, "wang")
	b.later(time.Hour)
	b.revertAs(t, look.ID, "wang")
	require.Empty(t, b.frozen(t, 2), "somebody had released it before")

	first, look = b.appealed(t, 3)
	b.later(time.Hour)
	b.dismiss(t, look.ID, "wang")
	b.later(time.Hour)
	b.revertAs(t, first.ID, "boss")
	b.later(time.Hour)
	require.NoError(t, b.decideAs(t, first.ID, "boss", review.Dismiss))
	b.revertAs(t, look.ID, "wang")
	require.NoError(t, b.decideAs(t, look.ID, "zhao", review.Confirm))
	now = b.suspectOf(t, first.ID)
	require.Equal(t, review.Dismissed, now.State(b.clock()), "the supervisor's own decision")
	require.Equal(t, review.AppealVoid, now.Appeal.State)
	require.Nil(t, now.Shown().Appeal)
	require.Empty(t, b.frozen(t, 3))
}

// testAppealEnds: where the appealed decision is taken back nobody needs to answer. A second look that was there
// before is as it was.
func testAppealEnds(t *testing.T, b *bench) {
	first, look := b.appealed(t, 1)
	b.revertAs(t, first.ID, "boss")
	_, err := b.Suspects.Get(t.Context(), look.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.Equal(t, first.ID, b.nextFor(t, "wang"))
	require.NoError(t, b.decideAs(t, first.ID, "wang", review.Confirm))
	require.Nil(t, b.suspectOf(t, first.ID).Appeal)
	_, err = b.appeal(t, first.ID, "boss")
	require.NoError(t, err, "another decision, another appeal")

	first, look = b.appealed(t, 2) // answered, and taken back
	b.later(time.Hour)
	b.dismiss(t, look.ID, "wang")
	b.later(time.Hour)
	b.revertAs(t, look.ID, "wang")
	b.later(time.Hour)
	b.revertAs(t, first.ID, "boss")
	require.Equal(t, 0, b.count(t, `SELECT COUNT(*) FROM suspects WHERE second_of = $1`, string(first.ID)))
	require.Empty(t, b.frozen(t, 2))

	b.review.Sampling = sampling(0, 0)
	first = b.confirmed(t, 3, "not_interested")
	_, err = b.appeal(t, first.ID, "boss")
	require.NoError(t, err)
	b.revertAs(t, first.ID, "boss")
	look = *b.suspectOf(t, first.ID).Repeat
	require.Nil(t, look.Appeal)
	require.Equal(t, review.Open, look.State(b.clock()))

	first = b.confirmed(t, 4, "not_interested")
	look = *b.suspectOf(t, first.ID).Repeat
	b.later(time.Hour)
	b.dismiss(t, look.ID, "wang")
	b.later(time.Hour)
	_, err = b.appeal(t, first.ID, "boss")
	require.NoError(t, err)
	b.later(time.Hour)
	b.revertAs(t, first.ID, "boss")
	look = *b.suspectOf(t, first.ID).Repeat
	require.Equal(t, review.Dismissed, look.State(b.clock()))
	require.Equal(t, "wang", look.Decision.By)
	b.verify(t)
}

// testAppealAndAgreement: an appeal takes no second look out of the figures that was chosen by chance, and adds none.
func testAppealAndAgreement(t *testing.T, b *bench) {
	pairs := func() figures.Pairs {
		counts, err := b.Figures.Reviews(t.Context(), begin.Add(-time.Hour), begin.Add(48*time.Hour), "", "")
		require.NoError(t, err)
		return counts.Pairs
	}
	_, look := b.appealed(t, 1)
	b.dismiss(t, look.ID, "wang")
	require.Equal(t, figures.Pairs{}, pairs())

	b.review.Sampling = sampling(0, 0)
	first := b.confirmed(t, 2, "not_interested")
	b.later(time.Hour)
	look = *b.suspectOf(t, first.ID).Repeat
	b.dismiss(t, look.ID, "wang")
	want := figures.Pairs{FirstConfirmed: 1}
	require.Equal(t, want, pairs())
	b.later(time.Hour)
	_, err := b.appeal(t, first.ID, "boss")
	require.NoError(t, err)
	require.Equal(t, want, pairs(), "appealed")
	b.later(time.Hour)
	require.NoError(t, b.decideAs(t, look.ID, "zhao", review.Confirm))
	require.Equal(t, want, pairs(), "answered")
	b.later(time.Hour)
	b.revertAs(t, look.ID, "zhao")
	b.later(time.Hour)
	b.revertAs(t, first.ID, "boss")
	require.Equal(t, want, pairs(), "ended")

	first = b.confirmed(t, 3, "not_interested")
	b.later(time.Hour)
	_, err = b.appeal(t, first.ID, "boss")
	require.NoError(t, err)
	b.later(time.Hour)
	b.dismiss(t, b.suspectOf(t, first.ID).Repeat.ID, "wang")
	want.FirstConfirmed++
	require.Equal(t, want, pairs(), "chosen by chance before somebody appealed")
}

// testSecondLookers: who decided on the second look is no other for the first, and an appeal takes its suspect from
// whoever appeals.
func testSecondLookers(t *testing.T, b *bench) {
	b.review.Sampling = sampling(0, 0)
	first := b.confirmed(t, 1, "not_interested")
	look := b.suspectOf(t, first.ID).Repeat
	b.dismiss(t, look.ID, "wang")
	b.revertAs(t, first.ID, "boss")
	require.Equal(t, "DECIDED_BEFORE", fault.ReasonOf(b.decideAs(t, first.ID, "wang", review.Dismiss)))
	require.Empty(t, b.nextFor(t, "wang"))
	require.Equal(t, first.ID, b.nextFor(t, "li"))

	first = b.confirmed(t, 2, "not_interested")
	look = b.suspectOf(t, first.ID).Repeat
	_, err := b.review.Claim(t.Context(), look.ID, "boss", 0, request.Request{})
	require.NoError(t, err)
	_, err = b.appeal(t, first.ID, "boss")
	require.NoError(t, err)
	require.Equal(t, look.ID, b.nextFor(t, "zhao"))
}

// testVirtualSecondLook: a second look at a virtual number is refused as the first is, or else it could be told by
// that.
func testVirtualSecondLook(t *testing.T, b *bench) {
	b.review.Sampling = sampling(0, 0)
	first := b.suspect(t, 1, "not_interested")
	c := call(t, first.CallID, 1, -time.Hour)
	c.Virtual = true
	b.reported(t, c)
	require.Equal(t, "VIRTUAL_NUMBER", fault.ReasonOf(b.decideAs(t, first.ID, "li", review.Confirm)))
	b.dismiss(t, first.ID, "li")
	look := b.suspectOf(t, first.ID).Repeat
	require.Equal(t, "VIRTUAL_NUMBER", fault.ReasonOf(b.decideAs(t, look.ID, "wang", review.Confirm)))
	b.dismiss(t, look.ID, "wang")
}

// testSecondLookTold: of a second look that is there already nothing is told as of a new one.
func testSecondLookTold(t *testing.T, b *bench) {
	b.review.Sampling = sampling(0, 0)
	first := b.confirmed(t, 1, "not_interested")
	b.revertAs(t, first.ID, "boss")
	n := len(b.since(0))
	b.dismiss(t, first.ID, "boss")
	told := []string{}
	for _, c := range b.since(n) {
		if c.Kind == feed.Suspect {
			told = append(told, c.ID)
		}
	}
	require.Equal(t, []string{string(first.ID)}, told)
}
