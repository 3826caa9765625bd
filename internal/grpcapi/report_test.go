package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// midnight begins the Monday of the tests in Beijing.
var midnight = time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC)

// A report sums up a day, and the one before beside it: what was called, refused, frozen
// and complained of.
func TestReportOfADay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	clock.Later(-24 * time.Hour)
	s := newBench(t, goBy(clock), func(b *bench) { b.cfg.Report.CostPerCall = 0.5 })
	yesterday := clock.Now()
	s.Report(t, unanswered("y", phone(1), yesterday))
	complain := func(i int) {
		_, err := s.Freezes.ImportComplaints(as(ctx, "ops"),
			&pb.ImportComplaintsRequest{Complaints: []*pb.Complaint{
				{Number: phone(i), Time: timestamppb.New(clock.Now()), Source: "12321"}}})
		require.NoError(t, err)
	}
	complain(50)
	s.Ask(t, phone(50))
	s.Ask(t, phone(50), at(tenOClock.AddDate(1, 0, 0))) // counts today, whatever day it is about

	clock.Later(24 * time.Hour)
	s.Report(t, threeRejections(phone(1))...)
	s.Report(t, rejected("in spite of it", phone(1), tenOClock.Add(-time.Minute)))
	fourth := talked("allowed", phone(2), tenOClock, time.Minute)
	s.Report(t, threeRejections(phone(2))...)
	_, err := s.Freezes.AllowNumber(as(ctx, "ops"),
		&pb.AllowNumberRequest{Number: phone(2), Reason: "x",
			End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	s.Report(t, fourth)
	for i := range 6 {
		_, err := s.Reserve(ctx, fmt.Sprint("r", i), phone(3))
		require.NoError(t, err)
	}
	complain(51)
	for range 3 {
		s.Ask(t, phone(1)) // refused; the same number counts once a day
	}
	s.Ask(t, phone(2)) // allowed
	s.Ask(t, phone(3))
	s.Ask(t, phone(50))
	require.Equal(t, []bool{false, true}, s.AskAll(t, phone(1), phone(4)))
	s.Release(t, phone(2))

	resp := s.Figures(t, midnight, midnight.Add(24*time.Hour))
	got := resp.GetFigures()
	require.EqualValues(t, 14, got.GetCalls())
	require.Equal(t, map[string]int64{"rejected": 7, "answered": 1, "reserved": 6},
		got.GetOutcomes())
	require.EqualValues(t, 6+6+2, got.GetChecks())
	require.Equal(t, map[string]int64{"frozen": 5, "rule_limit": 1}, got.GetRefused())
	require.Equal(t, map[string]int64{"rule/rejected-or-short": 2, "complaint": 1},
		got.GetFreezes())
	require.Equal(t, map[string]int64{"released": 1}, got.GetReleases())
	require.EqualValues(t, 1, got.GetComplaints())
	require.InDelta(t, 10_000.0/14, got.GetComplaintsPer_10000Calls(), 1e-9)
	require.EqualValues(t, 1, got.GetCallsToFrozen())
	require.Zero(t, got.GetNumbersCalledAgain(), "nobody had refused before a reviewer")

	before := resp.GetBefore()
	require.Equal(t, midnight.Add(-24*time.Hour), before.GetStartTime().AsTime())
	require.EqualValues(t, 1, before.GetCalls())
	require.EqualValues(t, 2, before.GetChecks())
	require.Equal(t, map[string]int64{"frozen": 1}, before.GetRefused())
	require.InDelta(t, 10_000, before.GetComplaintsPer_10000Calls(), 1e-9)

	require.EqualValues(t, 3, resp.GetSavings().GetCallsAvoided(), "phones 1, 3 and 50")
	require.InDelta(t, 1.5, resp.GetSavings().GetCostSaved(), 1e-9)
	require.Equal(t, "estimate: 3 numbers that the gate refused to a dialler, each counted once "+
		"a day, × 0.5 for a call = 1.50", resp.GetSavings().GetFormula())
	own, err := s.Reports.GetReport(ctx,
		&pb.GetReportRequest{StartTime: timestamppb.New(midnight),
			EndTime: timestamppb.New(midnight.Add(time.Hour)), CostPerCall: 2})
	require.NoError(t, err)
	require.InDelta(t, 2, own.GetSavings().GetCostPerCall(), 1e-9)

	s.restart(t)
	again := s.Figures(t, midnight, midnight.Add(24*time.Hour))
	require.Equal(t, resp.String(), again.String())
}

// A number that a reviewer froze and that is called all the same is told of.
func TestReportTellsOfCallsInSpiteOfARefusal(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newBench(t)
	rec := s.hear(t, &pb.RecordingMetadata{CallId: "call-1", Number: phone(1)}, "我不需要，谢谢。")
	_, err := s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
		Name: rec.GetJudgement().GetSuspectName(), Verdict: pb.Decision_VERDICT_CONFIRMED,
		Class: "no_need"})
	require.NoError(t, err)
	froze := s.FreezesOf(t, phone(1))[0].GetStartTime().AsTime()
	s.Report(t, unanswered("a", phone(1), froze.Add(-time.Minute)),
		unanswered("b", phone(1), froze.Add(time.Second)),
		unanswered("c", phone(1), froze.Add(2*time.Second)))
	got := s.Figures(t, froze.Add(-time.Hour), froze.Add(time.Hour)).GetFigures()
	require.EqualValues(t, 2, got.GetCallsToFrozen())
	require.EqualValues(t, 1, got.GetNumbersCalledAgain())
	require.Equal(t, map[string]int64{"refused/no_need": 1}, got.GetFreezes())
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	s := newBench(t)
	from, to := timestamppb.New(midnight), timestamppb.New(midnight.Add(time.Hour))
	for want, req := range map[string]*pb.GetReportRequest{
		"start_time":    {},
		"end_time must": {StartTime: to, EndTime: from},
		"no valid time": {StartTime: from, EndTime: &timestamppb.Timestamp{Nanos: -1}},
		"366 days":      {StartTime: from, EndTime: timestamppb.New(midnight.AddDate(2, 0, 0))},
		"cost_per_call": {StartTime: from, EndTime: to, CostPerCall: -1},
	} {
		_, err := s.Reports.GetReport(t.Context(), req)
		require.Equal(t, codes.InvalidArgument, status.Code(err), want)
		require.ErrorContains(t, err, want)
	}
}

