package gate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// noon is a Monday's, in UTC: 20:00 in Beijing.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func parse(t testing.TB, s string) number.Number {
	t.Helper()
	n, err := number.Parse(s, "")
	require.NoError(t, err)
	return n
}

// history is what is stored, as a gate sees it.
type history struct {
	freezes  []freeze.Freeze
	allows   []freeze.Allow
	calls    []calls.Call
	releases []time.Time
	// err fails the n-th read.
	err    error
	failAt int
	reads  *int
}

func (h history) read() error {
	if h.reads == nil {
		return nil
	}
	*h.reads++
	if *h.reads == h.failAt {
		return h.err
	}
	return nil
}

func (h history) Freezes(_ context.Context, q freeze.Query) ([]freeze.Freeze, error) {
	n := q.Numbers[0]
	var out []freeze.Freeze
	for _, f := range h.freezes {
		if f.Number == n {
			out = append(out, f)
		}
	}
	return out, h.read()
}

func (h history) Allows(_ context.Context, q freeze.AllowQuery) ([]freeze.Allow, error) {
	n := q.Numbers[0]
	var out []freeze.Allow
	for _, a := range h.allows {
		if a.Number == n {
			out = append(out, a)
		}
	}
	return out, h.read()
}

func (h history) Histories(
	_ context.Context, numbers []number.Number, at calls.Span, _ calls.Timeline,
) (map[number.Number]*calls.History, error) {
	out := calls.History{Releases: h.releases}
	for _, c := range h.calls {
		if c.Number == numbers[0] && !c.Start.Before(at.From) && !c.Start.After(at.To) {
			out.Calls = append(out.Calls, c)
		}
	}
	return map[number.Number]*calls.History{numbers[0]: &out}, h.read()
}

// ruled reads a rule set, and is the timeline in which it was always in force.
func ruled(t testing.TB, yaml string) func() calls.Timeline {
	t.Helper()
	set, err := calls.Parse([]byte(yaml))
	require.NoError(t, err)
	timeline := calls.Timeline{{RuleSet: set}}
	return func() calls.Timeline { return timeline }
}

func noRules() calls.Timeline { return nil }

const strict = `
name: strict
zone: Asia/Shanghai
rules:
  - {name: rejected, title: Rejected, when: "call.outcome == 'rejected'", limit: 3, window: 24h, per: number, freeze: 30d}
  - {name: a-day, title: Two a day, when: "true", limit: 2, window: day, per: number, deny: true}
  - {name: own, title: One of an agent, when: "true", limit: 1, window: 1h, per: number_and_agent, deny: true}
`

const daytime = strict + `
hours: {enabled: true, from: "08:00", to: "21:00"}
`

// both are a gate whose table and history know the same at noon.
func both(h history, rules func() calls.Timeline) *gate.Gate {
	table := gate.NewTable()
	table.Apply(h.freezes...)
	table.ApplyAllow(h.allows...)
	byNumber := map[number.Number][]calls.Call{}
	for _, c := range h.calls {
		byNumber[c.Number] = append(byNumber[c.Number], c)
	}
	for n, list := range byNumber {
		table.Deny(n, rules().Denials(calls.History{Calls: list, Releases: h.releases}, noon))
	}
	return gate.New(table, h, rules)
}

