package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// rulesOfAnyOrder count in all ways that there are; the freezes are short, so that some
// are over at the end.
var rulesOfAnyOrder = []string{`
name: first
zone: Asia/Shanghai
rules:
  - {name: day, title: t, when: "call.outcome == 'rejected'", limit: 2, window: day, per: number, freeze: 60h}
  - {name: rolling, title: t, when: "call.outcome != 'failed'", limit: 2, window: 30h, per: number_and_agent, freeze: 10d}
  - {name: deny-day, title: t, when: "call.outcome != 'failed'", limit: 3, window: day, per: number, deny: true}
guard: {enabled: true, calls: 3, rejected_share: 0.7}
same_call: 5m
`, `
name: second
zone: America/New_York
rules:
  - {name: day, title: t, when: "call.outcome == 'rejected' && call.line != 'line 1'", limit: 1, window: 3h, per: number, freeze: 60h}
  - {name: deny-rolling, title: t, when: "true", limit: 2, window: 20h, per: number_and_agent, deny: true}
guard: {enabled: true, calls: 2, rejected_share: 0.9}
same_call: off
`}

// anyOrder is one run: calls to three numbers on two lines, all of which no other run
// uses, and what was done so far.
type anyOrder struct {
	*bench
	t        *testing.T
	run      int
	reports  []calls.Call
	latest   map[string]calls.Call
	releases map[int][]time.Time
}

// testAnyOrder: in whatever order reports, repetitions, corrections and releases come,
// in the end the rules' freezes and denials are those of the calls themselves, and those
// of a database that heard everything once and in order. Which lines were failing is taken from
// each database: where the share lies between trusting and failing, what came first decides.
func testAnyOrder(t *testing.T, b *bench) {
	other := b.fresh()
	var rules []*calls.RuleSet
	for _, source := range rulesOfAnyOrder {
		rules = append(rules, parseRules(t, source))
	}
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		from := begin.AddDate(0, 0, 20*run) // where no other run has calls
		timeline := calls.Timeline{{RuleSet: rules[0]},
			{RuleSet: rules[1], Since: from.Add(-10 * time.Hour)}}
		r := &anyOrder{bench: b, t: t, run: run, latest: map[string]calls.Call{},
			releases: map[int][]time.Time{}}
		r.setTime(from, timeline)
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			r.step(rt)
		}
		replay := &anyOrder{bench: other, t: t, run: run, latest: r.latest, releases: r.releases}
		replay.setTime(from, timeline)
		replay.inOrder(b.clock())
		r.compare(rt, replay)
	})
	b.verify(t)
	other.verify(t)
}

func (r *anyOrder) setTime(now time.Time, timeline calls.Timeline) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.rules = now, timeline
}

// place is the i-th of the run's numbers.
func (r *anyOrder) place(i int) int { return 10_000 + 3*r.run + i }

func (r *anyOrder) step(rt *rapid.T) {
	switch rapid.IntRange(0, 9).Draw(rt, "step") {
	case 0:
		r.later(time.Duration(rapid.IntRange(1, 40).Draw(rt, "hours")) * time.Hour / 2)
	case 1:
		r.releaseNumber(rapid.IntRange(0, 2).Draw(rt, "number"))
	case 2:
		if len(r.reports) > 0 {
			r.report(rapid.SampledFrom(r.reports).Draw(rt, "repeated"))
		}
	default:
		batch := make([]calls.Call, rapid.IntRange(1, 3).Draw(rt, "batch"))
		for i := range batch {
			batch[i] = r.drawCall(rt)
		}
		r.report(batch...)
	}
}

