package grpcapi

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// suspect is a call of that number in which somebody refuses.
func (b *bench) suspect(t *testing.T, id, number string, edit ...func(*pb.RecordingMetadata)) {
	t.Helper()
	m := &pb.RecordingMetadata{CallId: id, Number: number, Agent: "agent-7"}
	for _, e := range edit {
		e(m)
	}
	b.hear(t, m, "我没兴趣")
}

// listed are the calls of the suspects that a list has.
func listed(ctx context.Context, t *testing.T, b *bench, req *pb.ListSuspectsRequest) (ids []string) {
	t.Helper()
	for {
		resp, err := b.Review.ListSuspects(ctx, req)
		require.NoError(t, err)
		for _, x := range resp.GetSuspects() {
			ids = append(ids, x.GetCallId())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return ids
		}
	}
}

// One who works the queue off: what comes next, how it is decided, taken back and appealed.
func TestReviewQueue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := apitest.As(t.Context(), "li")
	b.Report(t, apitest.Unanswered("before", "13800138001", b.now().Add(-time.Hour)))
	for i, number := range []string{"13800138001", "13800138002", "13800138001"} {
		b.suspect(t, fmt.Sprint("call-", i), number)
	}
	next := func(ctx context.Context) *pb.ClaimNextSuspectResponse {
		resp, err := b.Review.ClaimNextSuspect(ctx, &pb.ClaimNextSuspectRequest{})
		require.NoError(t, err)
		return resp
	}
	first := next(ctx)
	x := first.GetSuspect()
	require.Equal(t, "call-0", x.GetCallId())
	require.Equal(t, pb.Suspect_STATE_CLAIMED, x.GetState())
	require.EqualValues(t, 1, x.GetSiblingCount())
	require.Nil(t, x.GetFrozen())
	require.NotEmpty(t, first.GetTranscript().GetSegments())
	require.EqualValues(t, 1, first.GetEarlierCallCount())
	require.Equal(t, "calls/before", first.GetEarlierCalls()[0].GetName())
	require.Equal(t, pb.Outcome_OUTCOME_NO_ANSWER, first.GetEarlierCalls()[0].GetOutcome())
	require.Equal(t, "call-1", next(apitest.As(t.Context(), "wang")).GetSuspect().GetCallId())

	for period, want := range map[time.Duration]string{time.Hour: "freeze_period", 4000 * 24 * time.Hour: "freeze_period"} {
		_, err := b.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: x.GetName(), FreezePeriod: durationpb.New(period),
			Verdict: pb.Decision_VERDICT_CONFIRMED})
		require.ErrorContains(t, err, want)
	}
	_, err := b.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: x.GetName(), Class: "stop_calling",
		Verdict: pb.Decision_VERDICT_CONFIRMED, FreezePeriod: durationpb.New(48 * time.Hour)})
	require.ErrorContains(t, err, "freezes until")
	decided, err := b.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: x.GetName(),
		Verdict: pb.Decision_VERDICT_CONFIRMED, FreezePeriod: durationpb.New(48 * time.Hour)})
	require.NoError(t, err)
	frozen := decided.GetSuspect().GetFrozen()
	require.Equal(t, decided.GetSuspect().GetDecision().GetFreeze(), frozen.GetFreeze())
	require.Equal(t, 48*time.Hour, frozen.GetEndTime().AsTime().Sub(decided.GetSuspect().GetDecision().GetDecideTime().AsTime()))

	second := next(ctx)
	require.Equal(t, "call-2", second.GetSuspect().GetCallId(), "the same number's")
	require.Equal(t, frozen.GetFreeze(), second.GetSuspect().GetFrozen().GetFreeze())
	require.Equal(t, x.GetName(), second.GetEarlierDecisions()[0].GetSuspect())
	released, err := b.Review.ReleaseClaim(ctx, &pb.ReleaseClaimRequest{Name: second.GetSuspect().GetName()})
	require.NoError(t, err)
	require.Equal(t, pb.Suspect_STATE_OPEN, released.GetSuspect().GetState())
	require.Nil(t, released.GetSuspect().GetClaim())

	counts, err := b.Review.CountSuspects(ctx, &pb.CountSuspectsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 2, counts.GetCounts().GetWaitingCount())
	require.Equal(t, released.GetSuspect().GetCreateTime().AsTime(), counts.GetCounts().GetOldestOpenTime().AsTime())
	require.Len(t, counts.GetCounts().GetCounts(), 3)

	require.Equal(t, []string{"call-0", "call-2"}, listed(ctx, t, b, &pb.ListSuspectsRequest{Mine: true}), "what was given back, too")
	require.Equal(t, []string{"call-1"}, listed(ctx, t, b, &pb.ListSuspectsRequest{State: pb.Suspect_STATE_CLAIMED}))
	require.Equal(t, []string{"call-0"}, listed(ctx, t, b, &pb.ListSuspectsRequest{ShortId: x.GetShortId()}))
	for _, order := range []pb.SuspectOrder{pb.SuspectOrder_SUSPECT_ORDER_OLDEST, pb.SuspectOrder_SUSPECT_ORDER_NEWEST,
		pb.SuspectOrder_SUSPECT_ORDER_SCORE} {
		got := listed(ctx, t, b, &pb.ListSuspectsRequest{Order: order, PageSize: 1})
		if order == pb.SuspectOrder_SUSPECT_ORDER_NEWEST {
			slices.Reverse(got)
		}
		require.Equal(t, []string{"call-0", "call-1", "call-2"}, got)
	}
	for field, req := range map[string]*pb.ListSuspectsRequest{"min_score": {MinScore: 2}, "short_id": {ShortId: "abc"},
		"order": {Order: 9}, "state": {State: 9}, "max_score": {MinScore: 0.5, MaxScore: 0.25}} {
		_, err := b.Review.ListSuspects(ctx, req)
		require.ErrorContains(t, err, field)
	}
}

