package grpcapi

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/calls"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// activate puts rules in force.
func activate(t *testing.T, s *bench, source string) *pb.RuleSet {
	t.Helper()
	resp, err := s.Rules.ActivateRules(as(t.Context(), "li"),
		&pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Source{Source: source}})
	require.NoError(t, err)
	require.True(t, resp.GetRules().GetActive())
	return resp.GetRules()
}

// denyAfter is a rule that denies after so many calls a day.
func denyAfter(limit int) string {
	return fmt.Sprintf("rules: [{name: few, when: \"true\", limit: %d, window: day, deny: true}]\n"+
		"same_call: off\n", limit)
}

// Other rules deny other numbers from the moment on that they are in force, and the ones
// before deny nothing any more; a restart finds the same.
func TestActivatedRulesDenyAtOnce(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	six, two := phone(1), phone(2)
	for i := range 6 {
		s.Report(t, unanswered(fmt.Sprint("six", i), six, tenOClock.Add(-time.Duration(i)*time.Minute)))
	}
	s.Report(t, unanswered("two0", two, tenOClock), unanswered("two1", two, tenOClock))
	reasons := func() (found []string) {
		for _, n := range []string{six, two} {
			a := s.Ask(t, n)
			found = append(found, fmt.Sprint(a.GetAllowed(), " ", a.GetRule(), " ", a.GetLimit()))
		}
		return found
	}
	for _, step := range []struct {
		source string
		want   []string
	}{
		{string(calls.Default().Source()), []string{"false attempts-a-day 6", "true  0"}},
		{denyAfter(2), []string{"false few 2", "false few 2"}},
		{denyAfter(5), []string{"false few 5", "true  0"}},
		{"rules: []\n", []string{"true  0", "true  0"}},
		{denyAfter(1), []string{"false few 1", "false few 1"}},
	} {
		clock.Later(time.Second)
		activate(t, s, step.source)
		require.Equal(t, step.want, reasons(), step.source)
		s.restart(t)
		require.Equal(t, step.want, reasons(), "after a restart: %s", step.source)
	}
}

// While rules change and reports come in, the gate loses track of neither.
func TestRulesChangeDuringReports(t *testing.T) {
	t.Parallel()
	// so many that most hear nothing new after the last change
	const numbers, sources, most = 200, 4, 4
	clock := newClock()
	s := newBench(t, goBy(clock))
	done := make(chan struct{})
	var counts [numbers]atomic.Int32
	for n := range numbers {
		var first []*pb.Call
		for i := range 1 + n%most {
			first = append(first, unanswered(fmt.Sprintf("first%d-%d", n, i), phone(n), tenOClock))
		}
		s.Report(t, first...)
		counts[n].Add(int32(len(first)))
	}
	g, ctx := errgroup.WithContext(t.Context())
	for source := range sources {
		rnd := rand.New(rand.NewPCG(1, uint64(source)))
		g.Go(func() error {
			for i := 0; ; i++ {
				select {
				case <-done:
					return nil
				default:
				}
				n := rnd.IntN(numbers)
				_, err := s.Calls.ReportCall(ctx,
					&pb.ReportCallRequest{Call: unanswered(fmt.Sprintf("c%d-%d", source, i),
						phone(n), tenOClock)})
				if err != nil {
					return err
				}
				counts[n].Add(1)
			}
		})
	}
	const changes = 20
	for i := range changes {
		activate(t, s, denyAfter(most-1+changes-i))
	}
	close(done)
	require.NoError(t, g.Wait())
	denied := 0
	for n := range numbers {
		count := int(counts[n].Load())
		a := s.Ask(t, phone(n))
		require.Equal(t, count < most, a.GetAllowed(), "%d calls: %v", count, a)
		if !a.GetAllowed() {
			denied++
			require.EqualValues(t, count, a.GetCount())
			require.EqualValues(t, most, a.GetLimit())
		}
	}
	t.Logf("%d of %d numbers denied", denied, numbers)
}

// A call is judged by the rules that were in force when it began, however late it is
// told of.
func TestRulesJudgeCallsThatBeginLater(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	set := activate(t, s, "rules: [{name: once, title: One is enough, when: call.outcome == "+
		"'rejected', limit: 1, window: 24h, freeze: until_released}]\n")
	n := phone(1)
	clock.Later(time.Hour)
	s.Report(t, rejected("before", n, tenOClock.Add(-time.Minute)))
	require.True(t, s.Ask(t, n).GetAllowed())
	s.Report(t, rejected("after", n, tenOClock))
	a := s.Ask(t, n)
	require.Equal(t, pb.Answer_REASON_FROZEN, a.GetReason())
	require.Nil(t, a.GetUntil())
	require.Equal(t, "rolling 24h0m0s", a.GetDay())
	require.Contains(t, a.GetSentenceZh(), "直到人工解除")
	f := s.FreezesOf(t, n)[0]
	require.Equal(t, set.GetVersion(), f.GetRuleVersion())
	require.Equal(t, []string{"before", "after"}, f.GetCallIds(),
		"what was in the window counts, whoever judged it")
}