// Parts of a report are given where they are asked for, and names that hold numbers are masked in them as elsewhere.
func TestReportParts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newBench(t)
	rec := s.hear(t, &pb.RecordingMetadata{CallId: "call-1", Number: phone(1), Line: "l1"}, "我不需要，谢谢。")
	name := rec.GetJudgement().GetSuspectName()
	_, err := s.Review.ClaimSuspect(as(ctx, "li"), &pb.ClaimSuspectRequest{Name: name})
	require.NoError(t, err)
	_, err = s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{Name: name,
		Verdict: pb.Decision_VERDICT_CONFIRMED, Class: "no_need"})
	require.NoError(t, err)
	now := s.now()
	call := unanswered("a", phone(2), now.Add(-time.Second))
	call.Agent, call.Line = "out-13800138000-1", "l1"
	s.Report(t, call)
	ctx = keyed(ctx, t, s, &pb.AddKeyRequest{KeyId: "looks", Role: pb.Role_ROLE_ANALYST})
	req := &pb.GetReportRequest{StartTime: timestamppb.New(now.Add(-time.Hour)), EndTime: timestamppb.New(now.Add(time.Hour))}
	plain, err := s.Reports.GetReport(ctx, req)
	require.NoError(t, err)
	require.Zero(t, len(plain.GetPhrases())+len(plain.GetReviewers())+len(plain.GetDays())+len(plain.GetAgents())+
		len(plain.GetLines()))
	for n := range pb.ReportPart_name {
		if n > 0 {
			req.With = append(req.With, pb.ReportPart(n), pb.ReportPart(n))
		}
	}
	got, err := s.Reports.GetReport(ctx, req)
	require.NoError(t, err)
	require.Len(t, got.GetPhrases(), 1)
	require.EqualValues(t, 1, got.GetPhrases()[0].GetConfirmed())
	require.Equal(t, "no_need", got.GetPhrases()[0].GetClass())
	require.Len(t, got.GetReviewers(), 1)
	require.Equal(t, "li", got.GetReviewers()[0].GetReviewer())
	require.NotNil(t, got.GetReviewers()[0].GetMedianDecisionTime())
	require.NotEmpty(t, got.GetDays())
	require.Len(t, got.GetAgents(), 1)
	require.Contains(t, got.GetAgents()[0].GetAgent(), "out-138****8000-1~", "an analyst may not see numbers")
	require.Equal(t, []int64{1, 1, 1}, []int64{got.GetLines()[0].GetCalls(), got.GetLines()[0].GetSuspects(),
		got.GetLines()[0].GetConfirmed()})

	req.With = []pb.ReportPart{99}
	_, err = s.Reports.GetReport(ctx, req)
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "with")
}