func TestGate(t *testing.T) {
	t.Parallel()
	n, other := parse(t, "13800138000"), parse(t, "13800138002")
	ask := gate.Ask{Number: n}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	rules := ruled(t, strict)
	version := rules()[0].RuleSet.Version
	midnight := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)

	short := freeze.Freeze{ID: "short", Number: n, Reason: freeze.Manual,
		From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}
	long := freeze.Freeze{ID: "long", Number: n, Reason: freeze.Refused, Class: "no_need",
		From: noon.Add(-time.Minute), Until: noon.Add(48 * time.Hour)}
	stop := freeze.Freeze{ID: "stop", Number: n, Reason: freeze.Complained, Class: "stop_calling",
		From: noon.Add(-time.Hour)}
	scoped := freeze.Freeze{ID: "scoped", Number: n, Reason: freeze.Imported, Line: "a",
		From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}
	byRule := freeze.Freeze{ID: "ruled", Number: n, Reason: freeze.Ruled, Rule: "rejected",
		RuleVersion: version, From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}
	byOldRule := byRule
	byOldRule.RuleVersion = "gone@12345678"
	released := short
	released.Release = &freeze.Release{At: noon}
	allow := freeze.Allow{ID: "allow", Number: n, From: noon.Add(-time.Hour),
		Until: noon.Add(30 * time.Minute)}
	overAllow, endedAllow := allow, allow
	overAllow.Until, endedAllow.Ended = noon, &freeze.Release{At: noon}
	call := func(id, agent string, before time.Duration) calls.Call {
		return calls.Call{ID: id, Number: n, Agent: agent, Start: noon.Add(-before),
			Outcome: calls.NoAnswer, Revision: 1}
	}
	twice := []calls.Call{call("1", "", 3*time.Hour), call("2", "", 2*time.Hour)}
	byLi := []calls.Call{call("1", "li", 30*time.Minute)}

	no := func(f freeze.Freeze) gate.Answer {
		return gate.Answer{Number: n, Reason: gate.Frozen, Class: f.Class, Until: f.Until,
			Freeze: f.ID, FreezeReason: f.Reason, Line: f.Line,
			Rule: f.Rule, RuleVersion: f.RuleVersion, Zone: shanghai}
	}
	yes := gate.Answer{Number: n, Allowed: true, Reason: gate.None}
	limit := gate.Answer{Number: n, Reason: gate.RuleLimit, Until: midnight, Rule: "a-day",
		RuleVersion: version, Day: "calendar day, Asia/Shanghai",
		Count: 2, Limit: 2, Zone: shanghai}
	own := gate.Answer{Number: n, Reason: gate.RuleLimit, Until: noon.Add(30 * time.Minute),
		Rule: "own", RuleVersion: version, Day: "rolling 1h0m0s",
		Count: 1, Limit: 1, Agent: "li", Zone: shanghai}
	ruledNo := no(byRule)
	ruledNo.Day = "rolling 24h0m0s"
	listed := no(long)
	listed.Allowed, listed.Reason, listed.Overridden, listed.Allow, listed.Until = true,
		gate.AllowListed, gate.Frozen, "allow", allow.Until
	listedLimit := limit
	listedLimit.Allowed, listedLimit.Reason, listedLimit.Overridden, listedLimit.Allow,
		listedLimit.Until = true, gate.AllowListed, gate.RuleLimit, "allow", allow.Until

	for _, tt := range []struct {
		name string
		h    history
		ask  gate.Ask
		want gate.Answer
	}{
		{"nothing known", history{}, ask, yes},
		{"another number", history{freezes: []freeze.Freeze{stop}, calls: twice},
			gate.Ask{Number: other}, gate.Answer{Number: other, Allowed: true, Reason: gate.None}},
		{"frozen", history{freezes: []freeze.Freeze{short}}, ask, no(short)},
		{"the latest end answers", history{freezes: []freeze.Freeze{short, long}}, ask, no(long)},
		{"no end is later than any", history{freezes: []freeze.Freeze{short, stop, long}}, ask,
			no(stop)},
		{"of equal ends the first by id", history{freezes: []freeze.Freeze{short, byRule}}, ask,
			ruledNo},
		{"released", history{freezes: []freeze.Freeze{released}}, ask, yes},
		{"frozen by a rule that nobody knows", history{freezes: []freeze.Freeze{byOldRule}}, ask,
			no(byOldRule)},
		{"a line's freeze, no line named", history{freezes: []freeze.Freeze{scoped}}, ask,
			no(scoped)},
		{"a line's freeze, that line", history{freezes: []freeze.Freeze{scoped}},
			gate.Ask{Number: n, Line: "a"}, no(scoped)},
		{"a line's freeze, another line", history{freezes: []freeze.Freeze{scoped}},
			gate.Ask{Number: n, Line: "b"}, yes},
		{"everybody's freeze, some line", history{freezes: []freeze.Freeze{short}},
			gate.Ask{Number: n, Line: "b"}, no(short)},
		{"denied", history{calls: twice}, ask, limit},
		{"frozen and denied", history{freezes: []freeze.Freeze{short}, calls: twice}, ask,
			no(short)},
		{"denied to an agent", history{calls: byLi}, gate.Ask{Number: n, Agent: "li"}, own},
		{"denied to another agent", history{calls: byLi}, gate.Ask{Number: n, Agent: "wang"}, yes},
		{"denied to an agent, none named", history{calls: byLi}, ask, yes},
		{"both deny, the longer one answers", history{calls: append(byLi, twice...)},
			gate.Ask{Number: n, Agent: "li"}, func() gate.Answer {
				a := limit
				a.Count = 3
				return a
			}()},
		{"allow-listed, nothing against it", history{allows: []freeze.Allow{allow}}, ask, yes},
		{"allow-listed and frozen", history{freezes: []freeze.Freeze{long},
			allows: []freeze.Allow{allow}}, ask, listed},
		{"allow-listed and denied", history{calls: twice, allows: []freeze.Allow{allow}}, ask,
			listedLimit},
		{"allow-listed until now", history{freezes: []freeze.Freeze{long},
			allows: []freeze.Allow{overAllow, endedAllow}}, ask, no(long)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := both(tt.h, rules)
			require.Equal(t, tt.want, g.Now(tt.ask, noon))
			got, err := g.At(t.Context(), tt.ask, noon)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	h := history{
		freezes: []freeze.Freeze{{ID: "1", Number: n, From: noon.AddDate(0, 0, -1)}},
		allows: []freeze.Allow{{ID: "1", Number: n, From: noon.AddDate(0, 0, -1),
			Until: noon.AddDate(0, 0, 1)}},
	}
	g := both(h, ruled(t, daytime))
	ask := gate.Ask{Number: n}
	require.True(t, g.Now(ask, noon).Allowed)
	evening := noon.Add(time.Hour)
	a := g.Now(ask, evening)
	require.False(t, a.Allowed, "hours hold for the allow list, too")
	require.Equal(t, gate.OutOfHours, a.Reason)
	require.Equal(t, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), a.Until)
	require.Equal(t, "08:00-21:00", a.Hours.String())
	at, err := g.At(t.Context(), ask, evening)
	require.NoError(t, err)
	require.Equal(t, a, at)
	require.Equal(t, a, g.Judge(ask, calls.Known{At: evening}))
}

