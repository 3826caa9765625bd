package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/gate"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// ReserveCall implements the API.
func (s *gateServer) ReserveCall(
	ctx context.Context, req *pb.ReserveCallRequest,
) (*pb.ReserveCallResponse, error) {
	var wrong fault.Fields
	c := calls.Call{ID: req.GetCallId(), Agent: req.GetAgent(), Line: req.GetLine(),
		CallerID: req.GetCallerId()}
	c.Number = parseNumber("number", req.GetNumber(), s.Numbers, &wrong)
	c.Virtual = s.Numbers.IsVirtual(c.Number)
	hold := calls.DefaultHold
	if d := req.GetHold(); d != nil {
		if d.CheckValid() != nil {
			wrong.Add("hold", "is no valid duration")
		}
		hold = d.AsDuration()
	}
	if err := wrong.Err("calls.Reserve"); err != nil {
		s.Metrics.Invalid(1)
		return nil, err
	}
	decision := s.Gate.Reserve(gate.Ask{Number: c.Number, Line: c.Line, Agent: c.Agent})
	done, err := s.Call.Reserve(ctx, c, hold, decision.Decide)
	if err != nil {
		return nil, err
	}
	answer, asOf := decision.Done(done.Granted)
	resp := &pb.ReserveCallResponse{Answer: s.answerToProto(req.GetNumber(), answer),
		AsOf: timestamppb.New(asOf)}
	if done.Granted {
		resp.ExpireTime = timestamp(done.Call.ReservedUntil)
	}
	return resp, nil
}
