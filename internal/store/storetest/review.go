package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

func testReview(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	claimed, err := b.review.Claim(ctx, s.ID, "li", time.Minute, request.Request{})
	require.NoError(t, err)
	require.Equal(t, &review.Claim{By: "li", Until: begin.Add(time.Minute), At: begin}, claimed.Claim)
	require.NotEqual(t, s.ETag(), claimed.ETag())

	now := b.later(time.Second)
	order := review.Order{Verdict: review.Confirm, Note: "clear",
		Hits: []review.HitDecision{{Hit: 1, Correct: true}}, ETag: claimed.ETag()}
	decided, err := b.review.Decide(ctx, s.ID, "li", order, request.Request{})
	require.NoError(t, err)
	require.Nil(t, decided.Claim)
	require.Equal(t, now, decided.UpdatedAt)
	d := *decided.Decision
	require.NotEmpty(t, d.Freeze)
	require.Equal(t, review.Decision{ID: d.ID, Round: 1, Verdict: review.Confirm,
		Class: keywords.Class("not_interested"), By: "li", At: now, Claimed: begin,
		Note: "clear", Hits: order.Hits, Freeze: d.Freeze}, d)

	f, err := b.Freezes.Get(ctx, d.Freeze)
	require.NoError(t, err)
	require.Equal(t, freeze.Freeze{
		ID: d.Freeze, Number: s.Number, Reason: freeze.Refused,
		Class: string(keywords.Class("not_interested")), From: now, Until: now.Add(period),
		Actor: "li", Seq: 1, OpenedSeq: 1, NumberMAC: b.mac(t, 1),
		Evidence: freeze.Evidence{CallID: s.CallID, RecordingID: s.RecordingID,
			SuspectID: string(s.ID), DecisionID: string(d.ID)},
	}, f)
	told, ok := b.table.Standing(s.Number, now)
	require.True(t, ok)
	require.Equal(t, f.ID, told.ID)
	require.Equal(t, f, b.heardOf(t, f.ID), "what the gate heard is what is stored")

	later := b.later(time.Hour)
	reverted, err := b.review.Revert(ctx, s.ID, d.ID, "wang", "misheard", request.Request{})
	require.NoError(t, err)
	require.Nil(t, reverted.Decision)
	require.Equal(t, 2, reverted.Round)
	_, ok = b.table.Standing(s.Number, later)
	require.False(t, ok)
	f, err = b.Freezes.Get(ctx, d.Freeze)
	require.NoError(t, err)
	require.Equal(t, &freeze.Release{Cause: freeze.Reverted, At: later, Actor: "wang",
		Reason: "decision reverted: misheard", Seq: 2}, f.Release)

	again, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)
	require.Empty(t, again.Decision.Freeze)
	history, err := b.Suspects.Decisions(ctx, s.ID)
	require.NoError(t, err)
	d.Reversal = &review.Reversal{By: "wang", At: later, Reason: "misheard"}
	require.Equal(t, []review.Decision{d, *again.Decision}, history)
}

func testReviewErrorsWriteNothing(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	boom := func(context.Context, freeze.Book, review.Suspect) (review.Change, error) {
		return review.Change{}, errBoom
	}
	req := request.Request{Method: "DecideSuspect", ID: "r1"}
	_, err := b.Suspects.ChangeSuspect(ctx, s.ID, req, boom)
	require.Equal(t, errBoom, err, "as it is")
	got, err := b.Suspects.Get(ctx, s.ID)
	require.NoError(t, err)
	require.Equal(t, s, got)
	decided, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	require.NotNil(t, decided.Decision, "the request that failed is not taken for done")
	_, err = b.review.Decide(ctx, s.ID, "wang", review.Order{Verdict: review.Dismiss}, request.Request{Method: "DecideSuspect", ID: "r2"})
	require.Equal(t, "ALREADY_DECIDED", fault.ReasonOf(err))
	require.Contains(t, err.Error(), "li")
	got, err = b.Suspects.Get(ctx, s.ID)
	require.NoError(t, err)
	require.Equal(t, decided, got)
}

