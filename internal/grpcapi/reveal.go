package grpcapi

import (
	"context"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

type revealServer struct {
	pb.UnimplementedRevealServiceServer
	Deps
	pages pager
}

// RevealNumber implements the API.
func (s *revealServer) RevealNumber(
	ctx context.Context, req *pb.RevealNumberRequest,
) (*pb.RevealNumberResponse, error) {
	if err := mayReveal(ctx, "reveal.Number", "reason", req.GetReason()); err != nil {
		return nil, err
	}
	a, err := s.whose(ctx, "reveal.Number", "name", req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.RevealNumberResponse{Number: a.E164()}, nil
}
