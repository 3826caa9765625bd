package calls_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
)

func parse(t testing.TB, source string) *calls.RuleSet {
	t.Helper()
	set, err := calls.Parse([]byte(source))
	require.NoError(t, err)
	return set
}

func date(text string) time.Time {
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return v.UTC()
}

// model says what the rules make of a number's calls as plainly as it can be put, slowly,
// and knowing nothing of how the package computes it.
type model struct {
	timeline calls.Timeline
	calls    []calls.Call
	releases []time.Time
	singly   []calls.RuleRelease
}

func (m model) history(list []calls.Call) calls.History {
	return calls.History{Calls: list, Releases: m.releases, Singly: m.singly}
}

// meets says the rules' conditions in Go.
func meets(r *calls.Rule, c calls.Call) bool {
	switch r.Name {
	case "short":
		return c.Outcome == calls.Rejected || c.Outcome == calls.Answered &&
			!c.TalkUnknown && c.Talk <= 15*time.Second
	case "agent":
		return c.Agent != "" && c.Outcome == calls.Rejected
	case "once":
		return c.Outcome == calls.Answered
	}
	return (r.Per == calls.PerNumber || c.Agent != "") && c.Outcome != calls.Cancelled &&
		c.Outcome != calls.Failed
}

func sameWindow(r *calls.Rule, zone *time.Location, start, at time.Time) bool {
	if r.Window.Day {
		return start.In(zone).Format(time.DateOnly) == at.In(zone).Format(time.DateOnly)
	}
	return start.After(at.Add(-r.Window.Length))
}

func sooner(a, b calls.Call) bool {
	return a.Start.Before(b.Start) || a.Start.Equal(b.Start) && a.ID < b.ID
}

// counts are the calls that can make a rule fire, whatever it asks.
func (m model) counts(c calls.Call) bool {
	released := slices.ContainsFunc(m.releases,
		func(at time.Time) bool { return !c.Start.After(at) })
	return !c.Untrusted && !released && c.Outcome != calls.Pending
}

// valid are the calls that can make a rule fire.
func (m model) valid(set *calls.RuleSet, r *calls.Rule, c calls.Call) bool {
	may := func(c calls.Call) bool {
		return m.counts(c) && !slices.ContainsFunc(m.singly, func(s calls.RuleRelease) bool {
			return s.Rule == r.Name && !c.Start.After(s.At)
		})
	}
	return may(c) && meets(r, c) && !covered(set, c, m.calls, may)
}

// tells says how much a call tells, the most first.
func tells(c calls.Call) string {
	order := slices.Index([]calls.Outcome{calls.Answered, calls.Rejected, calls.Voicemail,
		calls.Busy, calls.NoAnswer, calls.Unreachable, calls.InvalidNumber, calls.Cancelled,
		calls.Failed}, c.Outcome)
	return fmt.Sprintf("%d %012d %t %s %s", order, 24*time.Hour-c.Talk, c.TalkUnknown,
		c.Start.Format("2006-01-02T15:04:05.000000000Z"), c.ID)
}

// covered reports whether a weightier attempt close to c stands for it.
func covered(set *calls.RuleSet, c calls.Call, all []calls.Call, may func(calls.Call) bool) bool {
	return set.SameCall > 0 && c.Outcome != calls.Pending &&
		slices.ContainsFunc(all, func(o calls.Call) bool {
			first, second := c, o
			if o.Start.Before(c.Start) {
				first, second = o, c
			}
			redial := first.Outcome == calls.Answered && !first.TalkUnknown &&
				!second.Start.Equal(first.Start) && !second.Start.Before(first.Start.Add(first.Talk))
			return may(o) && o.Outcome != calls.Pending && !redial &&
				second.Start.Sub(first.Start) <= set.SameCall && tells(o) < tells(c)
		})
}

// counted are the calls that count at c, it among them.
func (m model) counted(set *calls.RuleSet, r *calls.Rule, c calls.Call) []calls.Call {
	var out []calls.Call
	for _, o := range m.calls {
		if m.valid(set, r, o) && !sooner(c, o) && sameWindow(r, set.Zone, o.Start, c.Start) &&
			(r.Per == calls.PerNumber || o.Agent == c.Agent) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b calls.Call) int {
		if sooner(a, b) {
			return -1
		}
		return 1
	})
	return out
}

// reached reports whether the rule's limit was reached already at a call before: by the
// same rule, in force then.
func (m model) reached(set *calls.RuleSet, r *calls.Rule, c calls.Call) bool {
	then := m.timeline.At(c.Start)
	for i := range then.Rules {
		o := &then.Rules[i]
		if o.Name == r.Name && o.When == r.When && o.Limit == r.Limit && o.Window == r.Window &&
			o.Per == r.Per && o.Freeze == r.Freeze && o.Enabled &&
			then.Zone.String() == set.Zone.String() && then.SameCall == set.SameCall {
			return len(m.counted(set, o, c)) >= o.Limit
		}
	}
	return false
}

