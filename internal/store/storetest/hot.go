package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
)

// rulesOfHot are like those that come with the program.
const rulesOfHot = `
name: hot
zone: Asia/Shanghai
rules:
  - {name: short, when: "call.outcome == 'rejected'", limit: 2, window: day, freeze: 30d}
  - {name: many, when: "call.outcome != 'failed'", limit: 3, window: day, deny: true}
guard: {enabled: true, calls: 12, rejected_share: 0.5}
same_call: 10s
`

// testHotNumber: of a number that may not be called any more not all calls are read for each
// report, and yet what rules make of it is what all its calls say.
func testHotNumber(t *testing.T, b *bench) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		from := begin.AddDate(0, 0, 20*run)
		timeline := calls.Timeline{{RuleSet: parseRules(t, rulesOfHot)}}
		r := &anyOrder{bench: b, t: t, run: run, latest: map[string]calls.Call{},
			releases: map[int][]time.Time{}}
		r.setTime(from, timeline)
		num := numberOf(rt, r.place(0))
		for i := range rapid.IntRange(1, 20).Draw(rt, "calls") {
			if rapid.IntRange(0, 30).Draw(rt, "released") == 0 {
				r.releaseNumber(0)
			}
			r.later(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 30, 3000, 20000}).Draw(rt,
				"seconds")) * time.Second)
			c := calls.Call{ID: fmt.Sprint("hot ", run, " ", i), Number: num,
				Start: r.clock().Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 0, 3, 12,
					4000}).Draw(rt, "ago")) * time.Second), Line: fmt.Sprint("hot ", run),
				Outcome: rapid.SampledFrom([]calls.Outcome{calls.NoAnswer, calls.NoAnswer,
					calls.Rejected, calls.Failed, calls.Busy}).Draw(rt, "outcome"), Revision: 1}
			if old := rapid.IntRange(0, 8).Draw(rt, "corrected"); i > 0 && old == 0 {
				c.ID, c.Revision = fmt.Sprint("hot ", run, " ", i-1), 2
			}
			r.latest[c.ID] = c
			batch := []calls.Call{c}
			for j := range rapid.IntRange(0, 2).Draw(rt, "more") {
				more := c
				more.ID, more.Revision = fmt.Sprint(c.ID, "+", j, "+", i), 1
				more.Start = c.Start.Add(time.Duration(-j*7) * time.Second)
				r.latest[more.ID] = more
				batch = append(batch, more)
			}
			r.reported(t, batch...)
			h, err := r.callHistory(t.Context(), num, time.Unix(0, 0), r.clock())
			require.NoError(rt, err)
			require.Equal(rt, r.firings(h), r.ruled(rt, 0))
			require.Equal(rt, uncounted(r.timeline().Denials(h, r.clock())),
				uncounted(r.stillDenied(num)))
		}
	})
	b.verify(t)
}

// testHotNumberIsQuick: a report for a number with many calls reads few of them.
func testHotNumberIsQuick(t *testing.T, b *bench) {
	var read int
	b.setRules(parseRules(t, rulesOfHot))
	b.later(time.Hour)
	for i := range 100 {
		b.reported(t, calls.Call{ID: fmt.Sprint("h", i), Number: numberOf(t, 1), Line: "l",
			Start: begin.Add(time.Duration(i) * 30 * time.Second), Outcome: calls.NoAnswer, Revision: 1})
	}
	k := calls.Known{}
	_, err := b.calls.Reserve(t.Context(), calls.Call{ID: "r", Number: numberOf(t, 1)}, time.Minute,
		func(known calls.Known) bool {
			k, read = known, len(known.History.Calls)
			return false
		})
	require.NoError(t, err)
	require.Zero(t, read)
	require.Len(t, k.Denials, 1)
	require.NotEqual(t, 100, k.Denials[0].Count, "the last reports had nothing to tell the gate")
	require.Empty(t, k.Freezes)
}

// testGuardSettles: a line whose share hovers around the limit doesn't turn with each report.
func testGuardSettles(t *testing.T, b *bench) {
	b.later(time.Minute)
	for i := range 400 {
		c := call(t, fmt.Sprint("c", i), i/6+i%2*1000, time.Duration(i)*10*time.Millisecond)
		c.Line = "trunk"
		if i%2 == 0 {
			c.Outcome = calls.NoAnswer
		}
		b.reported(t, c)
	}
	entries, _, err := b.Freezes.LedgerHead(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, entries, int64(2), "before it failed, and when it did")
	require.Len(t, b.failingLines(t), 1)
	b.verify(t)
}

// testNoLine: calls of which nobody said the line are no line, and are trusted each.
func testNoLine(t *testing.T, b *bench) {
	b.later(time.Minute)
	for i := range 20 {
		c := call(t, fmt.Sprint("c", i), 2+i, time.Duration(i)*time.Second)
		c.Line = ""
		require.False(t, b.reported(t, c)[0].Call.Untrusted)
	}
	for i := range 3 {
		c := call(t, fmt.Sprint("n", i), 1, time.Duration(i)*time.Second)
		c.Line = ""
		b.reported(t, c)
	}
	require.Len(t, b.frozen(t, 1), 1)
	require.Empty(t, b.failingLines(t))
}
