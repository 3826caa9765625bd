package grpcapi

import (
	"context"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

type freezeServer struct {
	pb.UnimplementedFreezeServiceServer
	Deps
	pages pager
}

// ListFreezes implements the API.
func (s *freezeServer) ListFreezes(
	ctx context.Context, req *pb.ListFreezesRequest,
) (*pb.ListFreezesResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	var n number.Number
	if req.GetNumber() != "" {
		n = parseNumber("number", req.GetNumber(), s.Region, &wrong)
	}
	now := s.Now()
	f := freeze.Filter{Number: n, Reason: freeze.Reason(req.GetReason()), Class: req.GetClass(),
		Line: req.GetLine(), Rule: req.GetRule(),
		From:      optionalTime("start_time", req.GetStartTime(), &wrong),
		Until:     optionalTime("end_time", req.GetEndTime(), &wrong),
		ShowEnded: req.GetShowEnded(), Now: now, Limit: size + 1}
	filter := filterName("freezes", n.E164(), f.Reason, f.Class, f.Line, f.Rule, f.From, f.Until,
		f.ShowEnded)
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("freeze.List"); err != nil {
		return nil, err
	}
	if after != nil {
		f.Before = &request.Cursor{At: after.at, ID: after.id}
	}
	list, err := s.Freezes.List(ctx, f)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(f freeze.Freeze) string {
		return s.pages.token(filter, cursor{f.From, string(f.ID)})
	})
	return &pb.ListFreezesResponse{NextPageToken: next,
		Freezes: each(list, func(f freeze.Freeze) *pb.Freeze { return freezeToProto(f, now) })}, nil
}

// ReleaseFreeze implements the API.
func (s *freezeServer) ReleaseFreeze(
	ctx context.Context, req *pb.ReleaseFreezeRequest,
) (*pb.ReleaseFreezeResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	if err := request.CheckReason("freeze.Release", req.GetReason()); err != nil {
		return nil, err
	}
	n, err := s.target(ctx, req)
	if err != nil {
		return nil, err
	}
	ended, err := s.Freeze.Release(ctx, s.request("ReleaseFreeze", req), n, by, req.GetReason())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "number released", "number", n, "freezes", len(ended), "actor", by)
	now := s.Now() // not before, or what was released just now would still stand
	return &pb.ReleaseFreezeResponse{Freezes: each(ended,
		func(f freeze.Freeze) *pb.Freeze { return freezeToProto(f, now) })}, nil
}

// target is the number to release.
func (s *freezeServer) target(
	ctx context.Context, req *pb.ReleaseFreezeRequest,
) (number.Number, error) {
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	switch t := req.GetTarget().(type) {
	case *pb.ReleaseFreezeRequest_Number:
		n := parseNumber("number", t.Number, s.Region, &wrong)
		return n, wrong.Err("freeze.Release")
	case *pb.ReleaseFreezeRequest_Name:
		ids := parseName("freezes/{freeze}", t.Name, &wrong)
		if err := wrong.Err("freeze.Release"); err != nil {
			return number.Number{}, err
		}
		f, err := s.Freezes.Get(ctx, freeze.ID(ids[0]))
		return f.Number, err
	}
	wrong.Add("target", "is missing; give the number or the name of a freeze")
	return number.Number{}, wrong.Err("freeze.Release")
}

func parseNumber(field, text, region string, wrong *fault.Fields) number.Number {
	n, err := number.Parse(text, region)
	if err != nil {
		wrong.Add(field, "is %s", err)
	}
	return n
}
