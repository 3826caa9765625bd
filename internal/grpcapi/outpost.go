package grpcapi

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Outpost is the gate of a server that runs elsewhere: it answers from what it knows of it, and passes on to it what
// it can't answer.
type Outpost struct {
	Deps

	// Server is the one that is followed.
	Server pb.GateServiceClient
	// Plan is how numbers are dialled at the server, nil before anything is known of it.
	Plan func() *number.Plan
	// Says is what a refusal of a class says in a language.
	Says func(class string, lang gate.Lang) string
}

// NewOutpost makes a server with the gate's service alone, health and reflection.
func NewOutpost(o Outpost) (*grpc.Server, *health.Server) {
	s, services := o.newServer(grpc.MaxRecvMsgSize(mostSmall))
	pb.RegisterGateServiceServer(services, &outpostServer{o: o})
	h := health.NewServer()
	healthpb.RegisterHealthServer(services, h)
	reflection.Register(s)
	return s, h
}

type outpostServer struct {
	pb.UnimplementedGateServiceServer

	o       Outpost
	current atomic.Pointer[outpostGate]
}

// outpostGate answers by a plan.
type outpostGate struct {
	gateServer

	plan *number.Plan
}

// gate answers by what is known now; Unavailable before anything is.
func (s *outpostServer) gate() (*outpostGate, error) {
	plan := s.o.Plan()
	if plan == nil {
		return nil, &fault.Error{Op: "gate.Check", Kind: fault.Unavailable, Reason: "NOTHING_KNOWN",
			Message: "this gate has heard nothing of its server yet, and has no snapshot: it can't tell who may be called"}
	}
	g := s.current.Load()
	if g == nil || g.plan != plan {
		g = &outpostGate{gateServer{Deps: s.o.Deps, tells: s.o.Says}, plan}
		g.Numbers = *plan
		s.current.Store(g)
	}
	return g, nil
}

// CheckNumber implements the API.
func (s *outpostServer) CheckNumber(
	ctx context.Context, req *pb.CheckNumberRequest,
) (*pb.CheckNumberResponse, error) {
	g, err := s.gate()
	if err != nil {
		return nil, err
	}
	if req.GetSameNumberAs() != "" { // a gate has numbers' names, and nothing that has a number
		return nil, &fault.Error{Op: "gate.Check", Kind: fault.Invalid, Reason: "ASK_THE_SERVER", Subject: req.GetSameNumberAs(),
			Message: "a gate knows no calls, recordings or suspects; ask the server itself, or give the number"}
	}
	if !s.past(req.GetAt()) {
		return g.CheckNumber(ctx, req)
	}
	resp, err := s.o.Server.CheckNumber(ctx, req)
	return resp, fromServer("what was so at a moment that is over", err)
}

// past tells of a moment that is asked about that it is over: what was so then only the server knows. What is over
// within a second counts, too, so that it isn't while it is answered.
func (s *outpostServer) past(at *timestamppb.Timestamp) bool {
	return at != nil && at.CheckValid() == nil && at.AsTime().Before(s.o.Now().Add(time.Second))
}

// CheckNumbers implements the API.
func (s *outpostServer) CheckNumbers(stream numbersStream) error {
	return answerEach(stream, s.o.Stopping, s.checkMessage)
}

func (s *outpostServer) checkMessage(
	ctx context.Context, req *pb.CheckNumbersRequest,
) (*pb.CheckNumbersResponse, error) {
	g, err := s.gate()
	if err != nil {
		return nil, err
	}
	if !s.past(req.GetAt()) {
		return g.checkMessage(ctx, req)
	}
	resp, err := s.passOn(ctx, req)
	return resp, fromServer("what was so at a moment that is over", err)
}

// passOn has the server answer one message.
func (s *outpostServer) passOn(ctx context.Context, req *pb.CheckNumbersRequest) (*pb.CheckNumbersResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.o.Server.CheckNumbers(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(req); err != nil && !errors.Is(err, io.EOF) { // then Recv tells why
		return nil, err
	}
	resp, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return resp, err
}

// ReserveCall implements the API: of two diallers that ask for the last permitted attempt, one is refused by the
// server alone.
func (s *outpostServer) ReserveCall(
	ctx context.Context, req *pb.ReserveCallRequest,
) (*pb.ReserveCallResponse, error) {
	resp, err := s.o.Server.ReserveCall(ctx, req)
	return resp, fromServer("reservations", err)
}

// fromServer is what goes out for an error of the server that was asked: that it can't be reached is said
// plainly, and so is that it wouldn't have this gate; everything else is passed on. What is said in its place does
// not wrap it, or gRPC would send that instead.
func fromServer(what string, err error) error {
	if err == nil {
		return nil
	}
	st := status.Convert(err)
	switch {
	case st.Code() == codes.Unavailable && len(st.Details()) == 0, st.Code() == codes.Internal && len(st.Details()) == 0,
		st.Code() == codes.Unknown:
		return &fault.Error{Op: "gate.PassOn", Kind: fault.Unavailable, Reason: "SERVER_UNREACHABLE",
			Message: "this gate can't reach the server that it follows, which alone answers for " + what +
				"; checks for now are answered here"}
	case st.Code() == codes.Unauthenticated, st.Code() == codes.PermissionDenied:
		return &fault.Error{Op: "gate.PassOn", Kind: fault.Unavailable, Reason: "GATE_REFUSED",
			Message: "the server that this gate follows refused it: " + st.Message()}
	}
	return err
}
