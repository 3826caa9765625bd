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
	for _, a := range slices.Backward(t) {
		if !at.Before(a.Since) {
			return a.RuleSet
		}
	}
	if len(t) == 0 {
		return nil
	}
	return t[0].RuleSet
}

// MaxWindow is the longest window of all rules that were ever in force.
func (t Timeline) MaxWindow() time.Duration {
	longest := longestDay
	for _, a := range t {
		longest = max(longest, a.RuleSet.MaxWindow())
	}
	return longest
}

// History is what is known of one number.
type History struct {
	// Calls are the calls to it, in any order.
	Calls []Call
	// Releases are the times at which people released it, in any order.
	Releases []time.Time
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
// the history must go back from from by twice the longest window.
//
// A rule fires at the call at which the count of its window reaches the limit, and again
// only after the count has fallen below it. Calls on failing lines don't count. After
// somebody released the number, only later calls count.
func (t Timeline) Firings(h History, from, to time.Time) []Firing {
	ordered := inOrder(h.Calls)
	releases := slices.SortedFunc(slices.Values(h.Releases), time.Time.Compare)
	var found []Firing
	for i, c := range ordered {
		if c.Start.Before(from) || c.Start.After(to) || c.Untrusted || releasedSince(releases, c.Start) {
			continue
		}
		found = append(found, t.firingsOf(ordered[:i+1], releases)...)
	}
	return found
}

// firingsAt are the freezes that rules make of the last of some calls, which are in
// order.
func (t Timeline) firingsAt(ordered []*Call) []Firing {
	if ordered[len(ordered)-1].Untrusted {
		return nil
	}
	return t.firingsOf(ordered, nil)
}

func (t Timeline) firingsOf(ordered []*Call, releases []time.Time) []Firing {
	set := t.At(ordered[len(ordered)-1].Start)
	if set == nil {
		return nil
	}
	var found []Firing
	for r := range set.Rules {
		rule := &set.Rules[r]
		if !rule.Enabled || rule.Deny {
			continue
		}
		if f, fires := rule.firing(set, ordered, releases); fires {
			found = append(found, f)
		}
	}
	return found
}

// inOrder sorts calls by their start, and by id where that is the same.
func inOrder(list []Call) []*Call {
	ordered := make([]*Call, len(list))
	for i := range list {
		ordered[i] = &list[i]
	}
	slices.SortFunc(ordered, func(a, b *Call) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID))
	})
	return ordered
}

// releasedSince reports whether somebody released the number at that time or later:
// what a call did until then is settled.
func releasedSince(releases []time.Time, at time.Time) bool {
	return len(releases) > 0 && !at.After(releases[len(releases)-1])
}

// firing tells whether the last of the calls reaches the rule's limit.
func (r *Rule) firing(set *RuleSet, ordered []*Call, releases []time.Time) (Firing, bool) {
	last := ordered[len(ordered)-1]
	if !r.matches(last) {
		return Firing{}, false
	}
	counted := r.counted(set, ordered, last, releases)
	if len(counted) != r.Limit { // not reached, or reached before
		return Firing{}, false
	}
	f := Firing{Rule: r.Name, Version: set.Version, From: last.Start}
	for _, c := range counted {
		f.Calls = append(f.Calls, c.ID)
	}
	if r.Freeze > 0 {
		f.Until = last.Start.Add(r.Freeze)
	}
	return f, true
}

// matches reports whether a call counts for the rule at all.
func (r *Rule) matches(c *Call) bool {
	return (r.Per != PerNumberAndAgent || c.Agent != "") && r.condition.holds(c)
}

// counted are the calls that count in the window of the last one, it included, in order.
func (r *Rule) counted(set *RuleSet, ordered []*Call, at *Call, releases []time.Time) []*Call {
	var barrier time.Time
	for _, release := range releases {
		if release.Before(at.Start) {
			barrier = release
		}
	}
	var found []*Call
	for _, c := range slices.Backward(ordered) {
		if !r.Window.holds(c.Start, at.Start, set.Zone) || !barrier.IsZero() && !c.Start.After(barrier) {
			break // and so do all before
		}
		if !c.Untrusted && r.sameGroup(c, at) && r.matches(c) {
			found = append(found, c)
		}
	}
	slices.Reverse(found)
	return found
}

// sameGroup reports whether two calls to the number count together.
func (r *Rule) sameGroup(a, b *Call) bool {
	return r.Per != PerNumberAndAgent || a.Agent == b.Agent
}
