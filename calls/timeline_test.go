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
	"github.com/refrain-asr/refrain/freeze"
)

// ever is a stretch of time that holds every call.
var ever = [2]time.Time{{}, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}

// However the calls are handed over, the rules fire as the plain model says.
func TestFiringsAreThoseOfThePlainModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		got := m.timeline.Firings(m.history(rapid.Permutation(m.calls).Draw(t, "order")), ever[0],
			ever[1])
		require.Equal(t, m.firings(), spell(got))
		require.True(t, slices.IsSortedFunc(got,
			func(a, b calls.Firing) int { return a.From.Compare(b.From) }))
	})
}

// The stretch that is asked for only chooses among the firings, and calls further away
// than what is Needed don't matter.
func TestFiringsOfAStretch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		if len(m.calls) == 0 {
			return
		}
		from, to := rapid.SampledFrom(m.calls).Draw(t, "from").Start,
			rapid.SampledFrom(m.calls).Draw(t, "to").Start
		var want []calls.Firing
		for _, f := range m.timeline.Firings(m.history(m.calls), ever[0], ever[1]) {
			if !f.From.Before(from) && !f.From.After(to) {
				want = append(want, f)
			}
		}
		needed := m.timeline.Needed(calls.Span{From: from, To: to})
		near := slices.DeleteFunc(slices.Clone(m.calls), func(c calls.Call) bool {
			return c.Start.Before(needed.From) || c.Start.After(needed.To)
		})
		require.Equal(t, want, m.timeline.Firings(m.history(near), from, to))
	})
}

// A denial stands as long as the count of its window is at the limit, and no longer.
func TestDenialsAreThoseOfThePlainModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		at := someTime(t, m.calls, "at")
		got := m.timeline.Denials(m.history(rapid.Permutation(m.calls).Draw(t, "order")), at)
		set := m.timeline.At(at)
		for i := range set.Rules {
			rule := &set.Rules[i]
			if !rule.Enabled || !rule.Deny {
				continue
			}
			for _, agent := range m.agents(rule) {
				count := func(moment time.Time) int { return m.attempts(rule, agent, at, moment) }
				mine := func(d calls.Denial) bool { return d.Rule == rule.Name && d.Agent == agent }
				where := slices.IndexFunc(got, mine)
				if where < 0 {
					require.False(t, m.everReached(rule, count, at), "a denial by %s is missing",
						rule.Name)
					continue
				}
				m.checkDenial(t, got[where], rule, count, at)
				got = slices.Delete(got, where, where+1)
			}
		}
		require.Empty(t, got, "nothing else denies")
	})
}

// What Reconcile orders makes of any standing freezes what the rules say, and then it
// orders nothing more.
func TestReconcileSettles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &standing{now: date("2026-03-20T00:00:00Z")}
		other, m := drawModel(t), drawModel(t)
		s.settle(other.timeline.Firings(other.history(other.calls), ever[0], ever[1]), ever[0],
			ever[1])
		firings := m.timeline.Firings(m.history(m.calls), ever[0], ever[1])
		s.settle(firings, ever[0], ever[1])
		require.ElementsMatch(t, s.spellStanding(firings), s.spell())
		require.Zero(t, s.settle(rapid.Permutation(firings).Draw(t, "order"), ever[0], ever[1]),
			"it does not settle")
	})
}

// Reports come in any order, late, again, and corrected. Whoever looks after each at what
// it can have changed arrives at the same freezes as who looks at everything once.
func TestReportsInAnyOrderGiveTheSameFreezes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		m.releases, m.singly = nil, nil // whose time on the wall lies between reports
		reports := drawReports(t, m.calls)
		s := &standing{now: date("2026-03-20T00:00:00Z")}
		known := map[string]calls.Call{}
		for _, r := range reports {
			var stored *calls.Call
			if c, ok := known[r.ID]; ok {
				stored = &c
			}
			now, _, err := calls.Merge(stored, r)
			require.NoError(t, err)
			now.Untrusted = r.Untrusted
			known[r.ID] = now
			changed := []calls.Call{now}
			if stored != nil {
				changed = append(changed, *stored)
			}
			for _, c := range changed {
				touched := m.timeline.Touched(calls.Span{From: c.Start, To: c.Start})
				from, to := touched.From, touched.To
				s.settle(m.timeline.Firings(m.history(values(known)), from, to), from, to)
			}
		}
		require.ElementsMatch(t, s.spellStanding(m.timeline.Firings(m.history(values(known)),
			ever[0], ever[1])), s.spell())
	})
}

// standing are the freezes of a number, as a store keeps them.
type standing struct {
	now     time.Time
	freezes []freeze.Freeze
	next    int
}

