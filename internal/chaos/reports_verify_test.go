package chaos_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// verify compares what the server knows with what was acknowledged, and what it made of
// that with what the rules say.
func (s *reports) verify(t *testing.T, c *server) {
	t.Helper()
	known := map[string][]calls.Call{}
	for i := range 2 * reportNumbers {
		if list := s.callsOf(t, c, s.phone(i)); len(list) > 0 {
			known[s.phone(i)] = list
		}
	}
	s.acknowledged(t, known)
	s.counted(t, c, known)
	frozen := 0
	for n, list := range known {
		frozen += s.ruled(t, c, n, list)
	}
	t.Logf("round %d: %d calls, %d freezes stand", s.round, len(s.sent), frozen)
}

// callsOf are the calls to a number as the server knows them; each must be one that was
// sent.
func (s *reports) callsOf(t *testing.T, c *server, n string) []calls.Call {
	t.Helper()
	num, err := number.Parse(n, "CN")
	require.NoError(t, err)
	var list []calls.Call
	req := &pb.ListCallsRequest{Number: n, PageSize: 1000}
	for {
		page, err := c.Calls.ListCalls(t.Context(), req)
		require.NoError(t, err)
		for _, got := range page.GetCalls() {
			list = append(list, s.call(t, num, got))
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return list
		}
	}
}

func (s *reports) call(t *testing.T, n number.Number, got *pb.Call) calls.Call {
	t.Helper()
	sent := s.sent[got.GetCallId()][got.GetRevision()]
	require.NotNil(t, sent, "nobody sent %v", got)
	num, err := number.Parse(sent.GetNumber(), "CN")
	require.NoError(t, err)
	require.Equal(t, n, num)
	require.Equal(t, sent.GetLine(), got.GetLine())
	require.Equal(t, sent.GetOutcome(), got.GetOutcome())
	require.Equal(t, sent.GetTalk().AsDuration(), got.GetTalk().AsDuration())
	c := calls.Call{ID: got.GetCallId(), Number: n, Line: got.GetLine(),
		Start: got.GetStartTime().AsTime(), Talk: got.GetTalk().AsDuration(),
		Revision: got.GetRevision(),
		Outcome: calls.Outcome(strings.ToLower(strings.TrimPrefix(got.GetOutcome().String(),
			"OUTCOME_")))}
	if c.Revision == 0 {
		c.Outcome = calls.Pending
		return c
	}
	require.Equal(t, sent.GetStartTime().AsTime(), c.Start)
	return c
}

// acknowledged checks that nothing is lost, nothing there twice, and that batches are
// there as a whole or not at all.
func (s *reports) acknowledged(t *testing.T, known map[string][]calls.Call) {
	t.Helper()
	revisions := map[string]int64{}
	for _, list := range known {
		for _, c := range list {
			_, twice := revisions[c.ID]
			require.False(t, twice, "%s is there twice", c.ID)
			revisions[c.ID] = c.Revision
		}
	}
	for id, revision := range s.acked {
		got, ok := revisions[id]
		require.True(t, ok, "%s was acknowledged and is lost", id)
		require.GreaterOrEqual(t, got, revision, "%s was acknowledged with a higher revision", id)
	}
	for _, batch := range s.lost {
		there := 0
		for _, c := range batch {
			if _, ok := revisions[c.GetCallId()]; ok {
				there++
			}
		}
		require.Contains(t, []int{0, len(batch)}, there, "a part of a batch is there")
	}
}

type lineSlot struct {
	line string
	at   time.Time
}

// counted checks the counts that were kept with every report, and marks the calls of
// lines that failed.
func (s *reports) counted(t *testing.T, c *server, known map[string][]calls.Call) {
	t.Helper()
	outcomes, slots := map[string]int64{}, map[lineSlot][2]int{}
	for _, list := range known {
		for _, c := range list {
			if c.Revision == 0 {
				outcomes["reserved"]++
				continue
			}
			outcomes[string(c.Outcome)]++
			key := lineSlot{c.Line, calls.SlotOf(c.Start)}
			k := slots[key]
			k[0]++
			if c.Outcome == calls.Rejected {
				k[1]++
			}
			slots[key] = k
		}
	}
	s.outcomes = outcomes
	guard := calls.Default().Guard
	rules, err := c.Rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	told := map[lineSlot][2]int{}
	for _, f := range rules.GetFailingLines() {
		if !strings.HasSuffix(f.GetLine(), s.line("")) {
			continue // another round's
		}
		told[lineSlot{f.GetLine(), f.GetStartTime().AsTime()}] = [2]int{int(f.GetCalls()),
			int(f.GetRejected())}
	}
	failing := map[lineSlot][2]int{}
	for key, k := range slots { // between failing and trusted, what was before decides
		counts := calls.LineSlot{Line: key.line, At: key.at, Attempts: k[0], Rejected: k[1]}
		_, counts.Failed = told[key]
		if guard.Failing(counts) && key.at.After(s.began.Add(-23*time.Hour)) {
			failing[key] = k
		}
	}
	require.Equal(t, failing, told)
	for _, list := range known {
		for i, c := range list {
			_, list[i].Untrusted = told[lineSlot{c.Line, calls.SlotOf(c.Start)}]
		}
	}
}