// Outside of the calling hours who may never be called is not told to be called at 08:00.
func TestFreezesAtNight(t *testing.T) {
	t.Parallel()
	n, evening := parse(t, "13800138000"), noon.Add(time.Hour)
	standing := freeze.Freeze{ID: "1", Number: n, Reason: freeze.Refused, From: noon.AddDate(0, 0, -1)}
	scoped, released := standing, standing
	scoped.Line, released.Release = "a", &freeze.Release{At: noon}
	short := standing
	short.Until = evening
	allow := freeze.Allow{ID: "1", Number: n, From: noon, Until: noon.AddDate(0, 0, 1)}
	called := []calls.Call{{ID: "1", Number: n, Start: noon, Outcome: calls.Busy},
		{ID: "2", Number: n, Start: noon, Outcome: calls.Busy}}
	for _, tt := range []struct {
		name string
		h    history
		line string
		want gate.Reason
	}{
		{"frozen", history{freezes: []freeze.Freeze{standing}}, "", gate.Frozen},
		{"frozen and denied", history{freezes: []freeze.Freeze{standing}, calls: called}, "", gate.Frozen},
		{"frozen on that line", history{freezes: []freeze.Freeze{scoped}}, "a", gate.Frozen},
		{"frozen on another line", history{freezes: []freeze.Freeze{scoped}}, "b", gate.OutOfHours},
		{"released", history{freezes: []freeze.Freeze{released}}, "", gate.OutOfHours},
		{"over", history{freezes: []freeze.Freeze{short}}, "", gate.OutOfHours},
		{"allow-listed", history{freezes: []freeze.Freeze{standing}, allows: []freeze.Allow{allow}}, "",
			gate.OutOfHours},
		{"denied", history{calls: called}, "", gate.OutOfHours},
		{"nothing against it", history{}, "", gate.OutOfHours},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, ask := both(tt.h, ruled(t, daytime)), gate.Ask{Number: n, Line: tt.line}
			a := g.Now(ask, evening)
			require.Equal(t, tt.want, a.Reason)
			require.False(t, a.Allowed)
			g.NowAll([]number.Number{n}, ask, evening, func(_ int, all *gate.Answer) {
				require.Equal(t, a, *all)
			})
			at, err := g.At(t.Context(), ask, evening)
			require.NoError(t, err)
			require.Equal(t, a, at)
			require.Equal(t, a, g.Judge(ask, calls.Known{At: evening, Freezes: tt.h.freezes,
				Allows: tt.h.allows, History: calls.History{Calls: called[:len(tt.h.calls)]}}))
		})
	}
}

