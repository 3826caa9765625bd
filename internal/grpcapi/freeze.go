package grpcapi

import (
	"context"
	"slices"
	"time"

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
	a, err := s.asked(ctx, "freeze.List", req, &wrong)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	f := freeze.Filter{Number: a.Number, Reason: freeze.Reason(req.GetReason()), Class: req.GetClass(),
		Line: req.GetLine(), Rule: req.GetRule(),
		From:      optionalTime("start_time", req.GetStartTime(), &wrong),
		Until:     optionalTime("end_time", req.GetEndTime(), &wrong),
		ShowEnded: req.GetShowEnded(), Now: now, Limit: size + 1}
	filter := filterName("freezes", a.E164(), f.Reason, f.Class, f.Line, f.Rule, f.From, f.Until,
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
	list = slices.DeleteFunc(list, func(f freeze.Freeze) bool {
		return a.leavesOut(freezeName(f.ID), f.Evidence.RecordingID)
	})
	freezes, err := s.withExtensions(ctx, list, now)
	return &pb.ListFreezesResponse{NextPageToken: next, Freezes: freezes}, err
}

// withExtensions are freezes with how their ends were moved.
func (s *freezeServer) withExtensions(ctx context.Context, list []freeze.Freeze, now time.Time) ([]*pb.Freeze, error) {
	var extended []freeze.ID
	for _, f := range list {
		if f.Extended() {
			extended = append(extended, f.ID)
		}
	}
	extensions, err := s.Freezes.Extensions(ctx, extended)
	if err != nil {
		return nil, err
	}
	return each(list, func(f freeze.Freeze) *pb.Freeze {
		out := freezeToProto(f, now)
		out.Extensions = each(extensions[f.ID], extensionToProto)
		return out
	}), nil
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
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	switch t := req.GetTarget().(type) {
	case *pb.ReleaseFreezeRequest_Number:
		n := parseNumber("number", t.Number, s.Numbers, &wrong)
		if err := wrong.Err("freeze.Release"); err != nil {
			return nil, err
		}
		return s.releaseNumber(ctx, req, n, by)
	case *pb.ReleaseFreezeRequest_Name:
		ids := parseName("freezes/{freeze}", t.Name, &wrong)
		if err := wrong.Err("freeze.Release"); err != nil {
			return nil, err
		}
		return s.releaseOne(ctx, req, freeze.ID(ids[0]), by)
	}
	wrong.Add("target", "is missing; give the number or the name of a freeze")
	return nil, wrong.Err("freeze.Release")
}

// releaseNumber ends all freezes on a number.
func (s *freezeServer) releaseNumber(
	ctx context.Context, req *pb.ReleaseFreezeRequest, n number.Number, by string,
) (*pb.ReleaseFreezeResponse, error) {
	ended, err := s.Freeze.Release(ctx, s.request(ctx, "ReleaseFreeze", req), n, by, req.GetReason())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "number released", "number", n, "freezes", len(ended), "actor", by)
	now := s.Now() // not before, or what was released just now would still stand
	return &pb.ReleaseFreezeResponse{Freezes: each(ended,
		func(f freeze.Freeze) *pb.Freeze { return freezeToProto(f, now) })}, nil
}

// releaseOne ends one freeze, and tells which others still stand on its number.
func (s *freezeServer) releaseOne(
	ctx context.Context, req *pb.ReleaseFreezeRequest, id freeze.ID, by string,
) (*pb.ReleaseFreezeResponse, error) {
	f, err := s.Freeze.ReleaseOne(ctx, s.request(ctx, "ReleaseFreeze", req), id, by, req.GetReason())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "freeze released", "number", f.Number, "freeze", freezeName(f.ID),
		"actor", by)
	now := s.Now()
	resp := &pb.ReleaseFreezeResponse{Freezes: []*pb.Freeze{freezeToProto(f, now)}}
	if f.Number.IsZero() { // it was erased
		return resp, nil
	}
	left, err := s.Freezes.List(ctx, freeze.Filter{Number: f.Number, Now: now})
	resp.Standing = each(left, func(f freeze.Freeze) *pb.Freeze { return freezeToProto(f, now) })
	return resp, err
}

func parseNumber(field, text string, p number.Plan, wrong *fault.Fields) number.Number {
	n, err := p.Parse(text)
	if err != nil {
		wrong.Add(field, "is %s", err)
	}
	return n
}
