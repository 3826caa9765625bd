package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// reportNumbers is how many numbers the reports of a round are about, and as many again are
// reserved. Rules look at the numbers' calls of three days, of which there are about as many a day
// as limits are high.
const reportNumbers = 60

// reports are what clients reported in a round, and what they know. Every round has numbers and
// lines of its own, so that what is held against the rules stays small.
type reports struct {
	*world
	round int

	mu sync.Mutex
	// sent are all reports that were ever sent, by call and revision.
	sent map[string]map[int64]*pb.Call
	// acked is the highest revision of each call that was acknowledged; 0 is a
	// reservation.
	acked map[string]int64
	// lost are batches of new calls of which nobody heard what became of them.
	lost [][]*pb.Call
	// outcomes are how the calls ended, once they were verified.
	outcomes map[string]int64
}

func (w *world) newReports(round int) *reports {
	return &reports{world: w, round: round,
		sent: map[string]map[int64]*pb.Call{}, acked: map[string]int64{}}
}

func (s *reports) phone(i int) string { return apitest.Phone(2*reportNumbers*s.round + i) }

func (s *reports) line(name string) string { return fmt.Sprintf("%s-%d", name, s.round) }

// took notes that reports were acknowledged.
func (s *reports) took(kind string, reports ...*pb.Call) {
	s.ack(kind, len(reports))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range reports {
		s.acked[c.GetCallId()] = max(s.acked[c.GetCallId()], c.GetRevision())
	}
}

func (s *reports) note(reports []*pb.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range reports {
		if s.sent[c.GetCallId()] == nil {
			s.sent[c.GetCallId()] = map[int64]*pb.Call{}
		}
		s.sent[c.GetCallId()][c.GetRevision()] = c
	}
}

// source is one client: its own calls, of which it corrects some.
type source struct {
	*reports
	name string
	rnd  *rand.Rand
	made int
	own  []*pb.Call
}

func (c *source) once() {
	switch k := c.rnd.IntN(40); {
	case k == 0:
		c.releaseSome()
	case k < 8:
		c.reserveOne()
	case k < 20:
		c.single()
	default:
		c.batch()
	}
}

// random is a new call. A third of them goes out by a trunk that fails now and then.
func (c *source) random(id, number string) *pb.Call {
	start := c.began.Add(-time.Minute - time.Duration(c.rnd.Int64N(int64(70*time.Hour))))
	line := []string{"", c.line("a"), c.line("bad")}[c.rnd.IntN(3)]
	if line == c.line("bad") {
		start = c.began.Add(-time.Duration(1+
			c.rnd.IntN(4))*time.Hour - time.Duration(c.rnd.IntN(60))*time.Second)
	}
	call := &pb.Call{CallId: id, Number: number, Line: line,
		StartTime: timestamppb.New(start.Truncate(time.Microsecond)), Revision: 1}
	c.end(call)
	return call
}

// end lets a call end somehow.
func (c *source) end(call *pb.Call) {
	call.Talk = nil
	switch k := c.rnd.IntN(10); {
	case k < 3, call.GetLine() == c.line("bad") && k < 5:
		call.Outcome = pb.Outcome_OUTCOME_REJECTED
	case k < 7:
		call.Outcome, call.Talk = pb.Outcome_OUTCOME_ANSWERED,
			durationpb.New(time.Duration(c.rnd.IntN(60))*time.Second)
	case k < 9:
		call.Outcome = pb.Outcome_OUTCOME_NO_ANSWER
	default:
		call.Outcome = pb.Outcome_OUTCOME_FAILED
	}
}

func (c *source) fresh() *pb.Call {
	c.made++
	call := c.random(fmt.Sprintf("%s-%d", c.name, c.made), c.phone(c.rnd.IntN(reportNumbers)))
	c.own = append(c.own, call)
	return call
}

