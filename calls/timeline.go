package calls

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Activation says since when a set of rules was in force.
type Activation struct {
	RuleSet *RuleSet
	// Since is zero for the first.
	Since time.Time
	// Actor is who put it in force, "" for the rules that were there from the beginning.
	Actor string
}

// Timeline is which rules were in force when, the earliest first. A call is judged by
// those in force when it began.
type Timeline []Activation

// At is the set in force at a moment; the first before it began, nil without any.
func (t Timeline) At(at time.Time) *RuleSet {
	if len(t) == 0 {
		return nil
	}
	return t[t.place(at)].RuleSet
}

// Last is the set that was activated last, nil without any: the one in force now, also where
// a clock that was ahead noted a time that is yet to come.
func (t Timeline) Last() *RuleSet {
	if len(t) == 0 {
		return nil
	}
	return t[len(t)-1].RuleSet
}

// Present is the timeline for whoever asks about now or later: of the set activated last alone.
func (t Timeline) Present() Timeline {
	if len(t) == 0 {
		return nil
	}
	return Timeline{{RuleSet: t.Last()}}
}

// place is where in a timeline that has any the set in force at a moment stands.
func (t Timeline) place(at time.Time) int {
	for i := len(t) - 1; i > 0; i-- {
		if !at.Before(t[i].Since) {
			return i
		}
	}
	return 0
}

// MaxWindow is the longest window of all rules that were ever in force.
func (t Timeline) MaxWindow() time.Duration {
	longest := longestDay
	for _, a := range t {
		longest = max(longest, a.RuleSet.MaxWindow())
	}
	return longest
}

// Reach is how far back a call can be that matters to what the rules make of another:
// twice the longest window, once for the window of a call and once for that of the call
// before it, which tells whether the limit was reached already; and SameCall more, for what
// is one call with the first of them.
func (t Timeline) Reach() time.Duration { return 2*t.MaxWindow() + t.SameCall() }

// History is what is known of one number.
type History struct {
	// Calls are the calls to it, in any order.
	Calls []Call
	// Releases are the times at which people released it, in any order.
	Releases []time.Time
	// Singly are the releases of one freeze by a rule that left the number's others, in any
	// order.
	Singly []RuleRelease
}

// RuleRelease says that a person released a freeze by a rule, and not the number.
type RuleRelease struct {
	Rule string
	At   time.Time
}

// after are the single ones of the calls that a rule of the set counts: not those that began
// before somebody released a freeze of its own, nor do these stand for any after it.
func (h History) after(rule *Rule, list, single []*Call, set *RuleSet) []*Call {
	var last time.Time
	for _, r := range h.Singly {
		if r.Rule == rule.Name && r.At.After(last) {
			last = r.At
		}
	}
	if last.IsZero() {
		return single
	}
	i := slices.IndexFunc(list, func(c *Call) bool { return c.Start.After(last) })
	if i < 0 {
		return nil
	}
	return set.single(list[i:])
}

// Firing says that a call reached a rule's limit.
type Firing struct {
	// Rule and Version name the rule.
	Rule, Version string
	// Calls are the ids of the calls that were counted, in the order they were made.
	Calls []string
	// From is when the last of them began, Until the end of the freeze; zero where it
	// stands until somebody releases it.
	From, Until time.Time
}

// Firings are the freezes that the rules make of a number's calls, those whose last
// call began from from to to, both included; in the order of time. For a right answer
// the history must hold what is Needed.
//
// A rule fires at the call at which the count of its window reaches the limit, and again
// only after the count was below it, or when the rule was another one at the call
// before. Reserved calls, those on failing lines and those to virtual numbers don't count, nor
// do calls without an agent where a rule counts by agent. After somebody released the number, only later
// calls count, and what fired before is over; after a release of one freeze by a rule, that
// is so for the rule.
func (t Timeline) Firings(h History, from, to time.Time) []Firing {
	released := latest(h.Releases)
	list := inOrder(h.Calls, func(c *Call) bool {
		return c.counts() && (released.IsZero() || c.Start.After(released))
	})
	return t.firings(h, list, func(c *Call) bool {
		return !c.Start.Before(from) && !c.Start.After(to)
	})
}

// counts reports whether rules that freeze may take the call as the customer's doing.
func (c *Call) counts() bool { return !c.Untrusted && !c.Virtual && c.Outcome != Pending }

func latest(times []time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// inOrder are the calls that are wanted, sorted by their start, and by id where that is
// the same.
func inOrder(list []Call, wanted func(*Call) bool) []*Call {
	ordered := make([]*Call, 0, len(list))
	for i := range list {
		if wanted(&list[i]) {
			ordered = append(ordered, &list[i])
		}
	}
	if !slices.IsSortedFunc(ordered, before) { // as it is where they were read in order
		slices.SortFunc(ordered, before)
	}
	return ordered
}

func before(a, b *Call) int { return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID)) }

// firings are those at the calls that are asked about, of calls that all count.
func (t Timeline) firings(h History, list []*Call, asked func(*Call) bool) []Firing {
	var found []Firing
	for i, a := range t {
		judged := func(c *Call) bool { return asked(c) && t.place(c.Start) == i }
		if !slices.ContainsFunc(list, judged) {
			continue
		}
		single := a.RuleSet.single(list)
		for r := range a.RuleSet.Rules {
			rule := &a.RuleSet.Rules[r]
			if !rule.Enabled || rule.Deny {
				continue
			}
			for _, group := range rule.groups(h.after(rule, list, single, a.RuleSet)) {
				found = append(found, t.groupFirings(i, rule, group, judged)...)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Firing) int { return a.From.Compare(b.From) })
	return found
}

// groupFirings are the firings of a rule of the i-th set at the judged ones of the calls
// that count together.
func (t Timeline) groupFirings(i int, rule *Rule, group []*Call, judged func(*Call) bool) []Firing {
	set := t[i].RuleSet
	var found []Firing
	first, count := 0, 0
	for p, c := range group {
		for !rule.Window.holds(group[first].Start, c.Start, set.Zone) {
			first++
		}
		reached := count >= rule.Limit && first < p && t.knew(group[p-1], i, rule)
		if count = p - first + 1; count >= rule.Limit && !reached && judged(c) {
			found = append(found, rule.fire(set.Version, group[first:p+1]))
		}
	}
	return found
}

// knew reports whether a call was judged by the same rule as the one of the i-th set,
// which then fired there where it had to.
func (t Timeline) knew(c *Call, i int, rule *Rule) bool {
	earlier := t.place(c.Start)
	if earlier == i {
		return true
	}
	set := t[earlier].RuleSet
	return set.Zone.String() == t[i].RuleSet.Zone.String() &&
		set.SameCall == t[i].RuleSet.SameCall &&
		slices.ContainsFunc(set.Rules, rule.isSame)
}

func (r *Rule) fire(version string, counted []*Call) Firing {
	last := counted[len(counted)-1].Start
	f := Firing{Rule: r.Name, Version: version, Calls: make([]string, len(counted)), From: last}
	for i, c := range counted {
		f.Calls[i] = c.ID
	}
	if r.Freeze > 0 {
		f.Until = last.Add(r.Freeze)
	}
	return f
}
