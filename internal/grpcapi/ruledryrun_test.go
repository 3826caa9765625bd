package grpcapi

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Rules can be tried on the calls of a past time.
func TestTryRules(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	begin := tenOClock.Add(-20 * 24 * time.Hour)
	var reports []*pb.Call
	add := func(n, times int, day int) { // rejected so often on that day
		for i := range times {
			reports = append(reports, rejected(fmt.Sprintf("t%d-%d-%d", n, day, i), phone(n),
				begin.Add(time.Duration(24*day)*time.Hour+time.Duration(i)*time.Minute)))
		}
	}
	add(1, 3, 0) // frozen, and so not called on day 1
	add(1, 2, 1)
	add(2, 2, 0) // frozen by two a day only
	add(3, 1, 0)
	add(4, 8, 5) // frozen at the third: the others would not have been made
	s.Report(t, reports...)
	try := func(source string, from, to time.Time) *pb.TestRulesResponse {
		resp, err := s.Rules.TestRules(ctx,
			&pb.TestRulesRequest{Source: source, StartTime: timestamppb.New(from),
				EndTime: timestamppb.New(to)})
		require.NoError(t, err)
		return resp
	}
	resp := try("", begin, tenOClock)
	require.EqualValues(t, 16, resp.GetCalls())
	require.EqualValues(t, 4, resp.GetNumbers())
	effect := resp.GetEffects()[0]
	require.Equal(t, "rejected-or-short", effect.GetRule())
	require.Equal(t, []int64{2, 2, 7}, []int64{effect.GetNumbers(), effect.GetTimes(),
		effect.GetCallsAvoided()})
	require.ElementsMatch(t, []string{"138****0001", "138****0004"}, effect.GetExamples())
	resp = try("rules: [{name: two, when: call.outcome == 'rejected', limit: 2, window: day, "+
		"freeze: 1h}]", begin, tenOClock)
	require.EqualValues(t, 3, resp.GetEffects()[0].GetNumbers())
	require.EqualValues(t, 4, resp.GetEffects()[0].GetTimes())
	resp = try("", begin.Add(24*time.Hour), begin.Add(48*time.Hour))
	require.EqualValues(t, 2, resp.GetCalls())
	require.EqualValues(t, 0, resp.GetEffects()[0].GetTimes())
	for _, bad := range []*pb.TestRulesRequest{
		{}, {StartTime: timestamppb.New(tenOClock), EndTime: timestamppb.New(begin)},
		{StartTime: timestamppb.New(begin.AddDate(-2, 0, 0)), EndTime: timestamppb.New(begin)},
		{Source: "x", StartTime: timestamppb.New(begin), EndTime: timestamppb.New(tenOClock)},
		{StartTime: &timestamppb.Timestamp{Nanos: -1}, EndTime: timestamppb.New(tenOClock)},
	} {
		_, err := s.Rules.TestRules(ctx, bad)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", bad)
	}
}

// What lies as far back as rules can see is one call with what came just before it.
func TestTryRulesReadsLegs(t *testing.T) {
	t.Parallel()
	s := newBench(t, goBy(newClock()))
	begin, n := tenOClock.Add(-20*24*time.Hour), phone(1)
	first := begin.Add(-100 * time.Hour) // twice the window
	talk := rejected("talk", n, first.Add(-4*time.Second))
	talk.Outcome, talk.Talk = pb.Outcome_OUTCOME_ANSWERED, durationpb.New(time.Minute)
	s.Report(t, talk, rejected("leg", n, first.Add(time.Second)),
		rejected("later", n, first.Add(49*time.Hour)), rejected("in", n, begin.Add(time.Hour)))
	resp, err := s.Rules.TestRules(t.Context(), &pb.TestRulesRequest{
		Source: "rules: [{name: two, when: call.outcome == 'rejected', limit: 2, window: 50h, " +
			"freeze: 90d}]",
		StartTime: timestamppb.New(begin), EndTime: timestamppb.New(begin.Add(24 * time.Hour))})
	require.NoError(t, err)
	require.EqualValues(t, 1, resp.GetCalls())
	require.Zero(t, resp.GetEffects()[0].GetCallsAvoided(), "%v", resp)
}

// heldCalls keep whoever reads histories until they are told to go on.
type heldCalls struct {
	Calls
	began, goOn chan struct{}
}

func (h heldCalls) EachHistory(
	ctx context.Context, at calls.Span, rules calls.Timeline, visit func(number.Number, calls.History) error,
) error {
	h.began <- struct{}{}
	select {
	case <-h.goOn:
		return h.Calls.EachHistory(ctx, at, rules, visit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Rules are tried one at a time: one more waits, and others are told to come again. Whoever goes away makes room.
func TestTryRulesOneAtATime(t *testing.T) {
	t.Parallel()
	held := heldCalls{began: make(chan struct{}), goOn: make(chan struct{})}
	s := newBench(t, goBy(newClock()), func(b *bench) {
		b.calls = func(c Calls) Calls { held.Calls = c; return held }
	})
	answers := make(chan error)
	try := func(ctx context.Context) {
		_, err := s.Rules.TestRules(ctx, &pb.TestRulesRequest{StartTime: timestamppb.New(tenOClock.Add(-time.Hour)),
			EndTime: timestamppb.New(tenOClock)})
		answers <- err
	}
	first, leave := context.WithCancel(t.Context())
	go try(first)
	<-held.began
	go try(t.Context())
	go try(t.Context())
	refused := <-answers
	require.Equal(t, codes.ResourceExhausted, status.Code(refused), "one of the two, as the other waits")
	require.Equal(t, "DRY_RUN_BUSY", apitest.Reason(refused))
	leave()
	require.Equal(t, codes.Canceled, status.Code(<-answers))
	<-held.began
	close(held.goOn)
	require.NoError(t, <-answers)
	go try(t.Context())
	<-held.began
	require.NoError(t, <-answers)
}