// Eight reviewers who ask at once each get suspects of their own.
func TestReviewersAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const reviewers = 8
	want := make([]string, 2*reviewers)
	for i := range want {
		want[i] = fmt.Sprintf("call-%02d", i)
		b.suspect(t, want[i], apitest.Phone(i%5))
	}
	got := make([][]string, reviewers)
	errs := make([]error, reviewers)
	var wg sync.WaitGroup
	for i := range reviewers {
		wg.Go(func() {
			ctx := apitest.As(t.Context(), fmt.Sprint("reviewer-", i))
			for range 2 {
				resp, err := b.Review.ClaimNextSuspect(ctx, &pb.ClaimNextSuspectRequest{})
				if err != nil {
					errs[i] = err
					return
				}
				got[i] = append(got[i], resp.GetSuspect().GetCallId())
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	all := slices.Concat(got...)
	slices.Sort(all)
	require.Equal(t, want, all)
	resp, err := b.Review.ClaimNextSuspect(apitest.As(t.Context(), "late"), &pb.ClaimNextSuspectRequest{})
	require.NoError(t, err)
	require.Nil(t, resp.GetSuspect())
}

// What a reviewer leaves goes to supervisors; an agent appeals for calls of their own, and nobody can tell the second look
// that decides on it from other suspects; a key sees its own line's.
func TestPassAndAppeal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	as := func(name string, role pb.Role, lines ...string) context.Context {
		return keyed(admin, t, b, &pb.AddKeyRequest{KeyId: name, Role: role, Lines: lines})
	}
	li, wang, boss := as("li", pb.Role_ROLE_REVIEWER), as("wang", pb.Role_ROLE_REVIEWER), as("boss", pb.Role_ROLE_SUPERVISOR)
	agent, other := as("agent-7", pb.Role_ROLE_AGENT), as("agent-8", pb.Role_ROLE_AGENT)
	onLine := as("loans", pb.Role_ROLE_REVIEWER, "loans")
	hear := func(id, number, line string) {
		b.hearAs(admin, t, &pb.RecordingMetadata{CallId: id, Number: number, Agent: "agent-7", Line: line}, "我没兴趣")
	}
	hear("call-0", "13800138001", "loans")
	hear("call-1", "13800138002", "cards")
	next := func(ctx context.Context) *pb.Suspect {
		resp, err := b.Review.ClaimNextSuspect(ctx, &pb.ClaimNextSuspectRequest{})
		require.NoError(t, err)
		return resp.GetSuspect()
	}
	x := next(li)
	require.Nil(t, next(onLine), "the other line's is none of his")
	_, err := b.Review.PassSuspect(li, &pb.PassSuspectRequest{Name: x.GetName(), Note: "a dialect"})
	require.NoError(t, err)
	require.Nil(t, next(onLine))
	counts, err := b.Review.CountSuspects(onLine, &pb.CountSuspectsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 1, counts.GetCounts().GetPassedCount())
	require.EqualValues(t, 1, counts.GetCounts().GetWaitingCount())
	got := next(boss)
	require.Equal(t, x.GetName(), got.GetName())
	require.Equal(t, "a dialect", got.GetPass().GetNote())
	_, err = b.Review.DecideSuspect(boss, &pb.DecideSuspectRequest{Name: x.GetName(), Verdict: pb.Decision_VERDICT_CONFIRMED})
	require.NoError(t, err)

	appeal := &pb.AppealDecisionRequest{Name: x.GetName(), Reason: "he only asked when"}
	_, err = b.Review.AppealDecision(other, appeal)
	require.Equal(t, "NOT_YOUR_CALL", apitest.Reason(err))
	_, err = b.Review.AppealDecision(li, appeal)
	require.Equal(t, "NOT_PERMITTED", apitest.Reason(err))
	appealed, err := b.Review.AppealDecision(agent, appeal)
	require.NoError(t, err)
	require.Equal(t, pb.Appeal_STATE_OPEN, appealed.GetSuspect().GetAppeal().GetState())
	require.NotNil(t, appealed.GetSuspect().GetFrozen())

	require.Equal(t, "call-1", next(boss).GetCallId(), "not what he decided on")
	look := next(wang)
	require.NotEqual(t, x.GetName(), look.GetName())
	require.Equal(t, "call-0", look.GetCallId())
	require.Nil(t, look.GetFrozen(), "it would tell that it was decided before")
	require.Nil(t, look.GetAppeal())
	whole, err := b.Review.GetSuspect(wang, &pb.GetSuspectRequest{Name: look.GetName()})
	require.NoError(t, err)
	require.Empty(t, whole.GetEarlierDecisions())
	_, err = b.Review.DecideSuspect(wang, &pb.DecideSuspectRequest{Name: look.GetName(), Verdict: pb.Decision_VERDICT_DISMISSED})
	require.NoError(t, err)
	whole, err = b.Review.GetSuspect(wang, &pb.GetSuspectRequest{Name: x.GetName()})
	require.NoError(t, err)
	require.Equal(t, pb.Suspect_STATE_DISMISSED, whole.GetSuspect().GetState())
	require.Equal(t, pb.Appeal_STATE_OVERTURNED, whole.GetSuspect().GetAppeal().GetState())
	require.Nil(t, whole.GetSuspect().GetFrozen())
	require.Len(t, whole.GetDecisions(), 2)
	freezes, err := b.Freezes.ListFreezes(admin, &pb.ListFreezesRequest{Number: "13800138001"})
	require.NoError(t, err)
	require.Empty(t, freezes.GetFreezes())
}

// Who watches hears of new suspects and of what becomes of them, of their own line alone.
func TestWatchSuspects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(apitest.As(t.Context(), "li"), time.Minute)
	defer cancel()
	stream, err := b.Review.WatchSuspects(ctx, &pb.WatchSuspectsRequest{Line: "loans"})
	require.NoError(t, err)
	m, err := stream.Recv()
	require.NoError(t, err)
	require.Zero(t, m.GetCounts().GetWaitingCount())
	require.Empty(t, m.GetSuspects())
	b.suspect(t, "other", "13800138001", func(m *pb.RecordingMetadata) { m.Line = "cards" })
	b.suspect(t, "own", "13800138002", func(m *pb.RecordingMetadata) { m.Line = "loans" })
	m, err = stream.Recv()
	require.NoError(t, err)
	require.EqualValues(t, 1, m.GetCounts().GetWaitingCount())
	require.Len(t, m.GetSuspects(), 1)
	x := m.GetSuspects()[0]
	require.Equal(t, "own", x.GetCallId())
	require.Empty(t, x.GetHits())
	_, err = b.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: x.GetName(), Verdict: pb.Decision_VERDICT_DISMISSED})
	require.NoError(t, err)
	m, err = stream.Recv()
	require.NoError(t, err)
	require.Zero(t, m.GetCounts().GetWaitingCount())
	require.Equal(t, pb.Suspect_STATE_DISMISSED, m.GetSuspects()[0].GetState())
}
