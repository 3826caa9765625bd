package grpcapi

import (
	"context"
	"strings"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

type revealServer struct {
	pb.UnimplementedRevealServiceServer
	Deps
}

// RevealNumber implements the API.
func (s *revealServer) RevealNumber(
	ctx context.Context, req *pb.RevealNumberRequest,
) (*pb.RevealNumberResponse, error) {
	if err := mayReveal(ctx, "reveal.Number", "reason", req.GetReason()); err != nil {
		return nil, err
	}
	n, err := s.numberOf(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.RevealNumberResponse{Number: n.E164()}, nil
}

// numberOf is whose call, recording, suspect or freeze it is.
func (s *revealServer) numberOf(ctx context.Context, name string) (number.Number, error) {
	kind, id, _ := strings.Cut(name, "/")
	switch {
	case id == "":
	case kind == "calls":
		c, err := s.Calls.Get(ctx, id, s.Rules.Timeline())
		return c.Call.Number, err
	case kind == "recordings":
		r, err := s.Recordings.Get(ctx, recording.ID(id))
		return r.Number, err
	case kind == "suspects":
		x, err := s.Suspects.Get(ctx, review.ID(id))
		return x.Number, err
	case kind == "freezes":
		f, err := s.Freezes.Get(ctx, freeze.ID(id))
		return f.Number, err
	}
	var wrong fault.Fields
	wrong.Add("name", "is %q; it must look like calls/{call}, recordings/{recording}, suspects/{suspect} "+
		"or freezes/{freeze}", name)
	return number.Number{}, wrong.Err("reveal.Number")
}