// settle does what Reconcile orders, and counts it.
func (s *standing) settle(firings []calls.Firing, from, to time.Time) int {
	open, release := calls.Reconcile(s.freezes, firings, from, to, s.now)
	s.freezes = slices.DeleteFunc(s.freezes,
		func(f freeze.Freeze) bool { return slices.Contains(release, f.ID) })
	for _, x := range open {
		s.next++
		f := x.Freeze(calls.Call{})
		f.ID = freeze.ID(fmt.Sprint(s.next))
		s.freezes = append(s.freezes, f)
	}
	return len(open) + len(release)
}

func (s *standing) spell() []string {
	var all []calls.Firing
	for _, f := range s.freezes {
		all = append(all, calls.Firing{Rule: f.Rule, Version: f.RuleVersion,
			Calls: f.Evidence.Calls, From: f.From, Until: f.Until})
	}
	return s.spellStanding(all)
}

// spellStanding leaves out what is over, and the order of the calls, which makes no other
// freeze.
func (s *standing) spellStanding(all []calls.Firing) []string {
	var left []calls.Firing
	for _, x := range all {
		if x.Until.IsZero() || x.Until.After(s.now) {
			x.Calls = slices.Sorted(slices.Values(x.Calls))
			left = append(left, x)
		}
	}
	return spell(left)
}

func rejected(id, start string) calls.Call {
	return calls.Call{ID: id, Start: date(start), Outcome: calls.Rejected, Revision: 1}
}

func allFirings(t calls.Timeline, list ...calls.Call) []calls.Firing {
	return t.Firings(calls.History{Calls: list}, ever[0], ever[1])
}

// A call before the release of a rule's freeze stands for none after it.
func TestReleaseOfOneFreezeCutsFirst(t *testing.T) {
	t.Parallel()
	timeline := calls.Timeline{{RuleSet: parse(t,
		`rules: [{name: one, when: "call.outcome == 'rejected'", limit: 1, window: 24h, freeze: 30d}]`)}}
	h := calls.History{Calls: []calls.Call{rejected("before", "2026-03-02T02:00:00Z"),
		rejected("after", "2026-03-02T02:00:06Z")}}
	for rule, want := range map[string]string{"one": "after", "other": "before"} {
		h.Singly = []calls.RuleRelease{{Rule: rule, At: date("2026-03-02T02:00:03Z")}}
		got := timeline.Firings(h, ever[0], ever[1])
		require.Len(t, got, 1)
		require.Equal(t, []string{want}, got[0].Calls)
	}
}

func TestMidnight(t *testing.T) {
	t.Parallel()
	timeline := calls.Timeline{{RuleSet: calls.Default()}}
	two := []calls.Call{rejected("1", "2026-03-02T23:00:00+08:00"),
		rejected("2", "2026-03-02T23:30:00+08:00")}
	require.Empty(t, allFirings(timeline,
		append(two, rejected("3", "2026-03-03T00:00:00+08:00"))...), "midnight is the next day")
	got := allFirings(timeline, append(two, rejected("3", "2026-03-02T23:59:59.999999+08:00"))...)
	require.Equal(t, []calls.Firing{{Rule: "rejected-or-short", Version: calls.Default().Version,
		Calls: []string{"1", "2", "3"},
		From:  date("2026-03-02T23:59:59.999999+08:00"),
		Until: date("2026-04-01T23:59:59.999999+08:00")}}, got)
	more := allFirings(timeline, append(two, rejected("3", "2026-03-02T23:45:00+08:00"),
		rejected("4", "2026-03-02T23:50:00+08:00"))...)
	require.Len(t, more, 1, "the fourth reaches nothing")
}

