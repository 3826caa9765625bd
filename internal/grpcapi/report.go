package grpcapi

import (
	"context"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

type reportServer struct {
	pb.UnimplementedReportServiceServer
	Deps
}

// GetReport implements the API.
func (s *reportServer) GetReport(
	ctx context.Context, req *pb.GetReportRequest,
) (*pb.GetReportResponse, error) {
	var wrong fault.Fields
	from, to := optionalTime("start_time", req.GetStartTime(), &wrong),
		optionalTime("end_time", req.GetEndTime(), &wrong)
	if err := wrong.Err("report.Get"); err != nil {
		return nil, err
	}
	r, err := s.Report.Report(ctx, from, to, req.GetCostPerCall())
	if err != nil {
		return nil, err
	}
	return &pb.GetReportResponse{
		Quality: qualityToProto(r.Quality), QualityBefore: qualityToProto(r.QualityBefore),
		Figures: figuresToProto(r.Now), Before: figuresToProto(r.Before),
		Savings: &pb.Savings{CallsAvoided: r.Savings.CallsAvoided,
			CostPerCall: r.Savings.CostPerCall, CostSaved: r.Savings.Cost,
			Formula: r.Savings.Formula},
	}, nil
}

func figuresToProto(f figures.Figures) *pb.Figures {
	out := &pb.Figures{
		StartTime: timestamp(f.From), EndTime: timestamp(f.Until), Calls: f.Calls(),
		Outcomes: map[string]int64{}, Refused: map[string]int64{},
		Freezes: map[string]int64{}, Releases: map[string]int64{}, Complaints: f.Complaints,
		CallsToFrozen:      f.CallsToFrozen,
		NumbersCalledAgain: f.CalledAgain, ComplaintsPer_10000Calls: f.ComplaintRate(),
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
		case figures.Checks:
			out.Checks = n
		case figures.Avoided:
		default:
			out.Refused[what] = n
		}
	}
	for kind, n := range f.Freezes {
		out.Freezes[kind.Name()] += n
	}
	for cause, n := range f.Releases {
		out.Releases[string(cause)] = n
	}
	return out
}
