package app_test

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

// figures sums up a stretch of time.
func (c *clients) figures(t *testing.T, from, to time.Time) *pb.GetReportResponse {
	t.Helper()
	resp, err := c.reports.GetReport(t.Context(), &pb.GetReportRequest{StartTime: timestamppb.New(from), EndTime: timestamppb.New(to)})
	require.NoError(t, err)
	return resp
}

// midnight begins the Monday of the tests in Beijing.
var midnight = time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC)

// A report sums up a day, and the one before beside it: what was called, refused, frozen
// and complained of.
func TestReportOfADay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	clock.later(-24 * time.Hour)
	cfg := testConfig(t.TempDir())
	cfg.Report.CostPerCall = 0.5
	s := start(t, cfg, clock.option)
	yesterday := clock.now()
	s.report(t, unanswered("y", phone(1), yesterday))
	complain := func(i int) {
		_, err := s.freezes.ImportComplaints(as(ctx, "ops"), &pb.ImportComplaintsRequest{Complaints: []*pb.Complaint{
			{Number: phone(i), Time: timestamppb.New(clock.now()), Source: "12321"}}})
		require.NoError(t, err)
	}
	complain(50)
	s.ask(t, phone(50))
	s.ask(t, phone(50), at(tenOClock.AddDate(1, 0, 0))) // counts today, whatever day it is about

	clock.later(24 * time.Hour)
	s.report(t, threeRejections(phone(1))...)
	s.report(t, rejected("in spite of it", phone(1), tenOClock.Add(-time.Minute)))
	fourth := talked("allowed", phone(2), tenOClock, time.Minute)
	s.report(t, threeRejections(phone(2))...)
	_, err := s.freezes.AllowNumber(as(ctx, "ops"), &pb.AllowNumberRequest{Number: phone(2), Reason: "x",
		End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	s.report(t, fourth)
	for i := range 6 {
		_, err := s.reserve(ctx, fmt.Sprint("r", i), phone(3))
		require.NoError(t, err)
	}
	complain(51)
	for range 3 {
		s.ask(t, phone(1)) // refused; the same number counts once a day
	}
	s.ask(t, phone(2)) // allowed
	s.ask(t, phone(3))
	s.ask(t, phone(50))
	require.Equal(t, []bool{false, true}, checkAll(t, s, phone(1), phone(4)))
	s.release(t, phone(2))

	resp := s.figures(t, midnight, midnight.Add(24*time.Hour))
	got := resp.GetFigures()
	require.EqualValues(t, 14, got.GetCalls())
	require.Equal(t, map[string]int64{"rejected": 7, "answered": 1, "reserved": 6}, got.GetOutcomes())
	require.EqualValues(t, 6+6+2, got.GetChecks())
	require.Equal(t, map[string]int64{"frozen": 5, "rule_limit": 1}, got.GetRefused())
	require.Equal(t, map[string]int64{"rule/rejected-or-short": 2, "complaint": 1}, got.GetFreezes())
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
	require.Equal(t, "estimate: 3 numbers that the gate refused to a dialler, each counted once a day, × 0.5 for a call = 1.50", resp.GetSavings().GetFormula())
	own, err := s.reports.GetReport(ctx, &pb.GetReportRequest{StartTime: timestamppb.New(midnight), EndTime: timestamppb.New(midnight.Add(time.Hour)), CostPerCall: 2})
	require.NoError(t, err)
	require.InDelta(t, 2, own.GetSavings().GetCostPerCall(), 1e-9)

	require.NoError(t, s.stop())
	s = start(t, cfg, clock.option)
	again := s.figures(t, midnight, midnight.Add(24*time.Hour))
	require.Equal(t, resp.String(), again.String())
	s.ask(t, phone(3))
	require.NoError(t, s.stop())
	s = start(t, cfg, clock.option)
	more := s.figures(t, midnight, midnight.Add(24*time.Hour)).GetFigures()
	require.EqualValues(t, 15, more.GetChecks(), "a stop loses no counts")
	require.EqualValues(t, 2, more.GetRefused()["rule_limit"])
}

// A number that a reviewer froze and that is called all the same is told of.
func TestReportTellsOfCallsInSpiteOfARefusal(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := start(t, testConfig(t.TempDir()))
	rec := s.send(ctx, t, &pb.RecordingMetadata{CallId: "call-1", Number: phone(1), CustomerChannel: pb.Channel_CHANNEL_RIGHT}, sample(t, refusalSample))
	_, err := s.review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
		Name: rec.GetJudgement().GetSuspectName(), Verdict: pb.Decision_VERDICT_CONFIRMED, Class: "no_need"})
	require.NoError(t, err)
	froze := s.freezesOf(t, phone(1))[0].GetStartTime().AsTime()
	s.report(t, unanswered("a", phone(1), froze.Add(-time.Minute)), unanswered("b", phone(1), froze.Add(time.Second)),
		unanswered("c", phone(1), froze.Add(2*time.Second)))
	got := s.figures(t, froze.Add(-time.Hour), froze.Add(time.Hour)).GetFigures()
	require.EqualValues(t, 2, got.GetCallsToFrozen())
	require.EqualValues(t, 1, got.GetNumbersCalledAgain())
	require.Equal(t, map[string]int64{"refused/no_need": 1}, got.GetFreezes())
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	from, to := timestamppb.New(midnight), timestamppb.New(midnight.Add(time.Hour))
	for want, req := range map[string]*pb.GetReportRequest{
		"start_time":    {},
		"end_time must": {StartTime: to, EndTime: from},
		"no valid time": {StartTime: from, EndTime: &timestamppb.Timestamp{Nanos: -1}},
		"366 days":      {StartTime: from, EndTime: timestamppb.New(midnight.AddDate(2, 0, 0))},
		"cost_per_call": {StartTime: from, EndTime: to, CostPerCall: -1},
	} {
		_, err := s.reports.GetReport(t.Context(), req)
		require.Equal(t, codes.InvalidArgument, status.Code(err), want)
		require.ErrorContains(t, err, want)
	}
}
