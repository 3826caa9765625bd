package grpcapi

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

type gateServer struct {
	pb.UnimplementedGateServiceServer
	Deps
}

// maxNumbers is how many numbers one message of CheckNumbers may hold.
const maxNumbers = 1000

// CheckNumber implements the API.
func (s *gateServer) CheckNumber(ctx context.Context, req *pb.CheckNumberRequest) (*pb.CheckNumberResponse, error) {
	var wrong fault.Fields
	n := parseNumber("number", req.GetNumber(), s.Region, &wrong)
	at := s.moment(req.GetAt(), &wrong)
	if err := wrong.Err("gate.Check"); err != nil {
		return nil, err
	}
	a, err := s.check(ctx, req.GetNumber(), n, at, req.GetAt() != nil)
	if err != nil {
		return nil, err
	}
	return &pb.CheckNumberResponse{Answer: a, AsOf: timestamppb.New(at)}, nil
}

// CheckNumbers implements the API.
func (s *gateServer) CheckNumbers(stream grpc.BidiStreamingServer[pb.CheckNumbersRequest, pb.CheckNumbersResponse]) error {
	requests, failed := received(stream)
	for {
		select {
		case req := <-requests:
			resp, err := s.checkAll(stream.Context(), req)
			if err != nil {
				return err
			}
			if err := stream.Send(resp); err != nil {
				return err
			}
		case err := <-failed:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-s.Stopping: // a dialler may keep its stream open for days
			return stopping("gate.Check", "ask again")
		}
	}
}

// received hands on what comes in, one message at a time, and at last why no more
// does. It ends with the call.
func received(stream grpc.BidiStreamingServer[pb.CheckNumbersRequest, pb.CheckNumbersResponse]) (<-chan *pb.CheckNumbersRequest, <-chan error) {
	requests, failed := make(chan *pb.CheckNumbersRequest), make(chan error, 1)
	go func() {
		for {
			req, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case requests <- req:
			case <-stream.Context().Done():
				return
			}
		}
	}()
	return requests, failed
}

func (s *gateServer) checkAll(ctx context.Context, req *pb.CheckNumbersRequest) (*pb.CheckNumbersResponse, error) {
	var wrong fault.Fields
	if n := len(req.GetNumbers()); n == 0 || n > maxNumbers {
		wrong.Add("numbers", "has %d; a message takes 1 to %d", n, maxNumbers)
	}
	at := s.moment(req.GetAt(), &wrong)
	if err := wrong.Err("gate.Check"); err != nil {
		return nil, err
	}
	out := &pb.CheckNumbersResponse{AsOf: timestamppb.New(at), Answers: make([]*pb.Answer, 0, len(req.GetNumbers()))}
	for _, text := range req.GetNumbers() {
		n, err := number.Parse(text, s.Region)
		if err != nil { // one bad number must not keep a list of others from being scrubbed
			out.Answers = append(out.Answers, &pb.Answer{Number: text, Error: &pb.Problem{Reason: "INVALID_NUMBER", Message: err.Error()}})
			continue
		}
		a, err := s.check(ctx, text, n, at, req.GetAt() != nil)
		if err != nil {
			return nil, err
		}
		out.Answers = append(out.Answers, a)
	}
	return out, nil
}

// moment is the moment that is asked about.
func (s *gateServer) moment(at *timestamppb.Timestamp, wrong *fault.Fields) time.Time {
	switch {
	case at == nil:
		return s.Now()
	case at.CheckValid() != nil:
		wrong.Add("at", "is no valid time")
	}
	return at.AsTime()
}

func (s *gateServer) check(ctx context.Context, asked string, n number.Number, at time.Time, elsewhen bool) (*pb.Answer, error) {
	if !elsewhen {
		return answerToProto(asked, s.Gate.Now(n, at)), nil
	}
	a, err := s.Gate.At(ctx, n, at)
	return answerToProto(asked, a), err
}
