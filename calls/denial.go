package calls

import (
	"slices"
	"time"
)

// Denial says that a rule refuses further calls for now.
type Denial struct {
	// Rule and Version name the rule.
	Rule, Version string
	// Agent is whose calls are refused, "" for everybody's.
	Agent string
	// Count is how many calls there were in the window, Limit how many there may be.
	Count, Limit int
	// From is when the limit was reached, Until when calls may be made again if none is
	// made meanwhile. It denies from From to before Until.
	From, Until time.Time
	// Window says which definition of a day counts.
	Window string
}

// Denials are what the deny rules in force at a moment refuse then. Reserved calls
// count, those on failing lines too: an attempt is an attempt, but to a virtual number it is
// nobody's. A release of the number
// changes nothing here; the allow list does.
//
// Of calls that began later only those within MaxAhead are looked at, as they come from
// a source whose clock is ahead: a denial that they make begins with them, at a From
// after at. For a right answer the history must go back by the longest window, and by
// SameCall more.
func (t Timeline) Denials(h History, at time.Time) []Denial {
	return t.denials(inOrder(h.Calls,
		func(c *Call) bool { return !c.Virtual && !c.Start.After(at.Add(MaxAhead)) }), at)
}

func (t Timeline) denials(list []*Call, at time.Time) []Denial {
	set := t.At(at)
	if set == nil {
		return nil
	}
	var found []Denial
	list = set.single(list)
	for i := range set.Rules {
		rule := &set.Rules[i]
		if !rule.Enabled || !rule.Deny {
			continue
		}
		for _, group := range rule.groups(since(list, at.Add(-2*rule.Window.Span()))) {
			d, ok := rule.denied(group, at, set.Zone)
			if !ok {
				continue
			}
			d.Rule, d.Version, d.Limit, d.Window = rule.Name, set.Version, rule.Limit,
				rule.Window.Describe(set.Zone)
			if rule.Per == PerNumberAndAgent {
				d.Agent = group[0].Agent
			}
			found = append(found, d)
		}
	}
	return found
}

// since are the calls that began at a time or later.
func since(list []*Call, from time.Time) []*Call {
	i := slices.IndexFunc(list, func(c *Call) bool { return !c.Start.Before(from) })
	if i < 0 {
		return nil
	}
	return list[i:]
}

// denied is the denial that calls which count together make of a further one.
func (r *Rule) denied(group []*Call, at time.Time, zone *time.Location) (d Denial, ok bool) {
	for len(group) > 0 && group[0].Start.Before(at) && !r.Window.holds(group[0].Start, at, zone) {
		group = group[1:]
	}
	if d.From, d.Until, ok = r.stretch(group, zone); !ok {
		return d, false
	}
	moment := at
	if d.From.After(at) {
		moment = d.From
	}
	for _, c := range group {
		if !c.Start.After(moment) && r.Window.holds(c.Start, moment, zone) {
			d.Count++
		}
	}
	return d, true
}

// stretch is the first time in which the calls, which are within the window of at or
// begin soon after it, reach the limit.
func (r *Rule) stretch(group []*Call, zone *time.Location) (from, until time.Time, ok bool) {
	for last := r.Limit - 1; last < len(group); last++ {
		begins, ends := group[last].Start, r.leaves(group[last-r.Limit+1], zone)
		switch {
		case !begins.Before(ends): // the calls are never in one window
		case !ok:
			from, until, ok = begins, ends, true
		case begins.After(until):
			return from, until, ok
		default:
			until = ends
		}
	}
	return from, until, ok
}

// leaves is when a call leaves the window.
func (r *Rule) leaves(c *Call, zone *time.Location) time.Time {
	if r.Window.Day {
		return nextDay(c.Start, zone)
	}
	return c.Start.Add(r.Window.Length)
}
