package app_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// How much the storm is. Rules look at the numbers' calls of three days, of which there
// are about as many a day as limits are high.
const (
	stormClients = 10
	stormNumbers = 60
	// stormKills is how often the server is killed, unless stormTime is over before; but
	// twice it is in any case.
	stormKills = 8
	stormTime  = 12 * time.Second
	// stormEnv says how long to go on instead, such as 10m, however often that kills.
	stormEnv = "REFRAIN_TEST_STORM"
)

// stormLimits are stormKills and stormTime, or what the environment says.
func stormLimits(t *testing.T) (kills int, length time.Duration) {
	t.Helper()
	text := os.Getenv(stormEnv)
	if text == "" {
		return stormKills, stormTime
	}
	length, err := time.ParseDuration(text)
	require.NoError(t, err)
	return math.MaxInt, length
}

// storm is clients that report for as long as there is a server, and what they know.
type storm struct {
	began time.Time
	quit  chan struct{}

	mu sync.Mutex
	// server is who answers now; changed is closed when it is another one.
	server  *clients
	changed chan struct{}
	// sent are all reports that were ever sent, by call and revision.
	sent map[string]map[int64]*pb.Call
	// acked is the highest revision of each call that was acknowledged; 0 is a
	// reservation.
	acked map[string]int64
	// lost are batches of new calls of which nobody heard what became of them.
	lost [][]*pb.Call
	// acks counts acknowledgements; reached is closed when they are goal.
	acks, goal int
	reached    chan struct{}
	wrong      []error
}

func newStorm(server *clients) *storm {
	return &storm{began: time.Now().Truncate(time.Second), quit: make(chan struct{}),
		server: server, changed: make(chan struct{}),
		sent: map[string]map[int64]*pb.Call{}, acked: map[string]int64{}}
}

// serve makes another server the one that answers.
func (s *storm) serve(server *clients) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server = server
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *storm) current() (*clients, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server, s.changed
}

// more waits for so many more acknowledgements.
func (s *storm) more(t *testing.T, n int) {
	t.Helper()
	s.mu.Lock()
	s.goal, s.reached = s.acks+n, make(chan struct{})
	reached := s.reached
	s.mu.Unlock()
	select {
	case <-reached:
	case <-time.After(2 * time.Minute):
		require.FailNow(t, "nothing is acknowledged any more", "%v", s.wrong)
	}
}

// ack notes that reports were acknowledged.
func (s *storm) ack(reports ...*pb.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range reports {
		s.acked[c.GetCallId()] = max(s.acked[c.GetCallId()], c.GetRevision())
	}
	before := s.acks
	s.acks += len(reports)
	if s.goal > before && s.goal <= s.acks {
		close(s.reached)
	}
}

func (s *storm) note(reports []*pb.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range reports {
		if s.sent[c.GetCallId()] == nil {
			s.sent[c.GetCallId()] = map[int64]*pb.Call{}
		}
		s.sent[c.GetCallId()][c.GetRevision()] = c
	}
}

func (s *storm) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, err)
}

// gone tells of an error whether the server went away, and waits for the next one.
func (s *storm) gone(err error, changed <-chan struct{}) bool {
	if c := status.Code(err); c != codes.Unavailable && c != codes.Canceled {
		s.fail(err)
		return false
	}
	select {
	case <-changed:
	case <-s.quit:
	}
	return true
}

// source is one client: its own calls, of which it corrects some.
type source struct {
	*storm
	name string
	rnd  *rand.Rand
	made int
	own  []*pb.Call
}

func (c *source) run(ctx context.Context) {
	for {
		select {
		case <-c.quit:
			return
		default:
		}
		switch k := c.rnd.IntN(40); {
		case k == 0:
			c.releaseSome(ctx)
		case k < 8:
			c.reserveOne(ctx)
		case k < 20:
			c.single(ctx)
		default:
			c.batch(ctx)
		}
	}
}

