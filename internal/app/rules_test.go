package app_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// activate puts rules in force.
func activate(t *testing.T, s *server, source string) *pb.RuleSet {
	t.Helper()
	resp, err := s.rules.ActivateRules(as(t.Context(), "li"), &pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Source{Source: source}})
	require.NoError(t, err)
	require.True(t, resp.GetRules().GetActive())
	return resp.GetRules()
}

// denyAfter is a rule that denies after so many calls a day.
func denyAfter(limit int) string {
	return fmt.Sprintf("rules: [{name: few, when: \"true\", limit: %d, window: day, deny: true}]\n", limit)
}

// Other rules deny other numbers from the moment on that they are in force, and the ones
// before deny nothing any more; a restart finds the same.
func TestActivatedRulesDenyAtOnce(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, clock.option)
	six, two := phone(1), phone(2)
	for i := range 6 {
		s.report(t, unanswered(fmt.Sprint("six", i), six, tenOClock))
	}
	s.report(t, unanswered("two0", two, tenOClock), unanswered("two1", two, tenOClock))
	reasons := func() (found []string) {
		for _, n := range []string{six, two} {
			a := s.ask(t, n)
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
		clock.later(time.Second)
		activate(t, s, step.source)
		require.Equal(t, step.want, reasons(), step.source)
		require.NoError(t, s.stop())
		s = start(t, cfg, clock.option)
		require.Equal(t, step.want, reasons(), "after a restart: %s", step.source)
	}
}

// While rules change and reports come in, the gate loses track of neither.
func TestRulesChangeDuringReports(t *testing.T) {
	t.Parallel()
	const numbers, sources, most = 200, 4, 4 // so many that most hear nothing new after the last change
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	done := make(chan struct{})
	var counts [numbers]atomic.Int32
	for n := range numbers {
		var first []*pb.Call
		for i := range 1 + n%most {
			first = append(first, unanswered(fmt.Sprintf("first%d-%d", n, i), phone(n), tenOClock))
		}
		s.report(t, first...)
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
				_, err := s.calls.ReportCall(ctx, &pb.ReportCallRequest{Call: unanswered(fmt.Sprintf("c%d-%d", source, i), phone(n), tenOClock)})
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
		a := s.ask(t, phone(n))
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
	s := start(t, testConfig(t.TempDir()), clock.option)
	set := activate(t, s, "rules: [{name: once, title: One is enough, when: call.outcome == 'rejected', limit: 1, window: 24h, freeze: until_released}]\n")
	n := phone(1)
	clock.later(time.Hour)
	s.report(t, rejected("before", n, tenOClock.Add(-time.Second)))
	require.True(t, s.ask(t, n).GetAllowed())
	s.report(t, rejected("after", n, tenOClock))
	a := s.ask(t, n)
	require.Equal(t, pb.Answer_REASON_FROZEN, a.GetReason())
	require.Nil(t, a.GetUntil())
	require.Equal(t, "rolling 24h0m0s", a.GetDay())
	require.Contains(t, a.GetSentenceZh(), "直到人工解除")
	f := s.freezesOf(t, n)[0]
	require.Equal(t, set.GetVersion(), f.GetRuleVersion())
	require.Equal(t, []string{"before", "after"}, f.GetCallIds(), "what was in the window counts, whoever judged it")
}

// Rules are versions that are listed, read and put in force again.
func TestRuleVersions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	shipped := calls.Default().Version
	got, err := s.rules.GetRules(ctx, &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Equal(t, shipped, got.GetRules().GetVersion())
	require.True(t, got.GetRules().GetActive())
	require.Empty(t, got.GetRules().GetActor())
	require.Empty(t, got.GetRules().GetHours())
	require.Equal(t, "calendar day, Asia/Shanghai", got.GetRules().GetRules()[0].GetWindow())

	_, err = s.rules.ActivateRules(ctx, &pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Source{Source: denyAfter(3)}})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = s.rules.ActivateRules(as(ctx, "li"), &pb.ActivateRulesRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = s.rules.ActivateRules(as(ctx, "li"), &pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Source{Source: "rules:\n- {name: x}\n"}})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "line 2: when is missing")
	clock.later(time.Second)
	first := activate(t, s, denyAfter(3))
	clock.later(time.Second)
	second := activate(t, s, denyAfter(4))
	clock.later(time.Second)
	back, err := s.rules.ActivateRules(as(ctx, "wang"), &pb.ActivateRulesRequest{
		Rules: &pb.ActivateRulesRequest_Version{Version: first.GetVersion()}, RequestId: "q1"})
	require.NoError(t, err)
	require.Equal(t, "wang", back.GetRules().GetActor())
	require.Equal(t, denyAfter(3), back.GetRules().GetSource())
	clock.later(time.Second)
	activate(t, s, denyAfter(4))
	late, err := s.rules.ActivateRules(as(ctx, "wang"), &pb.ActivateRulesRequest{
		Rules: &pb.ActivateRulesRequest_Version{Version: first.GetVersion()}, RequestId: "q1"})
	require.NoError(t, err)
	require.False(t, late.GetRules().GetActive(), "a late repetition took the newer rules out of force")

	var versions []string
	req := &pb.ListRuleVersionsRequest{PageSize: 2}
	for {
		page, err := s.rules.ListRuleVersions(ctx, req)
		require.NoError(t, err)
		for _, v := range page.GetVersions() {
			versions = append(versions, v.GetVersion())
			require.Equal(t, v.GetVersion() == second.GetVersion(), v.GetActive())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{second.GetVersion(), first.GetVersion(), second.GetVersion(), first.GetVersion(), shipped}, versions)
	for _, name := range []string{"shipped", shipped} {
		got, err = s.rules.GetRules(ctx, &pb.GetRulesRequest{Version: name})
		require.NoError(t, err)
		require.Equal(t, shipped, got.GetRules().GetVersion())
		require.False(t, got.GetRules().GetActive())
	}
	_, err = s.rules.GetRules(ctx, &pb.GetRulesRequest{Version: "nobody-knows@00000000"})
	require.Equal(t, codes.NotFound, status.Code(err))

	checked, err := s.rules.CheckRules(ctx, &pb.CheckRulesRequest{Source: "rules:\n- {name: x, wen: \"true\"}\n"})
	require.NoError(t, err)
	require.Nil(t, checked.GetRules())
	require.EqualValues(t, 2, checked.GetProblems()[0].GetLine())
	require.Contains(t, checked.GetProblems()[0].GetMessage(), `did you mean "when"?`)
	checked, err = s.rules.CheckRules(ctx, &pb.CheckRulesRequest{Source: strings.Repeat("#", 1<<20)})
	require.NoError(t, err)
	require.NotEmpty(t, checked.GetProblems())
	checked, err = s.rules.CheckRules(ctx, &pb.CheckRulesRequest{Source: denyAfter(9)})
	require.NoError(t, err)
	require.Empty(t, checked.GetProblems())
	require.EqualValues(t, 9, checked.GetRules().GetRules()[0].GetLimit())
}

