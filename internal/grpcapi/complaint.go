package grpcapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

// ListComplaints implements the API.
func (s *freezeServer) ListComplaints(
	ctx context.Context, req *pb.ListComplaintsRequest,
) (*pb.ListComplaintsResponse, error) {
	const op = "freeze.ListComplaints"
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	a, err := s.asked(ctx, op, req, &wrong)
	if err == nil {
		err = freeze.CheckSource(op, req.GetSource())
	}
	if err != nil {
		return nil, err
	}
	f := freeze.ComplaintFilter{Number: a.Number, Source: req.GetSource(), Agent: req.GetAgent(), Line: req.GetLine(),
		From:  optionalTime("start_time", req.GetStartTime(), &wrong),
		Until: optionalTime("end_time", req.GetEndTime(), &wrong), Limit: size + 1}
	filter := filterName("complaints", f.Number.E164(), f.Source, f.Agent, f.Line, f.From, f.Until)
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	if after != nil {
		f.Before = &request.Cursor{At: after.at, ID: after.id}
	}
	list, err := s.Freezes.ListComplaints(ctx, f)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(k freeze.KeptComplaint) string { return s.pages.token(filter, cursor{k.At, k.ID}) })
	list = slices.DeleteFunc(list, func(k freeze.KeptComplaint) bool { return a.alone && (a.call == "" || k.CallID != a.call) })
	frozen, err := s.frozenNumbers(ctx, list)
	if err != nil {
		return nil, err
	}
	p, _ := access.Of(ctx)
	return &pb.ListComplaintsResponse{NextPageToken: next,
		Complaints: each(list, func(k freeze.KeptComplaint) *pb.Complaint {
			out := complaintToProto(k)
			out.Frozen = frozen[k.Freeze]
			if p.Masked() {
				out.Text = number.MaskName(out.GetText())
			}
			return out
		})}, nil
}

// frozenNumbers tells of complaints, by the freezes that they made, whether their numbers are frozen now.
func (s *freezeServer) frozenNumbers(
	ctx context.Context, list []freeze.KeptComplaint,
) (map[freeze.ID]bool, error) {
	if len(list) == 0 { // or else all freezes would be read
		return nil, nil
	}
	now := s.Now()
	standing, err := s.Freezes.Freezes(ctx, freeze.Query{Unreleased: true, EndsAfter: now,
		Numbers: each(list, func(k freeze.KeptComplaint) number.Number { return k.Number })})
	if err != nil {
		return nil, fmt.Errorf("look whether the numbers are frozen: %w", err)
	}
	return frozenOf(list, standing, now), nil
}

func frozenOf(list []freeze.KeptComplaint, standing []freeze.Freeze, now time.Time) map[freeze.ID]bool {
	frozen, is := map[freeze.ID]bool{}, map[number.Number]bool{}
	for _, f := range standing {
		is[f.Number] = is[f.Number] || f.Binds(now)
	}
	for _, k := range list {
		frozen[k.Freeze] = is[k.Number]
	}
	return frozen
}

func complaintToProto(k freeze.KeptComplaint) *pb.Complaint {
	return &pb.Complaint{Name: "complaints/" + k.ID, MaskedNumber: k.Number.Masked(), Time: timestamp(k.At),
		Source: k.Source, Text: k.Text, Actor: k.Actor, CreateTime: timestamp(k.NotedAt), Freeze: freezeName(k.Freeze),
		CallId: k.CallID, Agent: k.Agent, Line: k.Line, CallStartTime: timestamp(k.CalledAt)}
}
