package grpcapi

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

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
	parts, err := partsOf(req.GetWith())
	if err != nil {
		return nil, err
	}
	r, err := s.Report.Report(ctx, from, to, req.GetCostPerCall())
	if err != nil {
		return nil, err
	}
	d, err := s.Report.Details(ctx, r, parts...)
	if err != nil {
		return nil, err
	}
	return &pb.GetReportResponse{
		Phrases: each(d.Phrases, phraseToProto), Reviewers: each(d.Reviewers, reviewerToProto),
		Days: each(d.Days, dayToProto), Agents: each(d.Agents, agentToProto), Lines: each(d.Lines, lineToProto),
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
		Freezes: map[string]int64{}, FreezesUndone: map[string]int64{}, Releases: map[string]int64{}, Complaints: f.Complaints,
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
	for kind, n := range f.Undone {
		out.FreezesUndone[kind.Name()] += n
	}
	for cause, n := range f.Releases {
		out.Releases[string(cause)] = n
	}
	return out
}

// reportParts are the parts as the domain has them.
var reportParts = map[pb.ReportPart]figures.Part{
	pb.ReportPart_REPORT_PART_PHRASES: figures.PhrasesPart, pb.ReportPart_REPORT_PART_REVIEWERS: figures.ReviewersPart,
	pb.ReportPart_REPORT_PART_DAYS: figures.DaysPart, pb.ReportPart_REPORT_PART_AGENTS: figures.AgentsPart,
	pb.ReportPart_REPORT_PART_LINES: figures.LinesPart,
}

// partsOf are the parts that a request wants, each once.
func partsOf(with []pb.ReportPart) (wanted []figures.Part, err error) {
	var wrong fault.Fields
	for _, w := range with {
		part, ok := reportParts[w]
		if !ok {
			wrong.Add("with", "has %s, which is no part of a report", w)
		} else if !slices.Contains(wanted, part) {
			wanted = append(wanted, part)
		}
	}
	return wanted, wrong.Err("report.Get")
}

func phraseToProto(p figures.Phrase) *pb.PhraseFigures {
	return &pb.PhraseFigures{Phrase: p.Phrase, Class: p.Class, Confirmed: p.Confirmed, Dismissed: p.Dismissed,
		Example: p.Example}
}

func reviewerToProto(r figures.Reviewer) *pb.ReviewerFigures {
	out := &pb.ReviewerFigures{Reviewer: r.Name, Confirmed: r.Confirmed, Dismissed: r.Dismissed, Passed: r.Passed,
		Timed: r.Timed, SecondLooks: r.SecondLooks, Agreed: r.Agreed}
	if r.Timed > 0 {
		out.MedianDecisionTime = durationpb.New(r.Median)
	}
	return out
}

func dayToProto(d figures.Day) *pb.DayFigures {
	return &pb.DayFigures{Date: d.Date, Calls: d.Calls, Rejected: d.Rejected, Confirmed: d.Confirmed,
		Dismissed: d.Dismissed, Freezes: d.Freezes, Refused: d.Refused, Complaints: d.Complaints,
		Classes: each(d.Classes, func(c figures.ClassDecisions) *pb.DayClassFigures {
			return &pb.DayClassFigures{Class: c.Class, Confirmed: c.Confirmed, Dismissed: c.Dismissed}
		})}
}

func agentToProto(g figures.Group) *pb.AgentFigures {
	return &pb.AgentFigures{Agent: g.Name, Calls: g.Calls, Suspects: g.Suspects, Confirmed: g.Confirmed,
		Complaints: g.Complaints, ComplaintsPer_10000Calls: g.ComplaintRate(), CallsBefore: g.Before.Calls,
		ComplaintsPer_10000CallsBefore: g.Before.ComplaintRate()}
}

func lineToProto(g figures.Group) *pb.LineFigures {
	return &pb.LineFigures{Line: g.Name, Calls: g.Calls, Suspects: g.Suspects, Confirmed: g.Confirmed,
		Complaints: g.Complaints, ComplaintsPer_10000Calls: g.ComplaintRate(), CallsBefore: g.Before.Calls,
		ComplaintsPer_10000CallsBefore: g.Before.ComplaintRate()}
}