// drawCall is the report of a call, or of a correction of one that is known.
func (r *anyOrder) drawCall(rt *rapid.T) calls.Call {
	id := fmt.Sprintf("run %d call %d", r.run, rapid.IntRange(0, 9).Draw(rt, "id"))
	ago := time.Duration(rapid.IntRange(0, 60).Draw(rt, "hours ago"))*time.Hour +
		time.Duration(rapid.SampledFrom([]int{0, 0, 3, 5, 6, 8}).Draw(rt, "minutes ago"))*time.Minute
	c := calls.Call{ID: id, Number: numberOf(rt, r.place(rapid.IntRange(0, 2).Draw(rt, "number"))),
		Start: r.clock().Add(-ago),
		Agent: rapid.SampledFrom([]string{"li", "wang", ""}).Draw(rt, "agent"),
		Line:  fmt.Sprintf("run %d line %d", r.run, rapid.IntRange(0, 1).Draw(rt, "line")),
		Outcome: rapid.SampledFrom([]calls.Outcome{calls.Rejected, calls.Rejected, calls.NoAnswer,
			calls.Failed}).Draw(rt, "outcome"),
		Revision: r.latest[id].Revision + 1}
	r.latest[id] = c
	return c
}

func (r *anyOrder) report(reports ...calls.Call) {
	r.reports = append(r.reports, reports...)
	out := r.reported(r.t, reports...)
	for i, o := range out {
		want := r.latest[reports[i].ID]
		if i == len(out)-1 {
			require.Equal(r.t, want.Revision, o.Call.Revision, "the highest revision counts")
		}
		h, err := r.callHistory(r.t.Context(), o.Call.Number, time.Unix(0, 0), r.clock())
		require.NoError(r.t, err)
		wrote := o.Status == calls.Created || o.Status == calls.Updated
		// what lies further back need not tell the gate anything
		if wrote && o.Call == want && r.clock().Sub(want.Start) < 3*time.Hour {
			require.Equal(r.t, uncounted(r.timeline().Denials(h, r.clock())),
				uncounted(r.stillDenied(o.Call.Number)), "the gate was told what the rules deny")
		}
	}
}

// stillDenied is what the gate heard last of a number, without what is over by itself: of
// that it need not hear again.
func (r *anyOrder) stillDenied(n number.Number) []calls.Denial {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []calls.Denial
	for _, d := range r.denials[n] {
		if now.Before(d.Until) {
			out = append(out, d)
		}
	}
	return out
}

// deniedLast is what the gate heard last of a number.
func (b *bench) deniedLast(n number.Number) []calls.Denial {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.denials[n]
}

// uncounted leaves out how many calls there were: of one more, where nothing else changes, the
// gate need not hear.
func uncounted(denials []calls.Denial) []calls.Denial {
	out := slices.Clone(denials)
	for i := range out {
		out[i].Count = 0
	}
	return out
}

// releaseNumber freezes the number by hand first, so that there is something to release.
func (r *anyOrder) releaseNumber(n int) {
	num := numberOf(r.t, r.place(n))
	_, err := r.freeze.Order(r.t.Context(), request.Request{},
		[]freeze.Freeze{{Number: num, Reason: freeze.Manual}})
	require.NoError(r.t, err)
	_, err = r.freeze.Release(r.t.Context(), request.Request{}, num, "ops", "asked")
	require.NoError(r.t, err)
	r.releases[n] = append(r.releases[n], r.clock())
}

// inOrder does once and in the order of time what the calls are in the end.
func (r *anyOrder) inOrder(end time.Time) {
	type event struct {
		at   time.Time
		call *calls.Call
		n    int
	}
	var events []event
	for _, c := range r.latest {
		events = append(events, event{at: c.Start, call: &c})
	}
	for n, at := range r.releases {
		for _, x := range at {
			events = append(events, event{at: x, n: n})
		}
	}
	r.releases = map[int][]time.Time{}
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.n, b.n))
	})
	for _, e := range events {
		r.setTime(e.at, r.timeline())
		if e.call != nil {
			r.reported(r.t, *e.call)
		} else {
			r.releaseNumber(e.n)
		}
	}
	r.setTime(end, r.timeline())
}