// What happens to the shipped rules at the borders of what they count.
func TestShippedRules(t *testing.T) {
	t.Parallel()
	timeline := calls.Timeline{{RuleSet: calls.Default()}}
	day := func(calls ...calls.Call) (list []calls.Call) {
		for i, c := range calls {
			c.ID, c.Start = fmt.Sprint(i),
				date("2026-03-02T02:00:00Z").Add(time.Duration(i)*time.Hour)
			list = append(list, c)
		}
		return list
	}
	no, short := calls.Call{Outcome: calls.Rejected},
		calls.Call{Outcome: calls.Answered, Talk: 15 * time.Second}
	long, rung := calls.Call{Outcome: calls.Answered, Talk: 15*time.Second + 1},
		calls.Call{Outcome: calls.NoAnswer}
	reserved, untrusted := calls.Call{Outcome: calls.Pending},
		calls.Call{Outcome: calls.Rejected, Untrusted: true}
	failed, cancelled := calls.Call{Outcome: calls.Failed}, calls.Call{Outcome: calls.Cancelled}
	for _, tt := range []struct {
		name         string
		calls        []calls.Call
		fires, denis bool
	}{
		{"three rejected", day(no, no, no), true, false},
		{"rejected and short", day(no, short, no), true, false},
		{"two rejected, one long", day(no, long, no), false, false},
		{"voicemail is nobody's doing", day(no, no,
			calls.Call{Outcome: calls.Voicemail, Talk: 5 * time.Second}), false, false},
		{"on a failing line", day(no, no, untrusted), false, false},
		{"five attempts", day(rung, rung, rung, rung, rung), false, false},
		{"six attempts", day(rung, long, rung, rung, rung, rung), false, true},
		{"reserved counts as an attempt", day(rung, rung, rung, rung, rung, reserved), false, true},
		{"what failed does not", day(rung, rung, rung, rung, rung, failed, cancelled), false,
			false},
		{"on a failing line it is an attempt", day(rung, rung, rung, rung, rung, untrusted), false,
			true},
		{"both", day(no, no, no, no, no, no), true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.fires, len(allFirings(timeline, tt.calls...)) == 1)
			denials := timeline.Denials(calls.History{Calls: tt.calls},
				date("2026-03-02T10:00:00Z"))
			require.Equal(t, tt.denis, len(denials) == 1)
			if tt.denis {
				require.Equal(t, calls.Denial{Rule: "attempts-a-day",
					Version: calls.Default().Version, Count: 6, Limit: 6,
					From: tt.calls[5].Start, Until: date("2026-03-03T00:00:00+08:00"),
					Window: "calendar day, Asia/Shanghai"}, denials[0])
			}
		})
	}
}

// A call is judged by the rules that were in force when it began, whenever it is
// reported.
func TestTimeline(t *testing.T) {
	t.Parallel()
	stricter := parse(t,
		`rules: [{name: two, when: "call.outcome == 'rejected'", limit: 2, window: day, freeze: until_released}]`)
	timeline := calls.Timeline{{RuleSet: calls.Default()},
		{RuleSet: stricter, Since: date("2026-03-02T12:00:00+08:00")}}
	morning := []calls.Call{rejected("1", "2026-03-02T10:00:00+08:00"),
		rejected("2", "2026-03-02T11:00:00+08:00")}
	require.Empty(t, allFirings(timeline, morning...), "the rules of the morning had a limit of "+
		"three")
	require.Same(t, calls.Default(), timeline.At(date("2026-03-02T11:59:59+08:00")))
	require.Same(t, stricter, timeline.At(date("2026-03-02T12:00:00+08:00")))
	require.Nil(t, calls.Timeline(nil).At(ever[1]))
	require.Empty(t, allFirings(nil, morning...))
	require.Empty(t, calls.Timeline(nil).Denials(calls.History{Calls: morning}, ever[1]))

	got := allFirings(timeline, append(morning, rejected("3", "2026-03-02T12:00:00+08:00"))...)
	require.Len(t, got, 1, "the stricter rule catches at its first call who was over its limit "+
		"before")
	require.Equal(t, []string{"1", "2", "3"}, got[0].Calls)
	require.True(t, got[0].Until.IsZero())

	renamed := parse(t, strings.Replace(string(stricter.Source()), "rules:", "name: other\nrules:",
		1))
	timeline = append(timeline, calls.Activation{RuleSet: renamed,
		Since: date("2026-03-02T13:00:00+08:00")})
	got = allFirings(timeline, append(morning, rejected("3", "2026-03-02T12:00:00+08:00"),
		rejected("4", "2026-03-02T14:00:00+08:00"))...)
	require.Len(t, got, 1, "the same rule under another version had fired")
}