// Whether a reservation goes on is a question of freezes alone.
func TestAgain(t *testing.T) {
	t.Parallel()
	n, evening := parse(t, "13800138000"), noon.Add(time.Hour)
	frozen := []freeze.Freeze{{ID: "1", Number: n, Reason: freeze.Manual, From: evening}}
	g := both(history{}, ruled(t, daytime))
	k := calls.Known{At: evening, Again: true}
	require.Equal(t, gate.None, g.Judge(gate.Ask{Number: n}, k).Reason)
	k.Freezes = frozen
	require.Equal(t, gate.Frozen, g.Judge(gate.Ask{Number: n}, k).Reason)
	k.Allows = []freeze.Allow{{ID: "1", Number: n, From: noon, Until: evening.Add(time.Hour)}}
	require.Equal(t, gate.AllowListed, g.Judge(gate.Ask{Number: n}, k).Reason)
}

// The past and the future are answered from all that is known today.
func TestAt(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	over := freeze.Freeze{ID: "over", Number: n, From: noon.AddDate(0, -2, 0),
		Release: &freeze.Release{At: noon.AddDate(0, -1, 0)}}
	h := history{freezes: []freeze.Freeze{over}, calls: []calls.Call{
		{ID: "1", Number: n, Start: noon.AddDate(0, 0, -3), Outcome: calls.Busy, Revision: 1},
		{ID: "2", Number: n, Start: noon.AddDate(0, 0, -3).Add(time.Minute), Revision: 0,
			ReservedUntil: noon},
	}}
	g := gate.New(gate.NewTable(), h, ruled(t, strict))
	for _, tt := range []struct {
		name string
		at   time.Time
		want gate.Reason
	}{
		{"while it stood", noon.AddDate(0, -1, -1), gate.Frozen},
		{"before", noon.AddDate(0, -3, 0), gate.None},
		{"after its release", noon.AddDate(0, -1, 0), gate.None},
		{"after two calls on a day", noon.AddDate(0, 0, -3).Add(time.Minute), gate.RuleLimit},
		{"after one", noon.AddDate(0, 0, -3).Add(time.Second), gate.None},
		{"the day after", noon.AddDate(0, 0, -2), gate.None},
		{"in a year", noon.AddDate(1, 0, 0), gate.None},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := g.At(t.Context(), gate.Ask{Number: n}, tt.at)
			require.NoError(t, err)
			require.Equal(t, tt.want, a.Reason)
			require.Equal(t, tt.want == gate.None, a.Allowed)
		})
	}
}

func TestAtFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for i := range 3 {
		h := history{err: boom, failAt: i + 1, reads: new(int)}
		_, err := gate.New(gate.NewTable(), h, ruled(t, strict)).At(t.Context(),
			gate.Ask{Number: parse(t, "13800138000")}, noon)
		require.ErrorIs(t, err, boom)
	}
	h := history{reads: new(int)}
	_, err := gate.New(gate.NewTable(), h, noRules).At(t.Context(),
		gate.Ask{Number: parse(t, "13800138000")}, noon)
	require.NoError(t, err)
	require.Equal(t, 2, *h.reads, "where no rule denies, nobody reads calls")
}

func TestReasons(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []gate.Reason{gate.None, gate.Frozen, gate.RuleLimit, gate.OutOfHours,
		gate.AllowListed, gate.Stale}, gate.Reasons())
}