// summed checks the figures over all rounds, and reservations beside them.
func (w *world) summed(c *server, reserved int) {
	want := map[string]int64{}
	for _, r := range w.reports {
		for outcome, n := range r.outcomes {
			want[outcome] += n
		}
	}
	if reserved > 0 {
		want["reserved"] += int64(reserved)
	}
	report, err := c.Reports.GetReport(w.t.Context(), &pb.GetReportRequest{
		StartTime: timestamppb.New(w.began.Add(-100 * time.Hour)),
		EndTime:   timestamppb.New(w.began.Add(100 * time.Hour))})
	require.NoError(w.t, err)
	require.Equal(w.t, want, report.GetFigures().GetOutcomes())
}

// ruled checks that the freezes of rules that stand are those that the calls make, and
// what the gate answers; and says how many there are.
func (s *reports) ruled(t *testing.T, c *server, n string, list []calls.Call) int {
	t.Helper()
	h := calls.History{Calls: list}
	var standing []string
	names := map[string]bool{}
	for _, f := range c.FreezesOf(t, n) {
		switch {
		case f.GetRelease() == nil:
			standing = append(standing, firingText(f.GetRule(), f.GetRuleVersion(),
				f.GetStartTime().AsTime(), f.GetEndTime().AsTime(), f.GetCallIds()))
			names[f.GetName()] = true
		case f.GetRelease().GetCause() == "released":
			h.Releases = append(h.Releases, f.GetRelease().GetReleaseTime().AsTime())
		}
	}
	timeline := calls.Timeline{{RuleSet: calls.Default()}}
	var want []string
	for _, f := range timeline.Firings(h, time.Time{}, s.began.Add(time.Hour)) {
		want = append(want, firingText(f.Rule, f.Version, f.From, f.Until, f.Calls))
	}
	slices.Sort(want)
	slices.Sort(standing)
	require.Equal(t, want, standing, "%s, released %v", n, h.Releases)

	a, denied := s.asked(t, c, n, timeline, h)
	switch {
	case len(want) > 0:
		require.Equal(t, pb.Answer_REASON_FROZEN, a.GetReason())
		require.True(t, names[a.GetFreeze()])
	case denied:
		require.Equal(t, pb.Answer_REASON_RULE_LIMIT, a.GetReason())
	default:
		require.Equal(t, pb.Answer_REASON_NONE, a.GetReason())
	}
	return len(want)
}

// noticed is within how long a server notices that its clock was set, on a busy machine.
const noticed = 30 * time.Second

// asked is the gate's answer, and whether the rules deny the number at its moment. Where they do
// and the gate does not know yet, the clock was set just now: it looks at it every few seconds.
func (s *reports) asked(
	t *testing.T, c *server, n string, rules calls.Timeline, h calls.History,
) (a *pb.Answer, denied bool) {
	t.Helper()
	for end := time.Now().Add(noticed); ; <-time.After(100 * time.Millisecond) {
		resp, err := c.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: n})
		require.NoError(t, err)
		now := resp.GetAsOf().AsTime()
		a = resp.GetAnswer()
		denied = slices.ContainsFunc(rules.Denials(h, now),
			func(d calls.Denial) bool { return !now.Before(d.From) && now.Before(d.Until) })
		if !denied || !a.GetAllowed() || time.Now().After(end) {
			return a, denied
		}
	}
}

func firingText(rule, version string, from, until time.Time, ids []string) string {
	slices.Sort(ids)
	return fmt.Sprint(rule, " ", version, " ", from.UnixMicro(), " ", until.UnixMicro(), " ", ids)
}
