package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// The allow list is above freezes and what rules deny; it ends by itself, or by hand.
func TestAllowList(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	frozen, denied := phone(1), phone(2)
	s.Report(t, threeRejections(frozen)...)
	for i := range 6 {
		s.Report(t, unanswered(fmt.Sprint("d", i), denied,
			tenOClock.Add(-time.Hour+time.Duration(i)*time.Minute)))
	}
	_, err := s.Freezes.AllowNumber(as(ctx, "ops"),
		&pb.AllowNumberRequest{Number: frozen, Reason: "asked for it"})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "without an end")
	allow := func(n string) *pb.Allowance {
		resp, err := s.Freezes.AllowNumber(as(ctx, "ops"),
			&pb.AllowNumberRequest{Number: n, Reason: "asked for it",
				End:       &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)},
				RequestId: n})
		require.NoError(t, err)
		return resp.GetAllowance()
	}
	entry := allow(frozen)
	require.Equal(t, entry.GetName(), allow(frozen).GetName(),
		"the repetition of a request whose answer was lost")
	a := s.Ask(t, frozen)
	require.True(t, a.GetAllowed())
	require.Equal(t, pb.Answer_REASON_ALLOW_LISTED, a.GetReason())
	require.Equal(t, entry.GetName(), a.GetAllowance())
	require.Contains(t, a.GetSentenceZh(), "在允许名单中，2026-03-02 11:00（北京时间）前可以拨打")
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, denied).GetReason())
	allow(denied)
	require.Equal(t, pb.Answer_REASON_ALLOW_LISTED, s.Ask(t, denied).GetReason())
	require.Equal(t, pb.Answer_REASON_NONE, s.Ask(t, phone(3)).GetReason())

	ended, err := s.Freezes.EndAllowance(as(ctx, "ops"),
		&pb.EndAllowanceRequest{Name: entry.GetName(), Reason: "a mistake"})
	require.NoError(t, err)
	require.False(t, ended.GetAllowance().GetActive())
	require.Equal(t, pb.Answer_REASON_FROZEN, s.Ask(t, frozen).GetReason())
	clock.Later(time.Hour)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, denied).GetReason())
	for show, want := range map[bool]int{false: 0, true: 2} {
		list, err := s.Freezes.ListAllowances(ctx, &pb.ListAllowancesRequest{ShowEnded: show})
		require.NoError(t, err)
		require.Len(t, list.GetAllowances(), want)
	}
	s.Sound(t)
}

// A freeze of a line refuses calls on that line, and those that name none.
func TestFreezeOfALine(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	n := phone(1)
	resp, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"),
		&pb.CreateFreezeRequest{Number: n, Reason: "wants no loans", Line: "loans",
			End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(48 * time.Hour)}})
	require.NoError(t, err)
	require.Equal(t, "manual", resp.GetFreeze().GetReason())
	require.True(t, s.Ask(t, n, onLine("cards")).GetAllowed())
	a := s.Ask(t, n, onLine("loans"))
	require.False(t, a.GetAllowed())
	require.Equal(t, "该号码因人工操作在线路“loans”上已冻结至 2026-03-04 "+
		"10:00（北京时间），请勿拨打。", a.GetSentenceZh())
	require.False(t, s.Ask(t, n).GetAllowed(), "who does not say which line might use it")
	require.True(t, s.Ask(t, n, onLine("cards"), at(tenOClock)).GetAllowed())
	require.False(t, s.Ask(t, n, onLine("loans"), at(tenOClock)).GetAllowed())

	list, err := s.Freezes.ListFreezes(t.Context(), &pb.ListFreezesRequest{Line: "loans"})
	require.NoError(t, err)
	require.Len(t, list.GetFreezes(), 1)
	_, err = s.Freezes.ExtendFreeze(as(t.Context(), "li"),
		&pb.ExtendFreezeRequest{Name: resp.GetFreeze().GetName(), Reason: "still"})
	require.NoError(t, err)
	require.Nil(t, s.Ask(t, n, onLine("loans")).GetUntil(), "until somebody releases it")
	clock.Later(49 * time.Hour)
	require.False(t, s.Ask(t, n, onLine("loans")).GetAllowed())
	s.Sound(t)
}
