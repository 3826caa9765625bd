package grpcapi

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

type gateServer struct {
	pb.UnimplementedGateServiceServer
	Deps
	// tells is what a refusal of a class says, nil for what the lexicon in force has.
	tells func(class string, lang gate.Lang) string
}

// maxNumbers is how many numbers one message of CheckNumbers may hold.
const maxNumbers = 1000

// CheckNumber implements the API.
func (s *gateServer) CheckNumber(
	ctx context.Context, req *pb.CheckNumberRequest,
) (*pb.CheckNumberResponse, error) {
	var wrong fault.Fields
	n, shown, err := s.toCheck(ctx, req, &wrong)
	if err != nil {
		return nil, err
	}
	at := moment(req.GetAt(), &wrong)
	if err := wrong.Err("gate.Check"); err != nil {
		s.Metrics.Invalid(1)
		return nil, err
	}
	ask := gate.Ask{Number: n, Line: req.GetLine(), Agent: req.GetAgent()}
	a, asOf, err := s.Gate.Check(ctx, ask, at)
	if err != nil {
		return nil, err
	}
	out := s.answerToProto(shown, a)
	if s.Numbers.IsVirtual(n) {
		sayVirtual(out, true)
	}
	return &pb.CheckNumberResponse{Answer: out, AsOf: timestamppb.New(asOf)}, nil
}

// toCheck is the number that is asked about, and what the answer calls it.
func (s *gateServer) toCheck(
	ctx context.Context, req *pb.CheckNumberRequest, wrong *fault.Fields,
) (n number.Number, shown string, err error) {
	if req.GetSameNumberAs() == "" { // as every dialler asks
		return parseNumber("number", req.GetNumber(), s.Numbers, wrong), req.GetNumber(), nil
	}
	a, err := s.asked(ctx, "gate.Check", req, wrong)
	if err == nil && len(a.suspects) > 0 {
		err = &fault.Error{Op: "gate.Check", Kind: fault.Precondition, Reason: "TO_BE_DECIDED", Subject: a.by,
			Message: "what the gate says of its number is not told before it is decided, as that may rest on what was " +
				"decided on the call before; the suspect itself says whether its number is frozen otherwise"}
	}
	return a.Number, a.Masked(), err
}

type numbersStream = grpc.BidiStreamingServer[pb.CheckNumbersRequest, pb.CheckNumbersResponse]

// CheckNumbers implements the API.
func (s *gateServer) CheckNumbers(stream numbersStream) error {
	return answerEach(stream, s.Stopping, s.checkMessage)
}

// answerEach answers what comes in, one message after the other, until the client ends it or the server stops: a
// dialler may keep its stream open for days.
func answerEach(
	stream numbersStream, stops <-chan struct{},
	answer func(context.Context, *pb.CheckNumbersRequest) (*pb.CheckNumbersResponse, error),
) error {
	requests, failed := received(stream)
	for {
		select {
		case req := <-requests:
			resp, err := answer(stream.Context(), req)
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
		case <-stops:
			return stopping("gate.Check", "ask again")
		}
	}
}

// received hands on what comes in, one message at a time, and at last why no more
// does. It ends with the call.
func received(stream numbersStream) (<-chan *pb.CheckNumbersRequest, <-chan error) {
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

func (s *gateServer) checkMessage(
	ctx context.Context, req *pb.CheckNumbersRequest,
) (*pb.CheckNumbersResponse, error) {
	var wrong fault.Fields
	n := len(req.GetNumbers())
	if n == 0 || n > maxNumbers {
		wrong.Add("numbers", "has %d; a message takes 1 to %d", n, maxNumbers)
	}
	at := moment(req.GetAt(), &wrong)
	if err := wrong.Err("gate.Check"); err != nil {
		return nil, err
	}
	list := gate.List{
		Numbers: make([]number.Number, n), Line: req.GetLine(), Agent: req.GetAgent(),
		At: at, RefusedOnly: req.GetRefusedOnly(), Looking: req.GetLooking(),
	}
	out := s.newAnswers(req)
	for i, text := range req.GetNumbers() {
		var err error
		if list.Numbers[i], err = s.Numbers.Parse(text); err != nil {
			out.misread[i] = err
		}
	}
	if len(s.Numbers.Virtual) > 0 {
		out.virtual = func(i int) bool { return s.Numbers.IsVirtual(list.Numbers[i]) }
	}
	asOf, err := s.Gate.CheckList(ctx, list, out.add)
	if err != nil {
		return nil, err
	}
	s.Metrics.Invalid(len(out.misread))
	return &pb.CheckNumbersResponse{Answers: out.all, AsOf: timestamppb.New(asOf)}, nil
}

// moment is the moment that is asked about, nil where it is now.
func moment(at *timestamppb.Timestamp, wrong *fault.Fields) *time.Time {
	if at == nil {
		return nil
	}
	if at.CheckValid() != nil {
		wrong.Add("at", "is no valid time")
	}
	t := at.AsTime()
	return &t
}