// another is a report of a call of before: a correction, the same again, or one that
// comes too late.
func (c *source) another() *pb.Call {
	i := c.rnd.IntN(len(c.own))
	last := c.own[i]
	c.mu.Lock()
	known := c.sent[last.GetCallId()]
	earlier := known[1+c.rnd.Int64N(last.GetRevision())]
	c.mu.Unlock()
	if c.rnd.IntN(3) == 0 && earlier != nil {
		return earlier
	}
	next := proto.CloneOf(last)
	next.Revision = last.GetRevision() + 1 + c.rnd.Int64N(2)
	switch c.rnd.IntN(4) {
	case 0:
		next.Number = c.phone(c.rnd.IntN(reportNumbers))
	case 1:
		next.StartTime = timestamppb.New(
			last.GetStartTime().AsTime().Add(-time.Duration(c.rnd.IntN(3600)) * time.Second))
	}
	c.end(next)
	c.own[i] = next
	return next
}

func (c *source) report(i int) *pb.Call {
	if len(c.own) > 0 && (i > 0 && c.rnd.IntN(3) == 0) {
		return c.another()
	}
	return c.fresh()
}

func (c *source) single() {
	call := c.report(c.rnd.IntN(2))
	c.note([]*pb.Call{call})
	if c.send(func(ctx context.Context, s *server) error {
		_, err := s.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
		return err
	}) {
		c.took("reports", call)
	}
}

// send sends reports, and sends them again half of the times that nobody heard what became of
// them.
func (c *source) send(ask func(context.Context, *server) error) bool {
	for {
		err := c.try(ask)
		switch {
		case err == nil:
			return true
		case errors.Is(err, errMaybe) && c.rnd.IntN(2) == 0:
			continue
		case !errors.Is(err, errMaybe) && !errors.Is(err, errOver):
			c.fail("report: %v", err)
		}
		return false
	}
}

func (c *source) batch() {
	batch := make([]*pb.Call, 1+c.rnd.IntN(30))
	before := len(c.own)
	for i := range batch {
		batch[i] = c.report(i)
		c.note(batch[i : i+1])
	}
	var results []*pb.CallResult
	if c.send(func(ctx context.Context, s *server) error {
		resp, err := s.Calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: batch})
		results = resp.GetResults()
		return err
	}) {
		for i, r := range results {
			if r.GetError() != nil {
				c.fail("report %v: %v", batch[i], r.GetError())
				return
			}
		}
		c.took("reports", batch...)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = append(c.lost, slices.Clone(c.own[before:]))
	c.own = c.own[:before] // nothing more is heard of them
}

// reserveOne reserves a call, of numbers that are not called so often, and mostly
// reports it.
func (c *source) reserveOne() {
	call := c.fresh()
	c.own = c.own[:len(c.own)-1] // the number of what is reserved can't be corrected
	call.Number = c.phone(reportNumbers + c.rnd.IntN(reportNumbers))
	reserved := proto.CloneOf(call)
	reserved.Revision, reserved.Outcome, reserved.Talk = 0, 0, nil
	c.note([]*pb.Call{reserved})
	var allowed bool
	if !c.send(func(ctx context.Context, s *server) error {
		resp, err := s.Gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: call.GetCallId(),
			Number: call.GetNumber(), Line: call.GetLine(), Hold: durationpb.New(calls.MaxHold)})
		allowed = resp.GetAnswer().GetAllowed()
		return err
	}) {
		return
	}
	if allowed {
		c.took("reservations", reserved)
	}
	if c.rnd.IntN(4) == 0 {
		return
	}
	c.note([]*pb.Call{call})
	if c.send(func(ctx context.Context, s *server) error {
		_, err := s.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
		return err
	}) {
		c.took("reports", call)
		c.own = append(c.own, call)
	}
}

// releaseSome releases numbers as a person would.
func (c *source) releaseSome() {
	err := c.try(func(ctx context.Context, s *server) error {
		_, err := s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{
			Target: &pb.ReleaseFreezeRequest_Number{Number: c.phone(c.rnd.IntN(reportNumbers))},
			Reason: "asked for a call"})
		return err
	})
	if err != nil && !errors.Is(err, errMaybe) && !errors.Is(err, errOver) &&
		apitest.Reason(err) != "NOT_FROZEN" {
		c.fail("release: %v", err)
	}
}
