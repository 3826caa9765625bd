package gate_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

func TestDenyReplaces(t *testing.T) {
	t.Parallel()
	n, other := parse(t, "13800138000"), parse(t, "13800138001")
	table := gate.NewTable()
	g := gate.New(table, nil, noRules)
	day := calls.Denial{Rule: "day", Version: "1", Count: 6, Limit: 6, From: noon,
		Until: noon.Add(4 * time.Hour), Window: "calendar day, Asia/Shanghai"}
	more := day
	more.Count = 7
	li := calls.Denial{Rule: "own", Version: "1", Agent: "li", Count: 1, Limit: 1, From: noon,
		Until: noon.Add(time.Hour), Window: "rolling 1h0m0s"}
	reason := func(n number.Number, agent string) (gate.Reason, int) {
		a := g.Now(gate.Ask{Number: n, Agent: agent}, noon)
		return a.Reason, a.Count
	}
	for i, step := range []struct {
		denials []calls.Denial
		agent   string
		reason  gate.Reason
		count   int
	}{
		{nil, "", gate.None, 0},
		{[]calls.Denial{day}, "", gate.RuleLimit, 6},
		{[]calls.Denial{day, li}, "li", gate.RuleLimit, 6},
		{[]calls.Denial{more}, "", gate.RuleLimit, 7},
		{[]calls.Denial{li}, "", gate.None, 0},
		{[]calls.Denial{li}, "li", gate.RuleLimit, 1},
		{nil, "li", gate.None, 0},
		{[]calls.Denial{li}, "li", gate.RuleLimit, 1},
	} {
		table.Deny(n, step.denials)
		table.Deny(other, nil)
		r, count := reason(n, step.agent)
		require.Equal(t, step.reason, r, "step %d", i)
		require.Equal(t, step.count, count, "step %d", i)
		r, _ = reason(other, step.agent)
		require.Equal(t, gate.None, r)
	}
	require.Zero(t, table.Len())
	table.Sweep(noon.Add(time.Hour))
	r, _ := reason(n, "li")
	require.Equal(t, gate.None, r)
}

// Who looks while a denial is exchanged for another sees one of them.
func TestDenyLeavesNoGap(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	table := gate.NewTable()
	g := gate.New(table, nil, noRules)
	denial := func(i int) []calls.Denial {
		return []calls.Denial{{Rule: fmt.Sprint("rule ", i%3), Version: "1", Count: i, From: noon,
			Until: noon.Add(time.Hour)}}
	}
	table.Deny(n, denial(0))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if g.Now(gate.Ask{Number: n}, noon).Allowed {
						t.Error("allowed between two denials")
						return
					}
				}
			}
		})
	}
	for i := range 5000 {
		table.Deny(n, denial(i))
		if i%500 == 0 {
			table.Sweep(noon)
		}
	}
	close(done)
	wg.Wait()
}

// someCalls are calls to the numbers of someNumber, around the two hours before noon.
func someCalls(t *rapid.T) []calls.Call {
	var out []calls.Call
	for i := range rapid.IntRange(0, 12).Draw(t, "calls") {
		out = append(out, calls.Call{
			ID: fmt.Sprint(i), Number: someNumber(t),
			Agent: rapid.SampledFrom([]string{"", "li", "wang"}).Draw(t, "agent"),
			Start: someTime(t, "start").Add(-50 * time.Minute),
			Outcome: rapid.SampledFrom([]calls.Outcome{calls.Pending, calls.Answered,
				calls.Rejected, calls.NoAnswer}).Draw(t, "outcome"), Revision: 1,
		})
	}
	return out
}

func someAllows(t *rapid.T) []freeze.Allow {
	var out []freeze.Allow
	for i := range rapid.IntRange(0, 4).Draw(t, "allows") {
		a := freeze.Allow{ID: freeze.AllowID(freezeID(i)), Number: someNumber(t),
			From: someTime(t, "from"), Until: someTime(t, "until"), Seq: int64(i)}
		if rapid.Bool().Draw(t, "ended") {
			a.Ended = &freeze.Release{At: someTime(t, "ended at")}
		}
		out = append(out, a)
	}
	return out
}

// For the present moment the table's answers are those of all that is known, whatever that
// is, and in whatever order it came.
func TestNowIsLikeJudge(t *testing.T) {
	t.Parallel()
	sets := []func() calls.Timeline{noRules, ruled(t, strict), ruled(t, daytime)}
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SampledFrom(sets).Draw(t, "rules")
		all, made, allows := news(t), someCalls(t), someAllows(t)
		now := someTime(t, "now")
		table := gate.NewTable()
		for _, f := range rapid.Permutation(all).Draw(t, "arrival") {
			table.Apply(f)
		}
		table.ApplyAllow(rapid.Permutation(allows).Draw(t, "allows' arrival")...)
		known := now.Add(-time.Duration(rapid.IntRange(0, 2).Draw(t,
			"told before")) * 5 * time.Minute)
		h := history{freezes: rapid.Permutation(latest(all)).Draw(t, "stored"), allows: allows,
			calls: until(made, known)}
		for i := range 4 {
			n := numberAt(t, i)
			denials := rules().Denials(calls.History{Calls: of(h.calls, n)}, known)
			table.Deny(n,
				rapid.Permutation(rules().Denials(calls.History{Calls: of(h.calls[:len(h.calls)/2],
					n)}, known)).Draw(t, "before"))
			table.Deny(n, denials)
		}
		table.Sweep(now)
		g := gate.New(table, h, rules)
		for range 5 {
			ask := gate.Ask{Number: someNumber(t),
				Line:  rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "line"),
				Agent: rapid.SampledFrom([]string{"", "li", "wang"}).Draw(t, "agent")}
			freezes, err := h.Freezes(t.Context(), freeze.Query{Numbers: []number.Number{ask.Number}})
			require.NoError(t, err)
			allows, err := h.Allows(t.Context(), freeze.AllowQuery{Numbers: []number.Number{ask.Number}})
			require.NoError(t, err)
			want := g.Judge(ask, calls.Known{At: now, Freezes: freezes, Allows: allows,
				History: calls.History{Calls: of(h.calls, ask.Number)}})
			got := g.Now(ask, now)
			if want.Count < got.Count && !known.Equal(now) { // calls have left the window since
				got.Count = want.Count
			}
			require.Equal(t, want, got)
		}
	})
}

func until(all []calls.Call, at time.Time) []calls.Call {
	var out []calls.Call
	for _, c := range all {
		if !c.Start.After(at) {
			out = append(out, c)
		}
	}
	return out
}

func of(all []calls.Call, n number.Number) []calls.Call {
	var out []calls.Call
	for _, c := range all {
		if c.Number == n {
			out = append(out, c)
		}
	}
	return out
}
