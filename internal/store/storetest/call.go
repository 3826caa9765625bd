package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// rulesOfTest are those that come with the program, as far as tests count on them, with
// a smaller guard.
const rulesOfTest = `
name: test
zone: Asia/Shanghai
rules:
  - {name: short, title: Rejected or short, when: "call.outcome == 'rejected' || (call.outcome == 'answered' && call.talk <= duration('15s'))",
     limit: 3, window: day, per: number, freeze: 30d}
  - {name: six, title: Six attempts, when: "call.outcome != 'failed'", limit: 6, window: day, per: number, deny: true}
guard: {enabled: true, calls: 8, rejected_share: 0.5}
same_call: off
`

func parseRules(t testing.TB, source string) *calls.RuleSet {
	t.Helper()
	rules, err := calls.Parse([]byte(source))
	require.NoError(t, err)
	return rules
}

// call is the report of a call to that number that was rejected after that time.
func call(t testing.TB, id string, n int, after time.Duration) calls.Call {
	t.Helper()
	return calls.Call{ID: id, Number: numberOf(t, n), Agent: "小王", Line: "line " + fmt.Sprint(n),
		CallerID: "02110", Start: begin.Add(after),
		Outcome: calls.Rejected, EndedBy: calls.ByCustomer, Code: "sip 603", Revision: 1}
}

// reported are the answers to reports, of which none may fail.
func (b *bench) reported(t testing.TB, reports ...calls.Call) []calls.Reported {
	t.Helper()
	out, err := b.calls.Report(t.Context(), reports)
	require.NoError(t, err)
	require.Len(t, out, len(reports))
	for _, r := range out {
		require.NoError(t, r.Err)
	}
	return out
}

// frozen are the standing freezes of a number.
func (b *bench) frozen(t failer, n int) []freeze.Freeze {
	t.Helper()
	all, err := b.freezesOf(context.Background(), numberOf(t, n))
	require.NoError(t, err)
	var out []freeze.Freeze
	for _, f := range all {
		if f.Stands(b.clock()) {
			out = append(out, f)
		}
	}
	return out
}