func TestReach(t *testing.T) {
	t.Parallel()
	week := parse(t, `rules: [{name: week, when: "true", limit: 2, window: 7d, deny: true}]`)
	require.Equal(t, 25*time.Hour, calls.Default().MaxWindow())
	require.Equal(t, 7*24*time.Hour, week.MaxWindow())
	timeline := calls.Timeline{{RuleSet: week}, {RuleSet: calls.Default(), Since: ever[1]}}
	require.Equal(t, 7*24*time.Hour, timeline.MaxWindow())
	require.Equal(t, 10*time.Second, timeline.SameCall())
	require.Equal(t, 14*24*time.Hour+10*time.Second, timeline.Reach())
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	x := calls.Firing{Rule: "r", Version: "v@1", Calls: []string{"b", "a"},
		From: date("2026-03-02T00:00:00Z"), Until: date("2026-04-01T00:00:00Z")}
	for _, tt := range []struct {
		name     string
		change   func(*freeze.Freeze)
		now      string
		opens    int
		releases bool
	}{
		{"the same", func(*freeze.Freeze) {}, "2026-03-03T00:00:00Z", 0, false},
		{"the same calls in another order", func(f *freeze.Freeze) {
			f.Evidence.Calls = []string{"a", "b"}
		}, "2026-03-03T00:00:00Z", 0, false},
		{"another call", func(f *freeze.Freeze) { f.Evidence.Calls = []string{"b", "c"} },
			"2026-03-03T00:00:00Z", 1, true},
		{"a call more", func(f *freeze.Freeze) { f.Evidence.Calls = []string{"a", "b", "c"} },
			"2026-03-03T00:00:00Z", 1, true},
		{"another rule", func(f *freeze.Freeze) { f.Rule = "s" }, "2026-03-03T00:00:00Z", 1, true},
		{"another version", func(f *freeze.Freeze) { f.RuleVersion = "v@2" },
			"2026-03-03T00:00:00Z", 1, true},
		{"another begin", func(f *freeze.Freeze) { f.From = f.From.Add(time.Microsecond) },
			"2026-03-03T00:00:00Z", 1, true},
		{"another end", func(f *freeze.Freeze) { f.Until = time.Time{} }, "2026-03-03T00:00:00Z", 1,
			true},
		{"over by now", func(f *freeze.Freeze) { f.Rule = "s" }, "2026-04-01T00:00:00Z", 0, false},
		{"before the stretch", func(f *freeze.Freeze) { f.From = date("2026-02-28T00:00:00Z") },
			"2026-03-03T00:00:00Z", 1, false},
		{"after the stretch", func(f *freeze.Freeze) { f.From = date("2026-03-05T00:00:00Z") },
			"2026-03-03T00:00:00Z", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := x.Freeze(calls.Call{})
			require.Equal(t, freeze.Ruled, f.Reason)
			f.ID, f.Evidence.Calls = "f", slices.Clone(f.Evidence.Calls)
			tt.change(&f)
			open, release := calls.Reconcile([]freeze.Freeze{f}, []calls.Firing{x},
				date("2026-03-01T00:00:00Z"), date("2026-03-04T00:00:00Z"), date(tt.now))
			require.Len(t, open, tt.opens)
			require.Equal(t, tt.releases, slices.Equal(release, []freeze.ID{"f"}))
		})
	}
}

// Of two freezes for the same firing one is too many.
func TestReconcileReleasesTheSecond(t *testing.T) {
	t.Parallel()
	x := calls.Firing{Rule: "r", Calls: []string{"a"}, From: date("2026-03-02T00:00:00Z")}
	a, b := x.Freeze(calls.Call{}), x.Freeze(calls.Call{})
	a.ID, b.ID = "a", "b"
	open, release := calls.Reconcile([]freeze.Freeze{a, b}, []calls.Firing{x}, ever[0], ever[1],
		x.From)
	require.Empty(t, open)
	require.Equal(t, []freeze.ID{"b"}, release)
}

// A source whose clock is ahead makes a denial that begins with its call.
func TestDenialsOfClocksAhead(t *testing.T) {
	t.Parallel()
	timeline := calls.Timeline{{RuleSet: parse(t,
		`rules: [{name: two, when: "true", limit: 2, window: 1h, deny: true}]`)}}
	now := date("2026-03-02T02:00:00Z")
	denials := func(ahead time.Duration) []calls.Denial {
		return timeline.Denials(calls.History{Calls: []calls.Call{{ID: "1", Start: now},
			{ID: "2", Start: now.Add(ahead)}}}, now)
	}
	require.Empty(t, denials(calls.MaxAhead+1))
	got := denials(calls.MaxAhead)
	require.Len(t, got, 1)
	require.Equal(t, []any{now.Add(calls.MaxAhead), now.Add(time.Hour), 2, "rolling 1h0m0s"},
		[]any{got[0].From, got[0].Until, got[0].Count, got[0].Window})
}

func BenchmarkRules(b *testing.B) {
	timeline := calls.Timeline{{RuleSet: calls.Default()}}
	var h calls.History
	for i := range 10 {
		h.Calls = append(h.Calls, calls.Call{ID: fmt.Sprint(i),
			Start:   date("2026-03-02T01:00:00Z").Add(time.Duration(i) * 30 * time.Minute),
			Outcome: []calls.Outcome{calls.NoAnswer, calls.Rejected, calls.Answered}[i%3],
			Talk:    time.Duration(i) * 7 * time.Second * time.Duration(i%3/2)})
	}
	last := h.Calls[9].Start
	b.ReportAllocs()
	for b.Loop() {
		timeline.Firings(h, last.Add(-timeline.Reach()), last.Add(timeline.Reach()))
		timeline.Denials(h, last)
	}
}