// ruled is what two databases must agree on about a rule's freeze.
type ruled struct {
	rule, version string
	from, until   time.Time
	calls         string
}

func (r *anyOrder) compare(rt *rapid.T, replay *anyOrder) {
	denied, deniedInOrder := r.standingDenials(r.t), replay.standingDenials(r.t)
	for n := range 3 {
		num, h := numberOf(rt, r.place(n)), r.history(rt, n)
		require.Equal(rt, r.firings(h), r.ruled(rt, n), "as the calls say")
		require.Equal(rt, r.firings(replay.history(rt, n)), replay.ruled(rt, n), "in order")
		wanted := r.timeline().Denials(h, r.clock())
		require.Equal(rt, wanted, denied[num])
		require.Equal(rt, wanted, deniedInOrder[num])
	}
}

// firings are the freezes that the rules make of a number's calls, and that are not over.
func (r *anyOrder) firings(h calls.History) []ruled {
	var out []ruled
	for _, f := range r.timeline().Firings(h, time.Time{}, r.clock()) {
		if f.Until.IsZero() || r.clock().Before(f.Until) {
			out = append(out, ruled{f.Rule, f.Version, f.From, f.Until, fmt.Sprint(f.Calls)})
		}
	}
	return sorted(out)
}

// counts are those of the lines, worked out from the reports alone.
func (r *anyOrder) counts() map[string]calls.LineSlot {
	counts := map[string]calls.LineSlot{}
	for _, c := range r.latest {
		k := counts[slotName(c.Line, c.Start)]
		k.Line, k.At = c.Line, calls.SlotOf(c.Start)
		k.Attempts++
		if c.Outcome == calls.Rejected {
			k.Rejected++
		}
		counts[slotName(c.Line, c.Start)] = k
	}
	return counts
}

func slotName(line string, at time.Time) string { return line + calls.SlotOf(at).String() }

// settled are the counts with what the database made of them, which may differ from what
// they say alone only where it is between trusting and failing.
func (r *anyOrder) settled(rt *rapid.T) map[string]calls.LineSlot {
	counts := r.counts()
	kept, err := r.Calls.LineSlots(context.Background(), time.Unix(0, 0), r.clock().Add(time.Hour))
	require.NoError(rt, err)
	for _, s := range kept {
		k, ok := counts[slotName(s.Line, s.At)]
		if !ok {
			continue
		}
		trusted, failing := k, k
		failing.Failed = true
		require.Equal(rt, s.Failed && r.timeline().Failing(s.At, failing) ||
			r.timeline().Failing(s.At, trusted), s.Failed, "%v", s)
		k.Failed = s.Failed
		require.Equal(rt, k, s, "counts don't depend on the order")
		counts[slotName(s.Line, s.At)] = k
	}
	return counts
}

// history is what is known of a number, worked out from the reports, and from which lines
// the database takes for failing.
func (r *anyOrder) history(rt *rapid.T, n int) calls.History {
	counts := r.settled(rt)
	h := calls.History{Releases: r.releases[n]}
	for _, c := range r.latest {
		if c.Number == numberOf(r.t, r.place(n)) {
			c.Untrusted = r.timeline().Failing(c.Start, counts[slotName(c.Line, c.Start)])
			h.Calls = append(h.Calls, c)
		}
	}
	return h
}

// ruled are the rules' freezes that stand on a number.
func (r *anyOrder) ruled(rt *rapid.T, n int) []ruled {
	var out []ruled
	for _, f := range r.frozen(rt, r.place(n)) {
		if f.Reason == freeze.Ruled {
			out = append(out, ruled{f.Rule, f.RuleVersion, f.From, f.Until,
				fmt.Sprint(f.Evidence.Calls)})
		}
	}
	return sorted(out)
}

func sorted(list []ruled) []ruled {
	slices.SortFunc(list, func(a, b ruled) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}
