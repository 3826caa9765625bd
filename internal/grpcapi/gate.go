package grpcapi

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
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
	if req.GetAt() == nil {
		s.Tally.Asked(at, 1)
	} else { // asked now, about another day
		s.Tally.Asked(s.Now(), 1)
	}
	if !a.Allowed && req.GetAt() == nil {
		s.Tally.Refused(at, true, figures.Refusal{Number: n, Reason: a.Reason})
	}
	return &pb.CheckNumberResponse{Answer: s.answerToProto(req.GetNumber(), a), AsOf: timestamppb.New(at)}, nil
}

// CheckNumbers implements the API.
func (s *gateServer) CheckNumbers(stream grpc.BidiStreamingServer[pb.CheckNumbersRequest, pb.CheckNumbersResponse]) error {
	requests, failed := received(stream)
	for {
		select {
		case req := <-requests:
			resp, err := s.checkMessage(stream.Context(), req)
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

func (s *gateServer) checkMessage(ctx context.Context, req *pb.CheckNumbersRequest) (*pb.CheckNumbersResponse, error) {
	var wrong fault.Fields
	if n := len(req.GetNumbers()); n == 0 || n > maxNumbers {
		wrong.Add("numbers", "has %d; a message takes 1 to %d", n, maxNumbers)
	}
	at := s.moment(req.GetAt(), &wrong)
	if err := wrong.Err("gate.Check"); err != nil {
		return nil, err
	}
	out := &pb.CheckNumbersResponse{AsOf: timestamppb.New(at)}
	c := checkAll{gateServer: s, req: req, at: at, out: out, line: req.GetLine(), agent: req.GetAgent()}
	if err := c.all(ctx); err != nil {
		return nil, err
	}
	c.count()
	return out, nil
}

// checkAll answers one message of CheckNumbers.
type checkAll struct {
	*gateServer
	req         *pb.CheckNumbersRequest
	at          time.Time
	out         *pb.CheckNumbersResponse
	line, agent string

	numbers []number.Number // a zero one could not be read
	wrong   map[int]error   // why not
	reasons map[gate.Reason]int
	refused []figures.Refusal
	// answers holds all answers of the message: one allocation instead of a thousand.
	answers []pb.Answer
}

func (c *checkAll) all(ctx context.Context) error {
	n := len(c.req.GetNumbers())
	c.numbers, c.wrong, c.reasons = make([]number.Number, n), map[int]error{}, map[gate.Reason]int{}
	if !c.req.GetRefusedOnly() {
		c.answers, c.out.Answers = make([]pb.Answer, 0, n), make([]*pb.Answer, 0, n)
	}
	for i, text := range c.req.GetNumbers() {
		var err error
		if c.numbers[i], err = number.Parse(text, c.Region); err != nil {
			c.wrong[i] = err
		}
	}
	elsewhen := c.req.GetAt() != nil
	free := 0
	for i, num := range c.numbers {
		if num.IsZero() { // one bad number must not keep a list of others from being scrubbed
			c.misread(i)
			continue
		}
		a, err := c.check(ctx, gate.Ask{Number: num, Line: c.line, Agent: c.agent}, c.at, elsewhen)
		if err != nil {
			return err
		}
		if a.Reason == gate.None {
			free++ // most of them are: the map takes longer
		} else {
			c.reasons[a.Reason]++
		}
		if !a.Allowed && !elsewhen {
			c.refused = append(c.refused, figures.Refusal{Number: num, Reason: a.Reason})
		}
		c.answer(i, &a)
	}
	c.reasons[gate.None] = free
	return nil
}

func (c *checkAll) misread(i int) {
	a := c.next()
	a.Number, a.Index, a.Error = c.req.GetNumbers()[i], int32(i), &pb.Problem{Reason: "INVALID_NUMBER", Message: c.wrong[i].Error()}
}

// next is room for another answer.
func (c *checkAll) next() *pb.Answer {
	if len(c.answers) == cap(c.answers) {
		c.answers = make([]pb.Answer, 0, 64) // those before stay where they are
	}
	c.answers = c.answers[:len(c.answers)+1]
	a := &c.answers[len(c.answers)-1]
	c.out.Answers = append(c.out.Answers, a)
	return a
}

func (c *checkAll) answer(i int, a *gate.Answer) {
	switch {
	case !c.req.GetRefusedOnly():
		says := c.says
		if !c.req.GetSentences() {
			says = nil
		}
		fillAnswer(c.next(), c.req.GetNumbers()[i], a, says)
	case !a.Allowed:
		out := c.next()
		out.Index, out.Reason, out.Until, out.Freeze = int32(i), gateReasonToProto[a.Reason], timestamp(a.Until), freezeName(a.Freeze)
	}
}

func (c *checkAll) count() {
	for r, n := range c.reasons {
		c.Metrics.Answered(r, n)
	}
	c.Metrics.Invalid(len(c.wrong))
	at := c.at
	if c.req.GetAt() != nil { // asked now, about another day
		at = c.Now()
	}
	c.Tally.Asked(at, len(c.req.GetNumbers()))
	c.Tally.Refused(at, !c.req.GetRefusedOnly(), c.refused...)
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

func (d Deps) answerToProto(asked string, a gate.Answer) *pb.Answer {
	out := &pb.Answer{}
	fillAnswer(out, asked, &a, d.says)
	return out
}

// says tells what a refusal of a class says, as the lexicon in force has it.
func (d Deps) says(class string, lang gate.Lang) string {
	return d.Lexicons.Active().Lexicon().Says(class, string(lang))
}

// fillAnswer leaves the sentences out where says is nil, as nobody asked for them.
func fillAnswer(out *pb.Answer, asked string, a *gate.Answer, says func(class string, lang gate.Lang) string) {
	out.Number, out.Allowed, out.Reason = asked, a.Allowed, gateReasonToProto[a.Reason]
	if a.Reason == gate.None {
		return
	}
	out.Class, out.Freeze, out.FreezeReason, out.Allowance = a.Class, freezeName(a.Freeze), string(a.FreezeReason), allowanceName(a.Allow)
	out.Rule, out.Count, out.Limit, out.Day = a.Rule, int32(a.Count), int32(a.Limit), a.Day
	out.Until = timestamp(a.Until)
	if says != nil {
		out.SentenceZh, out.SentenceEn = a.Sentence(gate.Chinese, says), a.Sentence(gate.English, says)
	}
}