func (m model) firings() []string {
	out := []string{}
	for _, c := range m.calls {
		set := m.timeline.At(c.Start)
		for i := range set.Rules {
			r := &set.Rules[i]
			if r.Deny || !r.Enabled || !m.valid(set, r, c) {
				continue
			}
			counted := m.counted(set, r, c)
			if len(counted) < r.Limit || len(counted) > 1 &&
				m.reached(set, r, counted[len(counted)-2]) {
				continue
			}
			f := calls.Firing{Rule: r.Name, Version: set.Version, From: c.Start}
			if r.Freeze > 0 {
				f.Until = c.Start.Add(r.Freeze)
			}
			for _, o := range counted {
				f.Calls = append(f.Calls, o.ID)
			}
			out = append(out, spell([]calls.Firing{f})...)
		}
	}
	slices.Sort(out)
	return out
}

func spell(firings []calls.Firing) []string {
	out := make([]string, 0, len(firings))
	for _, f := range firings {
		out = append(out, fmt.Sprint(f.Rule, f.Version, f.Calls, f.From.UnixMicro(),
			f.Until.UnixMicro()))
	}
	slices.Sort(out)
	return out
}

func (m model) agents(r *calls.Rule) []string {
	if r.Per == calls.PerNumber {
		return []string{""}
	}
	var out []string
	for _, c := range m.calls {
		if c.Agent != "" && !slices.Contains(out, c.Agent) {
			out = append(out, c.Agent)
		}
	}
	return out
}

// attempts counts those in the window of a moment, as they are known at a time.
func (m model) attempts(r *calls.Rule, agent string, at, moment time.Time) (n int) {
	set := m.timeline.At(at)
	known := func(c calls.Call) bool { return !c.Start.After(at.Add(calls.MaxAhead)) }
	for _, c := range m.calls {
		if meets(r, c) && !covered(set, c, m.calls, known) && (agent == "" || c.Agent == agent) && !c.Start.After(moment) &&
			known(c) && sameWindow(r, set.Zone, c.Start, moment) {
			n++
		}
	}
	return n
}

// everReached reports whether the limit is reached at a time or soon after.
func (m model) everReached(r *calls.Rule, count func(time.Time) int, at time.Time) bool {
	return count(at) >= r.Limit || slices.ContainsFunc(m.calls, func(c calls.Call) bool {
		return c.Start.After(at) && !c.Start.After(at.Add(calls.MaxAhead)) &&
			count(c.Start) >= r.Limit
	})
}

func (m model) checkDenial(
	t *rapid.T, d calls.Denial, r *calls.Rule, count func(time.Time) int, at time.Time,
) {
	set := m.timeline.At(at)
	require.Equal(t, []any{set.Version, r.Limit, r.Window.Describe(set.Zone)},
		[]any{d.Version, d.Limit, d.Window})
	begins := at
	if d.From.After(at) {
		begins = d.From
		require.Less(t, count(at), r.Limit, "it begins too late")
	}
	require.Equal(t, count(begins), d.Count)
	require.GreaterOrEqual(t, count(d.From), r.Limit, "it begins too early")
	require.Less(t, count(d.Until), r.Limit, "it ends too early")
	moments := []time.Time{begins, d.Until.Add(-time.Microsecond)}
	for _, c := range m.calls { // where the count changes
		moments = append(moments, c.Start, c.Start.Add(r.Window.Length))
	}
	for _, moment := range moments {
		if !moment.Before(begins) && moment.Before(d.Until) {
			require.GreaterOrEqual(t, count(moment), r.Limit, "it does not stand at %s", moment)
		}
	}
}

// variant is a set of rules: freezing rules by number and by agent, one that is reached at
// once, and two that deny.
func variant(name, zone, same, window string, limit int) string {
	return strings.NewReplacer("NAME", name, "ZONE", zone, "SAME", same, "WINDOW", window, "LIMIT",
		fmt.Sprint(limit), "MORE", fmt.Sprint(limit+1)).Replace(`name: NAME
zone: ZONE
same_call: SAME
rules:
  - {name: short, when: "call.outcome == 'rejected' || (call.outcome == 'answered' && call.talk <= duration('15s'))", limit: LIMIT, window: WINDOW, freeze: 30d}
  - {name: agent, when: "call.outcome == 'rejected'", limit: 2, window: WINDOW, per: number_and_agent, freeze: 2d}
  - {name: once, when: "call.outcome == 'answered'", limit: 1, window: WINDOW, freeze: until_released}
  - {name: any, when: "!(call.outcome in ['cancelled', 'failed'])", limit: MORE, window: WINDOW, freeze: 5d}
  - {name: off, enabled: false, when: "true", limit: 1, window: WINDOW, freeze: 1d}
  - {name: tries, when: "!(call.outcome in ['cancelled', 'failed'])", limit: MORE, window: WINDOW, deny: true}
  - {name: tries-of-one, when: "!(call.outcome in ['cancelled', 'failed'])", limit: 2, window: WINDOW, per: number_and_agent, deny: true}
  - {name: tries-off, enabled: false, when: "true", limit: 1, window: WINDOW, deny: true}
`)
}

var variants = func() (out []*calls.RuleSet) {
	for _, zone := range []string{"Asia/Shanghai", "America/New_York", "UTC"} {
		for _, window := range []string{"day", "24h", "90m"} {
			for limit := 2; limit <= 3; limit++ {
				for _, same := range []string{"off", "10s", "10m"} {
					for _, name := range []string{"a", "b"} { // the same rules under two versions
						set, err := calls.Parse([]byte(variant(name, zone, same, window, limit)))
						if err != nil {
							panic(err)
						}
						out = append(out, set)
					}
				}
			}
		}
	}
	return out
}()