// Rules can be tried on the calls of a past time.
func TestTryRules(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	begin := tenOClock.Add(-20 * 24 * time.Hour)
	var reports []*pb.Call
	add := func(n, times int, day int) { // rejected so often on that day
		for i := range times {
			reports = append(reports, rejected(fmt.Sprintf("t%d-%d-%d", n, day, i), phone(n), begin.Add(time.Duration(24*day)*time.Hour+time.Duration(i)*time.Minute)))
		}
	}
	add(1, 3, 0) // frozen, and so not called on day 1
	add(1, 2, 1)
	add(2, 2, 0) // frozen by two a day only
	add(3, 1, 0)
	add(4, 8, 5) // frozen at the third: the others would not have been made
	s.report(t, reports...)
	try := func(source string, from, to time.Time) *pb.TestRulesResponse {
		resp, err := s.rules.TestRules(ctx, &pb.TestRulesRequest{Source: source, StartTime: timestamppb.New(from), EndTime: timestamppb.New(to)})
		require.NoError(t, err)
		return resp
	}
	resp := try("", begin, tenOClock)
	require.EqualValues(t, 16, resp.GetCalls())
	require.EqualValues(t, 4, resp.GetNumbers())
	effect := resp.GetEffects()[0]
	require.Equal(t, "rejected-or-short", effect.GetRule())
	require.Equal(t, []int64{2, 2, 7}, []int64{effect.GetNumbers(), effect.GetTimes(), effect.GetCallsAvoided()})
	require.ElementsMatch(t, []string{"138****0001", "138****0004"}, effect.GetExamples())
	resp = try("rules: [{name: two, when: call.outcome == 'rejected', limit: 2, window: day, freeze: 1h}]", begin, tenOClock)
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
		_, err := s.rules.TestRules(ctx, bad)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", bad)
	}
}

