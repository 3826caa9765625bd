package calls_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
)

func TestDryRun(t *testing.T) {
	t.Parallel()
	rules := parse(t, `rules:
  - {name: three, when: "call.outcome == 'rejected'", limit: 3, window: day, freeze: 2d}
  - {name: four, when: "true", limit: 4, window: day, deny: true}
  - {name: off, enabled: false, when: "true", limit: 1, window: day, freeze: 1d}
`)
	d := calls.NewDryRun(rules)
	rang := func(id, start string) calls.Call {
		c := rejected(id, start)
		c.Outcome = calls.NoAnswer
		return c
	}
	counted, hit := d.Number(calls.History{Calls: []calls.Call{
		rejected("0", "2026-03-01T10:00:00Z"), // before the stretch
		rejected("1", "2026-03-02T01:00:00Z"), rejected("2", "2026-03-02T02:00:00Z"),
		rejected("3", "2026-03-02T03:00:00Z"),
		// not made: frozen
		rejected("4", "2026-03-02T04:00:00Z"), rejected("5", "2026-03-04T02:59:59Z"),
		rang("6", "2026-03-04T03:00:00Z"), rang("7", "2026-03-04T04:00:00Z"),
		rang("8", "2026-03-04T05:00:00Z"), rang("9", "2026-03-04T06:00:00Z"),
		rang("10", "2026-03-04T07:00:00Z"), rang("11", "2026-03-04T08:00:00Z"), // denied
	}}, date("2026-03-02T00:00:00Z"))
	require.Equal(t, 11, counted)
	require.Equal(t, []string{"four", "three"}, hit)
	counted, hit = d.Number(calls.History{Calls: []calls.Call{rang("1", "2026-03-02T01:00:00Z")}},
		date("2026-03-02T00:00:00Z"))
	require.Equal(t, 1, counted)
	require.Empty(t, hit)
	require.Equal(t, []calls.Effect{{Rule: "three", Numbers: 1, Times: 1, Avoided: 2},
		{Rule: "four", Numbers: 1, Times: 1, Avoided: 2}}, d.Effects())
}

// What was frozen before the stretch still avoids calls in it, but did not happen in it.
func TestDryRunOfAFreezeBefore(t *testing.T) {
	t.Parallel()
	d := calls.NewDryRun(parse(t,
		`rules: [{name: one, when: "call.outcome == 'rejected'", limit: 1, window: day, freeze: until_released}]`))
	counted, hit := d.Number(calls.History{Calls: []calls.Call{rejected("1",
		"2026-03-01T23:00:00Z"), rejected("2", "2026-03-02T01:00:00Z")}},
		date("2026-03-02T00:00:00Z"))
	require.Equal(t, 1, counted)
	require.Empty(t, hit)
	require.Equal(t, []calls.Effect{{Rule: "one", Avoided: 1}}, d.Effects())
}

// The dry run is what had happened, had the dialler asked before each call.
func TestDryRunIsWhatHadHappened(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SampledFrom(variants).Draw(t, "rules")
		list := drawCalls(t)
		from := someTime(t, list, "from")
		d := calls.NewDryRun(rules)
		counted, hit := d.Number(calls.History{Calls: rapid.Permutation(list).Draw(t, "order")},
			from)

		slices.SortFunc(list, func(a, b calls.Call) int {
			if sooner(a, b) {
				return -1
			}
			return 1
		})
		want := map[string]*calls.Effect{}
		for _, r := range rules.Rules {
			want[r.Name] = &calls.Effect{Rule: r.Name}
		}
		frozen, made := []calls.Firing(nil), []calls.Call(nil)
		wantCounted, timeline := 0, calls.Timeline{{RuleSet: rules}}
		for _, c := range list {
			one := 0
			if !c.Start.Before(from) {
				one = 1
			}
			wantCounted += one
			if i := slices.IndexFunc(frozen,
				func(f calls.Firing) bool {
					return f.Until.IsZero() ||
						c.Start.Before(f.Until)
				}); i >= 0 {
				want[frozen[i].Rule].Avoided += one
				continue
			}
			denials := timeline.Denials(calls.History{Calls: made}, c.Start)
			if i := slices.IndexFunc(denials,
				func(d calls.Denial) bool { return d.Agent == "" || d.Agent == c.Agent }); i >= 0 {
				want[denials[i].Rule].Avoided += one
				continue
			}
			before := timeline.Firings(calls.History{Calls: made}, ever[0], ever[1])
			made = append(made, c)
			for _, f := range timeline.Firings(calls.History{Calls: made}, ever[0], ever[1]) {
				if !slices.ContainsFunc(before, func(b calls.Firing) bool {
					return slices.Equal(spell([]calls.Firing{b}), spell([]calls.Firing{f}))
				}) {
					frozen = append(frozen, f)
					want[f.Rule].Times += one
				}
			}
		}
		require.Equal(t, wantCounted, counted)
		for _, e := range d.Effects() {
			require.Equal(t, want[e.Rule].Avoided, e.Avoided, "avoided by %s", e.Rule)
			if i := slices.IndexFunc(rules.Rules,
				func(r calls.Rule) bool { return r.Name == e.Rule }); !rules.Rules[i].Deny {
				require.Equal(t, want[e.Rule].Times, e.Times, "times of %s", e.Rule)
			}
			require.Equal(t, e.Times > 0, slices.Contains(hit, e.Rule))
			require.Equal(t, e.Times > 0, e.Numbers == 1)
		}
	})
}

func BenchmarkDryRun(b *testing.B) {
	var h calls.History
	for i := range 300 {
		h.Calls = append(h.Calls, calls.Call{ID: string(rune('a' + i)),
			Start:   date("2026-03-02T01:00:00Z").Add(time.Duration(i) * 3 * time.Hour),
			Outcome: calls.NoAnswer})
	}
	b.ReportAllocs()
	for b.Loop() {
		calls.NewDryRun(calls.Default()).Number(h, time.Time{})
	}
}
