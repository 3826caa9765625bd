package calls_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
)

// drawModel draws calls around a midnight and around the days on which clocks change,
// rules that change between them, and releases.
func drawModel(t *rapid.T) model {
	m := model{calls: drawCalls(t),
		timeline: calls.Timeline{{RuleSet: rapid.SampledFrom(variants).Draw(t, "rules")}}}
	for range rapid.IntRange(0, 2).Draw(t, "activations") {
		set := rapid.SampledFrom(variants).Draw(t, "rules")
		if rapid.Bool().Draw(t, "alike") { // the same rules under another version
			was := m.timeline[len(m.timeline)-1].RuleSet
			set = variants[slices.Index(variants, was)^1]
		}
		m.timeline = append(m.timeline, calls.Activation{RuleSet: set,
			Since: someTime(t, m.calls, "since")})
	}
	slices.SortFunc(m.timeline[1:], func(a, b calls.Activation) int {
		return a.Since.Compare(b.Since)
	})
	for range rapid.IntRange(0, 2).Draw(t, "releases") {
		m.releases = append(m.releases, someTime(t, m.calls, "release"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "singly") {
		m.singly = append(m.singly, calls.RuleRelease{
			Rule: rapid.SampledFrom([]string{"short", "agent", "none", ""}).Draw(t, "of"),
			At:   someTime(t, m.calls, "released")})
	}
	return m
}

// someTime is about the time of a call: there it matters.
func someTime(t *rapid.T, list []calls.Call, what string) time.Time {
	if len(list) == 0 {
		return date("2026-03-08T12:00:00Z")
	}
	off := rapid.SampledFrom([]time.Duration{0, -time.Microsecond, time.Microsecond,
		-5 * time.Minute, 2 * time.Hour, -26 * time.Hour}).Draw(t, "off")
	return rapid.SampledFrom(list).Draw(t, what).Start.Add(off)
}

func drawCalls(t *rapid.T) []calls.Call {
	from := date(rapid.SampledFrom([]string{
		"2026-03-01T15:00:00Z", // midnight in Shanghai is at 16:00 UTC
		"2026-03-08T04:00:00Z", // New York goes to summer time at 07:00 UTC
		"2026-11-01T03:00:00Z", // and back at 06:00 UTC
	}).Draw(t, "begin"))
	slots := rapid.SampledFrom([]int{12, 60, 360}).Draw(t, "slots")
	n, list := rapid.IntRange(0, 14).Draw(t, "calls"), []calls.Call{}
	for i := range n {
		list = append(list, calls.Call{
			ID:    fmt.Sprintf("%c%d", 'a'+rapid.IntRange(0, 2).Draw(t, "id"), i),
			Agent: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "agent"),
			Start: from.Add(time.Duration(rapid.IntRange(0, slots).Draw(t,
				"slot"))*10*time.Minute + time.Duration(rapid.SampledFrom([]int{0, 0, 4, 10, 11,
				20}).Draw(t, "second"))*time.Second),
			Outcome: rapid.SampledFrom([]calls.Outcome{calls.Rejected, calls.Rejected,
				calls.Answered, calls.NoAnswer, calls.Failed, calls.Pending}).Draw(t, "outcome"),
			Talk: time.Duration(rapid.SampledFrom([]int{0, 15, 16}).Draw(t,
				"talk")) * time.Second,
			TalkUnknown: rapid.IntRange(0, 5).Draw(t, "unknown") == 0,
			Untrusted:   rapid.IntRange(0, 9).Draw(t, "untrusted") == 0, Revision: 1,
		})
		if c := &list[i]; c.TalkUnknown || c.Outcome != calls.Answered {
			c.Talk, c.TalkUnknown = 0, c.TalkUnknown && c.Outcome == calls.Answered
		}
	}
	return list
}

// drawReports are reports of the calls in any order, some of them again, and some with an
// earlier or later revision that says otherwise.
func drawReports(t *rapid.T, list []calls.Call) []calls.Call {
	var reports []calls.Call
	for _, c := range list {
		if c.Outcome == calls.Pending {
			c.Revision = 0
		}
		reports = append(reports, c)
		if rapid.Bool().Draw(t, "again") {
			reports = append(reports, c)
		}
		if rapid.Bool().Draw(t, "corrected") {
			c.Revision++
			c.Outcome = rapid.SampledFrom([]calls.Outcome{calls.Rejected, calls.NoAnswer}).Draw(t,
				"outcome")
			c.Talk, c.TalkUnknown = 0, false
			c.Start = c.Start.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 40, -1500}).Draw(t,
				"moved")) * time.Minute)
			reports = append(reports, c)
		}
	}
	if len(reports) == 0 {
		return nil
	}
	return rapid.Permutation(reports).Draw(t, "order")
}

func values(known map[string]calls.Call) []calls.Call {
	out := make([]calls.Call, 0, len(known))
	for _, c := range known {
		out = append(out, c)
	}
	return out
}
