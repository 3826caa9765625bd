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
}

// maxNumbers is how many numbers one message of CheckNumbers may hold.
const maxNumbers = 1000

// CheckNumber implements the API.
func (s *gateServer) CheckNumber(ctx context.Context, req *pb.CheckNumberRequest) (*pb.CheckNumberResponse, error) {
	var wrong fault.Fields
	n := parseNumber("number", req.GetNumber(), s.Region, &wrong)
	at := s.moment(req.GetAt(), &wrong)
	if err := wrong.Err("gate.Check"); err != nil {
		s.Metrics.Invalid(1)
		return nil, err
	}
	a, err := s.check(ctx, gate.Ask{Number: n, Line: req.GetLine(), Agent: req.GetAgent()}, at, req.GetAt() != nil)
	if err != nil {
		return nil, err
	}
	s.Metrics.Answered(a.Reason, 1)
	s.Tally.Asked(at, 1)
	if !a.Allowed && req.GetAt() == nil {
		s.Tally.Refused(at, a.Reason, n, true)
	}
	return &pb.CheckNumberResponse{Answer: answerToProto(req.GetNumber(), a, true), AsOf: timestamppb.New(at)}, nil
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
	out := &pb.CheckNumbersResponse{AsOf: timestamppb.New(at)}
	if !req.GetRefusedOnly() {
		out.Answers = make([]*pb.Answer, 0, len(req.GetNumbers()))
	}
	counts := map[gate.Reason]int{}
	invalid := 0
	for i, text := range req.GetNumbers() {
		n, err := number.Parse(text, s.Region)
		if err != nil { // one bad number must not keep a list of others from being scrubbed
			invalid++
			out.Answers = append(out.Answers, &pb.Answer{Number: text, Index: int32(i), Error: &pb.Problem{Reason: "INVALID_NUMBER", Message: err.Error()}})
			continue
		}
		a, err := s.check(ctx, gate.Ask{Number: n, Line: req.GetLine(), Agent: req.GetAgent()}, at, req.GetAt() != nil)
		if err != nil {
			return nil, err
		}
		counts[a.Reason]++
		if !a.Allowed && req.GetAt() == nil {
			s.Tally.Refused(at, a.Reason, n, !req.GetRefusedOnly())
		}
		switch {
		case !req.GetRefusedOnly():
			out.Answers = append(out.Answers, answerToProto(text, a, req.GetSentences()))
		case !a.Allowed:
			out.Answers = append(out.Answers, &pb.Answer{Index: int32(i), Reason: gateReasonToProto[a.Reason], Until: timestamp(a.Until), Freeze: freezeName(a.Freeze)})
		}
	}
	for r, n := range counts {
		s.Metrics.Answered(r, n)
	}
	s.Metrics.Invalid(invalid)
	s.Tally.Asked(at, len(req.GetNumbers()))
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

func (s *gateServer) check(ctx context.Context, ask gate.Ask, at time.Time, elsewhen bool) (gate.Answer, error) {
	if !elsewhen {
		return s.Gate.Now(ask, at), nil
	}
	return s.Gate.At(ctx, ask, at)
}

var gateReasonToProto = map[gate.Reason]pb.Answer_Reason{
	gate.None: pb.Answer_REASON_NONE, gate.Frozen: pb.Answer_REASON_FROZEN, gate.RuleLimit: pb.Answer_REASON_RULE_LIMIT,
	gate.OutOfHours: pb.Answer_REASON_HOURS, gate.AllowListed: pb.Answer_REASON_ALLOW_LISTED,
}

// answerToProto leaves the sentences out where nobody asked for them.
func answerToProto(asked string, a gate.Answer, sentences bool) *pb.Answer {
	out := &pb.Answer{Number: asked, Allowed: a.Allowed, Reason: gateReasonToProto[a.Reason]}
	if a.Reason == gate.None {
		return out
	}
	out.Class, out.Freeze, out.FreezeReason, out.Allowance = a.Class, freezeName(a.Freeze), string(a.FreezeReason), allowanceName(a.Allow)
	out.Rule, out.Count, out.Limit, out.Day = a.Rule, int32(a.Count), int32(a.Limit), a.Day
	if sentences {
		out.SentenceZh, out.SentenceEn = a.Sentence("zh"), a.Sentence("en")
	}
	out.Until = timestamp(a.Until)
	return out
}