func testReportCall(t *testing.T, b *bench) {
	ctx := t.Context()
	c := call(t, "c1", 1, -time.Minute+1)
	out := b.reported(t, c)
	c.Start = begin.Add(-time.Minute)
	require.Equal(t, []calls.Reported{{Call: c, Status: calls.Created}}, out)
	rec := b.recording(t, 1)
	rec.CallID = "c1"
	_, _, err := b.Recordings.CreateRecording(ctx, rec)
	require.NoError(t, err)
	kept, err := b.Calls.Get(ctx, "c1", b.timeline())
	require.NoError(t, err)
	require.Equal(t, calls.Record{Call: c, Recordings: []string{string(rec.ID)}, CreatedAt: begin,
		UpdatedAt: begin}, kept)

	now := b.later(time.Minute)
	require.Equal(t, calls.Unchanged, b.reported(t, c)[0].Status)
	other := c
	other.Talk, other.Outcome = 20*time.Second, calls.Answered
	refused, err := b.calls.Report(ctx, []calls.Call{other})
	require.NoError(t, err)
	require.Equal(t, "REVISION_CONFLICT", fault.ReasonOf(refused[0].Err))
	other.Revision = 3
	require.Equal(t, []calls.Reported{{Call: other, Status: calls.Updated}}, b.reported(t, other))
	require.Equal(t, []calls.Reported{{Call: other, Status: calls.Stale}}, b.reported(t, c))
	kept, err = b.Calls.Get(ctx, "c1", b.timeline())
	require.NoError(t, err)
	require.Equal(t, other, kept.Call)
	require.Equal(t, begin, kept.CreatedAt)
	require.Equal(t, now, kept.UpdatedAt)
	_, err = b.Calls.Get(ctx, "c2", b.timeline())
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

// testReportMany: each report is answered by itself, also where several are of one call.
func testReportMany(t *testing.T, b *bench) {
	ctx := t.Context()
	wrong := call(t, "c2", 2, 0)
	wrong.Outcome = "nonsense"
	second := call(t, "c1", 1, 0)
	second.Revision, second.Outcome = 2, calls.Busy
	conflict := second
	conflict.Outcome = calls.NoAnswer
	out, err := b.calls.Report(ctx, []calls.Call{call(t, "c1", 1, 0), wrong, second, conflict,
		call(t, "c3", 3, 0), call(t, "c1", 1, 0)})
	require.NoError(t, err)
	var statuses []string
	for _, r := range out {
		statuses = append(statuses, string(r.Status)+fault.ReasonOf(r.Err))
	}
	require.Equal(t, []string{"created", "INVALID_REQUEST", "updated", "REVISION_CONFLICT",
		"created", "stale"}, statuses)
	require.Equal(t, 2, b.count(t, `SELECT COUNT(*) FROM calls`))
	kept, err := b.Calls.Get(ctx, "c1", b.timeline())
	require.NoError(t, err)
	require.Equal(t, calls.Busy, kept.Outcome)
	for _, n := range []int{0, 1001} {
		_, err = b.calls.Report(ctx, make([]calls.Call, n))
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
	many := make([]calls.Call, 1000)
	for i := range many {
		many[i] = call(t, fmt.Sprint("many-", i), i, time.Duration(-i)*time.Second)
		many[i].Outcome = calls.NoAnswer
	}
	b.reported(t, many...)
	require.Equal(t, 1002, b.count(t, `SELECT COUNT(*) FROM calls`))
}

// testRuleFreezes: the call that reaches the limit freezes, at once and by the ledger.
func testRuleFreezes(t *testing.T, b *bench) {
	b.reported(t, call(t, "c1", 1, -3*time.Hour), call(t, "c2", 1, -2*time.Hour))
	require.Empty(t, b.frozen(t, 1))
	out := b.reported(t, call(t, "c4", 2, 0), call(t, "c3", 1, -time.Hour))
	require.Empty(t, out[0].Opened)
	require.Len(t, out[1].Opened, 1)
	f := out[1].Opened[0]
	from := begin.Add(-time.Hour)
	require.Equal(t, freeze.Freeze{ID: f.ID, Number: numberOf(t, 1), Reason: freeze.Ruled,
		Rule: "short", RuleVersion: b.timeline()[0].RuleSet.Version,
		Evidence: freeze.Evidence{Calls: []string{"c1", "c2", "c3"}}, From: from,
		Until: from.Add(30 * 24 * time.Hour), Actor: "rules", Seq: 1,
		OpenedSeq: 1, NumberMAC: b.mac(t, 1)}, f)
	require.Equal(t, []freeze.Freeze{f}, b.frozen(t, 1))
	require.Equal(t, f, b.heardOf(t, f.ID))
	require.Equal(t, 1, b.verify(t))
	b.reported(t, call(t, "c5", 1, 0))
	require.Len(t, b.frozen(t, 1), 1, "the limit is reached once")
	b.reported(t, call(t, "d1", 3, -2*time.Hour), call(t, "d2", 3, -time.Hour))
	late := b.reported(t, call(t, "d0", 3, -3*time.Hour))
	require.Len(t, late[0].Opened, 1,
		"whatever was called last, this report was the last to be missing")
	require.Equal(t, []string{"d0", "d1", "d2"}, late[0].Opened[0].Evidence.Calls)
}

// testCorrections: whatever takes the evidence away ends the freeze, as corrected.
func testCorrections(t *testing.T, b *bench) {
	three := func(n int) (first, second, third calls.Call) {
		id := func(i int) string { return fmt.Sprint("c", n, "-", i) }
		first, second, third = call(t, id(1), n, -3*time.Hour), call(t, id(2), n, -2*time.Hour),
			call(t, id(3), n, -time.Hour)
		b.reported(t, first, second, third)
		require.Len(t, b.frozen(t, n), 1)
		return first, second, third
	}
	for n, correct := range map[int]func(*calls.Call){
		1: func(c *calls.Call) { c.Outcome = calls.Failed },
		2: func(c *calls.Call) { c.Number = numberOf(t, 22) },
		3: func(c *calls.Call) { c.Start = c.Start.Add(-24 * time.Hour) },
	} {
		_, c, _ := three(n)
		correct(&c)
		c.Revision = 2
		b.reported(t, c)
		require.Empty(t, b.frozen(t, n))
		all, err := b.freezesOf(t.Context(), numberOf(t, n))
		require.NoError(t, err)
		require.Equal(t, freeze.Corrected, all[0].Release.Cause)
		require.Equal(t, b.clock(), all[0].Release.At)
		require.Equal(t, all[0], b.heardOf(t, all[0].ID))
		b.reported(t, call(t, fmt.Sprint("more", n), n, 0))
		require.Len(t, b.frozen(t, n), 1, "a third one again")
	}
	moved := call(t, "moved", 22, -3*time.Hour)
	b.reported(t, moved, call(t, "more", 22, -time.Hour))
	require.Len(t, b.frozen(t, 22), 1, "the call that was moved here counts here")
}

// testExtendedByHand: what a person extended is not ended by a correction.
func testExtendedByHand(t *testing.T, b *bench) {
	b.reported(t, call(t, "c1", 1, -3*time.Hour), call(t, "c2", 1, -2*time.Hour),
		call(t, "c3", 1, -time.Hour))
	f := b.frozen(t, 1)[0]
	_, err := b.freeze.Extend(t.Context(), request.Request{}, f.ID, time.Time{}, "ops",
		"asked in writing")
	require.NoError(t, err)
	b.reported(t, call(t, "c4", 1, 0))
	require.Len(t, b.frozen(t, 1), 1, "it is still the freeze of its calls")
	for _, id := range []string{"c1", "c2"} {
		c := call(t, id, 1, -3*time.Hour)
		c.Revision, c.Outcome = 2, calls.Failed
		b.reported(t, c)
	}
	kept := b.frozen(t, 1)
	require.Len(t, kept, 1)
	require.Equal(t, f.ID, kept[0].ID)
	b.verify(t)
}

// testErasedFreeze: a rule's freeze whose evidence was erased is left as it is.
func testErasedFreeze(t *testing.T, b *bench) {
	b.reported(t, call(t, "c1", 1, -3*time.Hour), call(t, "c2", 1, -2*time.Hour),
		call(t, "c3", 1, -time.Hour))
	require.NoError(t, b.write(t, `DELETE FROM ledger_personal`))
	b.reported(t, call(t, "c4", 1, 0))
	require.Len(t, b.frozen(t, 1), 1)
	require.Equal(t, 1, b.verify(t))
}

// testReleaseIsABarrier: after a person's release only later calls count.
func testReleaseIsABarrier(t *testing.T, b *bench) {
	b.reported(t, call(t, "c1", 1, -3*time.Hour), call(t, "c2", 1, -2*time.Hour),
		call(t, "c3", 1, -time.Hour))
	require.Len(t, b.frozen(t, 1), 1)
	_, err := b.release(t, 1, "")
	require.NoError(t, err)
	b.later(time.Hour)
	b.reported(t, call(t, "late", 1, -90*time.Minute), call(t, "c4", 1, 30*time.Minute),
		call(t, "c5", 1, 40*time.Minute))
	require.Empty(t, b.frozen(t, 1))
	b.reported(t, call(t, "c6", 1, 50*time.Minute))
	require.Equal(t, []string{"c4", "c5", "c6"}, b.frozen(t, 1)[0].Evidence.Calls)
	h, err := b.callHistory(t.Context(), numberOf(t, 1), begin.Add(-3*time.Hour),
		begin.Add(50*time.Minute))
	require.NoError(t, err)
	require.Len(t, h.Calls, 7)
	require.Equal(t, []time.Time{begin}, h.Releases)
	b.verify(t)
}

// testGuard: on a line where most calls are rejected no rule freezes, and what it froze
// before is released; with more calls that go well it is the customers' doing again.
func testGuard(t *testing.T, b *bench) {
	b.later(time.Minute)
	onLine := func(id string, n int, after time.Duration) calls.Call {
		c := call(t, id, n, after)
		c.Line = "trunk"
		return c
	}
	b.reported(t, onLine("c1", 1, 0), onLine("c2", 1, time.Second), onLine("c3", 1, 2*time.Second),
		onLine("c4", 2, 0))
	require.Len(t, b.frozen(t, 1), 1)
	b.reported(t, onLine("c5", 3, 0), onLine("c6", 4, 0), onLine("c7", 5, 0))
	require.Len(t, b.frozen(t, 1), 1)
	require.True(t, b.reported(t, onLine("c8", 6, 0))[0].Call.Untrusted)
	require.True(t, b.reported(t, onLine("c1", 1, 0))[0].Call.Untrusted,
		"known already, and not trusted any more")
	require.Empty(t, b.frozen(t, 1), "eight calls, eight rejected")
	require.Equal(t, []calls.LineSlot{{Line: "trunk", At: begin, Attempts: 8, Rejected: 8, Failed: true}},
		b.failingLines(t))
	kept, err := b.Calls.Get(t.Context(), "c1", b.timeline())
	require.NoError(t, err)
	require.True(t, kept.Untrusted)
	for i := range 13 { // to less than 0.8 of the share that it takes to fail
		c := onLine(fmt.Sprint("ok", i), 10+i, 3*time.Second)
		c.Outcome = calls.NoAnswer
		require.Equal(t, i < 12, b.reported(t, c)[0].Call.Untrusted, "call %d", 8+i+1)
	}
	require.Len(t, b.frozen(t, 1), 1)
	require.Empty(t, b.failingLines(t))
	b.verify(t)
}

// failingLines are the ten minutes of lines that look like a failing trunk.
func (b *bench) failingLines(t *testing.T) []calls.LineSlot {
	t.Helper()
	found, err := b.Calls.LineSlots(t.Context(), begin.Add(-24*time.Hour), begin.Add(time.Hour))
	require.NoError(t, err)
	return slices.DeleteFunc(found, func(s calls.LineSlot) bool {
		return !b.timeline().Failing(s.At, s)
	})
}

// testDenials: the gate hears what the rules deny, and a start finds the same.
func testDenials(t *testing.T, b *bench) {
	for i := range 6 {
		c := call(t, fmt.Sprint("c", i), 1, time.Duration(i)*time.Second)
		c.Outcome = calls.NoAnswer
		b.reported(t, c)
		require.Len(t, b.denied(t, 1), i/5, "after %d", i+1)
	}
	b.reported(t, call(t, "d", 2, 0))
	require.Equal(t, map[number.Number][]calls.Denial{numberOf(t, 1): b.denied(t, 1)},
		b.standingDenials(t))
	c := call(t, "c0", 1, 0)
	c.Outcome, c.Revision = calls.Failed, 2
	b.reported(t, c)
	require.Empty(t, b.denied(t, 1))
	require.Empty(t, b.standingDenials(t))
}

func (b *bench) standingDenials(t *testing.T) map[number.Number][]calls.Denial {
	t.Helper()
	out := map[number.Number][]calls.Denial{}
	require.NoError(t, b.timeline().Denied(t.Context(), b.Calls, b.clock(),
		func(n number.Number, d []calls.Denial) error { out[n] = d; return nil }))
	return out
}

// testReportsShareATransaction: many callers at once lose nothing and freeze once.
func testReportsShareATransaction(t *testing.T, b *bench) {
	const callers, each = 16, 20
	b.later(time.Minute)
	atOnce(callers, func(i int) {
		for j := range each {
			c := call(t, fmt.Sprint("c-", i, "-", j), j, time.Duration(i)*time.Second)
			c.Line = fmt.Sprint("line ", i, j)
			out, err := b.calls.Report(t.Context(), []calls.Call{c, c})
			require.NoError(t, err)
			require.Equal(t, calls.Created, out[0].Status)
			require.Equal(t, calls.Unchanged, out[1].Status)
		}
	})
	require.Equal(t, callers*each, b.count(t, `SELECT COUNT(*) FROM calls`))
	for j := range each {
		require.Len(t, b.frozen(t, j), 1)
		first := []string{fmt.Sprint("c-0-", j), fmt.Sprint("c-1-", j), fmt.Sprint("c-2-", j)}
		require.Equal(t, first, b.frozen(t, j)[0].Evidence.Calls,
			"whatever came first")
	}
	b.verify(t)
}

// testReportGivenUp: whoever stops waiting gets the context's error; what became of the
// report the repetition tells.
func testReportGivenUp(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.calls.Report(ctx, []calls.Call{call(t, "c1", 1, 0)})
	require.ErrorIs(t, err, context.Canceled)
	status := b.reported(t, call(t, "c1", 1, 0))[0].Status
	require.Contains(t, []calls.Status{calls.Created, calls.Unchanged}, status)
}

// testReportFails: where the database refuses, nobody is told that the report counts.
func testReportFails(t *testing.T, b *bench) {
	broken, mended := b.brokenCalls()
	require.NoError(t, b.write(t, broken))
	_, err := b.calls.Report(t.Context(), []calls.Call{call(t, "c1", 1, 0)})
	require.ErrorContains(t, err, "the disk is full")
	require.NoError(t, b.write(t, mended))
	require.Equal(t, calls.Created, b.reported(t, call(t, "c1", 1, 0))[0].Status)
}