// testEffectsAreUndone: a change whose decision can't be written leaves no freeze and
// no entry, and the gate hears nothing.
func testEffectsAreUndone(t *testing.T, b *bench) {
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	other := b.suspect(t, 2, keywords.Class("not_interested"))
	_, err := b.Suspects.ChangeSuspect(t.Context(), other.ID, request.Request{},
		func(ctx context.Context, ledger freeze.Book, x review.Suspect) (review.Change, error) {
			w := freeze.Writer{Book: ledger, Keys: b.keys, Now: begin}
			_, err := w.Open(ctx, freeze.Freeze{Number: x.Number, Reason: freeze.Refused,
				From: begin})
			require.NoError(t, err)
			d := review.Decision{ID: "bad", Round: 1, Verdict: "maybe", By: "li", At: begin}
			return review.Change{Suspect: x, Decisions: []review.Decision{d}}, nil
		})
	require.Error(t, err)
	require.Equal(t, fault.Internal, fault.KindOf(err))
	_, ok := b.table.Standing(other.Number, begin)
	require.False(t, ok)
	_, ok = b.table.Standing(s.Number, begin)
	require.True(t, ok)
	require.Equal(t, 1, b.verify(t))
	require.Equal(t, 1, b.count(t, `SELECT COUNT(*) FROM freezes`))
	require.Equal(t, 1, b.count(t, `SELECT COUNT(*) FROM ledger_personal`))
}

const crowd = 16

func testDecideAtOnce(t *testing.T, b *bench) {
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	got, errs := make([]review.Suspect, crowd), make([]error, crowd)
	atOnce(crowd, func(i int) {
		order := review.Order{Verdict: review.Confirm}
		if i%2 == 0 {
			order.Verdict = review.Dismiss
		}
		got[i], errs[i] = b.review.Decide(t.Context(), s.ID, fmt.Sprintf("reviewer %d", i), order,
			request.Request{Method: "DecideSuspect", ID: fmt.Sprint(i)})
	})
	winner := onlyWinner(t, errs, "ALREADY_DECIDED")
	kept, err := b.Suspects.Get(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, got[winner], kept)
	require.Equal(t, fmt.Sprintf("reviewer %d", winner), kept.Decision.By)
	entries := winner % 2 // only a confirmation freezes
	require.Equal(t, entries, b.verify(t))
	_, frozen := b.table.Standing(s.Number, begin)
	require.Equal(t, entries == 1, frozen)
}

func testClaimAtOnce(t *testing.T, b *bench) {
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	errs := make([]error, crowd)
	atOnce(crowd, func(i int) {
		_, errs[i] = b.review.Claim(t.Context(), s.ID, fmt.Sprintf("reviewer %d", i), 0, request.Request{})
	})
	winner := onlyWinner(t, errs, "CLAIMED")
	kept, err := b.Suspects.Get(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("reviewer %d", winner), kept.Claim.By)
}

func testRevertAtOnce(t *testing.T, b *bench) {
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	errs := make([]error, crowd)
	atOnce(crowd, func(i int) {
		_, errs[i] = b.review.Revert(t.Context(), s.ID, s.Decision.ID, "li", "misheard", request.Request{})
	})
	onlyWinner(t, errs, "NOT_DECIDED")
	require.Equal(t, 2, b.verify(t))
	kept, err := b.Suspects.Get(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, 2, kept.Round)
}

// onlyWinner finds the one without an error; all others have that reason.
func onlyWinner(t *testing.T, errs []error, reason string) int {
	t.Helper()
	winner := -1
	for i, err := range errs {
		if err == nil {
			require.Equal(t, -1, winner, "two won")
			winner = i
			continue
		}
		require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
		require.Equal(t, fault.Precondition, fault.KindOf(err))
	}
	require.NotEqual(t, -1, winner, "nobody won")
	return winner
}

func testRequestRepeated(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	first, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	again, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, b.verify(t))
	_, err = b.review.Revert(ctx, s.ID, "", "li", "misheard", request.Request{Method: "RevertDecision", ID: "r1"})
	require.NoError(t, err, "the same id for another method is another request")
	late, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	require.Nil(t, late.Decision, "as the suspect is now; nothing is decided anew")
	_, err = b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{})
	require.NoError(t, err)
	_, err = b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{})
	require.Equal(t, "ALREADY_DECIDED", fault.ReasonOf(err),
		"without an id nothing is a repetition")
}

func testRequestRepeatedAtOnce(t *testing.T, b *bench) {
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	got, errs := make([]review.Suspect, crowd), make([]error, crowd)
	atOnce(crowd, func(i int) {
		got[i], errs[i] = b.review.Decide(t.Context(), s.ID, "li",
			review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	})
	for i := range crowd {
		require.NoError(t, errs[i])
		require.Equal(t, got[0], got[i])
	}
	require.Equal(t, 1, b.verify(t))
}

func testRequestReused(t *testing.T, b *bench) {
	ctx := t.Context()
	s, other := b.suspect(t, 1, keywords.Class("not_interested")),
		b.suspect(t, 2, keywords.Class("not_interested"))
	_, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	_, err = b.review.Decide(ctx, other.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Equal(t, "REQUEST_ID_REUSED", fault.ReasonOf(err))
	got, err := b.Suspects.Get(ctx, other.ID)
	require.NoError(t, err)
	require.Equal(t, other, got)
}
