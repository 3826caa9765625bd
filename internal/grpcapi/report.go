package grpcapi

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

type reportServer struct {
	pb.UnimplementedReportServiceServer
	Deps
}

// GetReport implements the API.
func (s *reportServer) GetReport(ctx context.Context, req *pb.GetReportRequest) (*pb.GetReportResponse, error) {
	const op = "report.Get"
	var wrong fault.Fields
	from, to := optionalTime("start_time", req.GetStartTime(), &wrong), optionalTime("end_time", req.GetEndTime(), &wrong)
	if err := stretch(op, from, to, &wrong); err != nil {
		return nil, err
	}
	cost := req.GetCostPerCall()
	if cost < 0 || math.IsNaN(cost) || math.IsInf(cost, 0) {
		wrong.Add("cost_per_call", "is %g; it must be 0 or more", cost)
		return nil, wrong.Err(op)
	}
	if cost == 0 {
		cost = s.CostPerCall
	}
	if err := s.Flush(ctx); err != nil { // so that today's answers are in it
		return nil, err
	}
	zone := s.Rules.Timeline().At(s.Now()).Zone
	from, to = from.In(zone), to.In(zone)
	now, err := s.Store.Figures(ctx, from, to)
	if err != nil {
		return nil, err
	}
	// By the calendar, so that the month before is a month and a day of 25 hours a day.
	earlier := before(from, to)
	then, err := s.Store.Figures(ctx, earlier, from)
	if err != nil {
		return nil, err
	}
	avoided := now.Gate[metrics.Avoided]
	return &pb.GetReportResponse{
		Figures: figuresToProto(now, from, to), Before: figuresToProto(then, earlier, from),
		Savings: &pb.Savings{CallsAvoided: avoided, CostPerCall: cost, CostSaved: float64(avoided) * cost,
			Formula: fmt.Sprintf("estimate: %d numbers that the gate refused to a dialler, each counted once a day, × %g for a call = %.2f", avoided, cost, float64(avoided)*cost)},
	}, nil
}

// before is when the stretch of the same length before begins: a month for a whole
// month, else as many days and hours.
func before(from, to time.Time) time.Time {
	if from.Day() == 1 && to.Equal(from.AddDate(0, 1, 0)) {
		return from.AddDate(0, -1, 0)
	}
	if days := int(math.Round(to.Sub(from).Hours() / 24)); to.Equal(from.AddDate(0, 0, days)) {
		return from.AddDate(0, 0, -days)
	}
	return from.Add(-to.Sub(from))
}

func figuresToProto(f store.Figures, from, to time.Time) *pb.Figures {
	out := &pb.Figures{
		StartTime: timestamp(from), EndTime: timestamp(to), Calls: f.Calls(), Outcomes: map[string]int64{}, Refused: map[string]int64{},
		Freezes: map[string]int64{}, Releases: map[string]int64{}, Complaints: f.Complaints, CallsToFrozen: f.CallsToFrozen,
		NumbersCalledAgain: f.CalledAgain,
	}
	for o, n := range f.Outcomes {
		name := string(o)
		if o == calls.Pending {
			name = "reserved"
		}
		out.Outcomes[name] = n
	}
	for what, n := range f.Gate {
		switch what {
		case metrics.Checks:
			out.Checks = n
		case metrics.Avoided:
		default:
			out.Refused[what] = n
		}
	}
	for kind, n := range f.Freezes {
		out.Freezes[kindName(kind)] += n
	}
	for cause, n := range f.Releases {
		out.Releases[string(cause)] = n
	}
	if out.Calls > 0 {
		out.ComplaintsPer_10000Calls = float64(f.Complaints) * 10_000 / float64(out.Calls)
	}
	return out
}

func kindName(k store.Kind) string {
	switch k.Reason { //nolint:exhaustive // the others say enough
	case freeze.Refused:
		return string(k.Reason) + "/" + k.Class
	case freeze.Ruled:
		return string(k.Reason) + "/" + k.Rule
	}
	return string(k.Reason)
}