// A trunk that fails looks as if everybody rejected. Nobody is frozen for that, whoever
// was before is released, and people are told; where more calls go well it was the
// customers, after all.
func TestFailingTrunkFreezesNobody(t *testing.T) {
	t.Parallel()
	clock := newClock()
	log := newLogbook()
	s := start(t, testConfig(t.TempDir()), clock.option, log.option)
	slot := tenOClock.Add(-time.Hour)
	id := 0
	on := func(line string, c *pb.Call) *pb.Call {
		id++
		c.CallId, c.Line = fmt.Sprint("c", id), line
		return c
	}
	for range 3 { // on both lines: only one of them will fail
		s.report(t, on("trunk", rejected("", phone(1), slot)), on("other", rejected("", phone(2), slot)))
	}
	require.False(t, s.ask(t, phone(1)).GetAllowed())
	require.Empty(t, log.lines("failing trunk"))
	for i := range 17 { // 3 of 3, and in the end 10 of 20
		n := phone(10 + i%4)
		c := on("trunk", unanswered("", phone(30+i), slot.Add(time.Minute)))
		if i < 7 {
			c = on("trunk", rejected("", n, slot.Add(time.Minute)))
		}
		r := s.report(t, c)[0]
		require.Equal(t, i == 16, r.GetCall().GetUntrusted(), i)
	}
	require.True(t, s.ask(t, phone(1)).GetAllowed())
	require.Equal(t, "corrected", s.freezesOf(t, phone(1))[0].GetRelease().GetCause())
	require.False(t, s.ask(t, phone(2)).GetAllowed(), "the other line works")
	for range 5 {
		r := s.report(t, on("trunk", rejected("", phone(3), slot.Add(2*time.Minute))))[0]
		require.True(t, r.GetCall().GetUntrusted())
		require.Empty(t, r.GetFreezes())
	}
	require.True(t, s.ask(t, phone(3)).GetAllowed(), "an attempt is an attempt, but five are permitted")
	got, err := s.rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Len(t, got.GetFailingLines(), 1)
	line := got.GetFailingLines()[0]
	require.Equal(t, "trunk", line.GetLine())
	require.Equal(t, slot, line.GetStartTime().AsTime())
	require.EqualValues(t, 25, line.GetCalls())
	require.EqualValues(t, 15, line.GetRejected())
	require.Len(t, log.lines("failing trunk", "line=trunk", "from=2026-03-02T01:00:00.000Z"), 1, "once for the ten minutes")
	call, err := s.calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/c1"})
	require.NoError(t, err)
	require.True(t, call.GetCall().GetUntrusted())

	var well []*pb.Call
	for i := range 10 {
		well = append(well, on("trunk", talked("", phone(60+i), slot, time.Minute)))
	}
	s.report(t, well...)
	require.False(t, s.ask(t, phone(1)).GetAllowed())
	require.False(t, s.ask(t, phone(3)).GetAllowed())
	require.Len(t, log.lines("a rule froze a number"), 4, "1 and 2, and in the end 1 again and 3")
	got, err = s.rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Empty(t, got.GetFailingLines())
	s.sound(t)
}

// What the configuration gives at the first start judges the calls of before, too; and
// what comes with another Refrain judges those of later only.
func TestTheFirstRules(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	require.NoError(t, yaml.Unmarshal([]byte("{name: own, rules: []}"), &cfg.Rules))
	s := start(t, cfg, clock.option)
	for i := range 3 {
		resp, err := s.calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: &pb.Call{CallId: fmt.Sprint("old-", i), Number: "13800138000",
			StartTime: timestamppb.New(clock.now().AddDate(0, 0, -2).Add(time.Duration(i) * time.Minute)), Outcome: pb.Outcome_OUTCOME_REJECTED}})
		require.NoError(t, err)
		require.Empty(t, resp.GetResult().GetFreezes(), "the shipped rules were never chosen")
	}
	require.NoError(t, s.stop())
}