// random is a new call. A third of them goes out by a trunk that fails now and then.
func (c *source) random(id, number string) *pb.Call {
	start := c.began.Add(-time.Minute - time.Duration(c.rnd.Int64N(int64(70*time.Hour))))
	line := []string{"", "a", "bad"}[c.rnd.IntN(3)]
	if line == "bad" {
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
	case k < 3, call.GetLine() == "bad" && k < 5:
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
	call := c.random(fmt.Sprintf("%s-%d", c.name, c.made), phone(c.rnd.IntN(stormNumbers)))
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
		next.Number = phone(c.rnd.IntN(stormNumbers))
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

func (c *source) single(ctx context.Context) {
	call := c.report(c.rnd.IntN(2))
	c.note([]*pb.Call{call})
	for again := true; again; again = c.rnd.IntN(2) == 0 {
		server, changed := c.current()
		_, err := server.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
		if err == nil {
			c.ack(call)
			return
		}
		if !c.gone(err, changed) {
			return
		}
	}
}

func (c *source) batch(ctx context.Context) {
	calls := make([]*pb.Call, 1+c.rnd.IntN(30))
	before := len(c.own)
	for i := range calls {
		calls[i] = c.report(i)
		c.note(calls[i : i+1])
	}
	for again := true; again; again = c.rnd.IntN(2) == 0 {
		server, changed := c.current()
		resp, err := server.Calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: calls})
		if err == nil {
			c.took(calls, resp)
			return
		}
		if !c.gone(err, changed) {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = append(c.lost, slices.Clone(c.own[before:]))
	c.own = c.own[:before] // nothing more is heard of them
}

func (c *source) took(calls []*pb.Call, resp *pb.BatchReportCallsResponse) {
	for i, r := range resp.GetResults() {
		if r.GetError() != nil {
			c.fail(fmt.Errorf("report %v: %v", calls[i], r.GetError()))
			return
		}
	}
	c.ack(calls...)
}

// reserveOne reserves a call, of numbers that are not called so often, and mostly
// reports it.
func (c *source) reserveOne(ctx context.Context) {
	call := c.fresh()
	c.own = c.own[:len(c.own)-1] // the number of what is reserved can't be corrected
	call.Number = phone(stormNumbers + c.rnd.IntN(stormNumbers))
	server, changed := c.current()
	resp, err := server.Gate.ReserveCall(ctx,
		&pb.ReserveCallRequest{CallId: call.GetCallId(), Number: call.GetNumber(),
			Line: call.GetLine()})
	reserved := proto.CloneOf(call)
	reserved.Revision, reserved.Outcome, reserved.Talk = 0, 0, nil
	c.note([]*pb.Call{reserved})
	switch {
	case err != nil:
		c.gone(err, changed)
		return
	case resp.GetAnswer().GetAllowed():
		c.ack(reserved)
	}
	if c.rnd.IntN(4) == 0 {
		return
	}
	c.note([]*pb.Call{call})
	server, changed = c.current()
	if _, err = server.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call}); err != nil {
		c.gone(err, changed)
		return
	}
	c.ack(call)
	c.own = append(c.own, call)
}

// releaseSome releases numbers as a person would.
func (c *source) releaseSome(ctx context.Context) {
	server, changed := c.current()
	_, err := server.Freezes.ReleaseFreeze(as(ctx, "ops"), &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: phone(c.rnd.IntN(stormNumbers))},
		Reason: "asked for a call"})
	if err != nil && reason(err) != "NOT_FROZEN" {
		c.gone(err, changed)
	}
}

// A server that is killed again and again while reports come in has lost none that it
// acknowledged, counts none twice, and has frozen exactly those numbers that its calls
// say.
func TestKillDuringReportStorm(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	p := spawn(t, dir)
	s := newStorm(p.clients)
	stop := sync.OnceFunc(func() { close(s.quit) })
	t.Cleanup(stop)
	var wg sync.WaitGroup
	for i := range stormClients {
		c := &source{storm: s, name: fmt.Sprintf("s%d", i),
			rnd: rand.New(rand.NewPCG(seed, uint64(i+1)))}
		wg.Go(func() { c.run(t.Context()) })
	}
	most, length := stormLimits(t)
	end := s.began.Add(length)
	kills := 0
	for ; kills < most && (kills < 2 || time.Now().Before(end)); kills++ {
		s.more(t, 100+rnd.IntN(500))
		// at any moment of a transaction
		<-time.After(time.Duration(rnd.IntN(5000)) * time.Microsecond)
		p.kill(t)
		p = spawn(t, dir)
		s.serve(p.clients)
	}
	s.more(t, 500)
	stop()
	wg.Wait()
	require.Empty(t, s.wrong)
	p.kill(t)
	p = spawn(t, dir)
	t.Logf("%d kills, %d acknowledgements, %d calls", kills+1, s.acks, len(s.sent))
	s.verify(t, p.clients)
}
