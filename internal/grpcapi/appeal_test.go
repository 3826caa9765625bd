package grpcapi

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Nobody who is to decide on a second look can tell by what was decided on it before that it is one, and a mistaken
// answer to an appeal has the number frozen again once it is taken back.
func TestSecondLookTellsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.suspect(t, "call-0", "13800138001")
	as := func(who string) context.Context { return apitest.As(t.Context(), who) }
	next := func(who string) *pb.ClaimNextSuspectResponse {
		resp, err := b.Review.ClaimNextSuspect(as(who), &pb.ClaimNextSuspectRequest{})
		require.NoError(t, err)
		return resp
	}
	decide := func(who string, name string, v pb.Decision_Verdict) *pb.Suspect {
		resp, err := b.Review.DecideSuspect(as(who), &pb.DecideSuspectRequest{Name: name, Verdict: v})
		require.NoError(t, err)
		return resp.GetSuspect()
	}
	revert := func(who, name string) *pb.Suspect {
		resp, err := b.Review.RevertDecision(as(who), &pb.RevertDecisionRequest{Name: name, Reason: "the wrong key"})
		require.NoError(t, err)
		return resp.GetSuspect()
	}
	get := func(name string) *pb.GetSuspectResponse {
		resp, err := b.Review.GetSuspect(as("zhao"), &pb.GetSuspectRequest{Name: name})
		require.NoError(t, err)
		return resp
	}
	first := next("li").GetSuspect().GetName()
	decide("li", first, pb.Decision_VERDICT_CONFIRMED)
	_, err := b.Review.AppealDecision(as("boss"), &pb.AppealDecisionRequest{Name: first, Reason: "he only asked when"})
	require.NoError(t, err)
	look := next("wang").GetSuspect().GetName()
	decide("wang", look, pb.Decision_VERDICT_DISMISSED)
	require.Nil(t, get(first).GetSuspect().GetFrozen())
	require.EqualValues(t, 1, revert("wang", look).GetRound())

	seen := get(look)
	require.Empty(t, seen.GetDecisions())
	require.EqualValues(t, 1, seen.GetSuspect().GetRound())
	claimed := next("zhao")
	require.Equal(t, look, claimed.GetSuspect().GetName())
	require.Empty(t, claimed.GetDecisions())
	require.EqualValues(t, 1, claimed.GetSuspect().GetRound())

	appealed := get(first)
	require.Equal(t, pb.Suspect_STATE_CONFIRMED, appealed.GetSuspect().GetState())
	require.Equal(t, pb.Appeal_STATE_OPEN, appealed.GetSuspect().GetAppeal().GetState())
	require.NotNil(t, appealed.GetSuspect().GetFrozen())
	require.Len(t, appealed.GetDecisions(), 3)
	require.Len(t, func() []*pb.Decision {
		decide("zhao", look, pb.Decision_VERDICT_CONFIRMED)
		return get(look).GetDecisions()
	}(), 2, "once it is decided all of it is told")

	require.Nil(t, revert("boss", first).GetAppeal(), "what was appealed no longer stands")
	require.Nil(t, decide("boss", first, pb.Decision_VERDICT_CONFIRMED).GetAppeal())
}

// Whether a number is frozen doesn't depend on how many freezes it has that don't bind.
func TestFrozenAmongMany(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	create := func(line string) string {
		resp, err := b.Freezes.CreateFreeze(apitest.As(t.Context(), "ops"), &pb.CreateFreezeRequest{
			Number: "13800138001", Reason: "he wrote to us", Line: line})
		require.NoError(t, err)
		return resp.GetFreeze().GetName()
	}
	want := create("loans")
	for i := range 101 {
		create(fmt.Sprint("line-", i))
	}
	for i, number := range []string{"13800138001", "13800138002", "13800138001"} {
		b.suspect(t, fmt.Sprint("call-", i), number, func(m *pb.RecordingMetadata) { m.Line = "loans" })
	}
	resp, err := b.Review.ListSuspects(t.Context(), &pb.ListSuspectsRequest{})
	require.NoError(t, err)
	got := []string{}
	for _, x := range resp.GetSuspects() {
		got = append(got, x.GetFrozen().GetFreeze())
	}
	require.Equal(t, []string{want, "", want}, got)
}

// Names of reviewers hold numbers, too.
func TestReviewersAreMasked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	desk := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "desk-13900139000", Role: pb.Role_ROLE_REVIEWER})
	b.hearAs(admin, t, &pb.RecordingMetadata{CallId: "call-0", Number: "13800138001"}, "我没兴趣")
	resp, err := b.Review.ClaimNextSuspect(desk, &pb.ClaimNextSuspectRequest{})
	require.NoError(t, err)
	require.Equal(t, "desk-139****9000", resp.GetSuspect().GetClaim().GetReviewer())
}
