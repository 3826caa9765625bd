package gate

import (
	"cmp"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
)

// judge makes an answer.
type judge struct {
	ask   Ask
	at    time.Time
	rules calls.Timeline
	// past is set where it is asked about a moment that is over: then the times count that
	// were noted, and not the order of the ledger alone.
	past bool
	// set is the one in force.
	set *calls.RuleSet
	// closed is set outside of the calling hours, which begin again at opens.
	closed bool
	opens  time.Time
}

// newJudge judges for now or later: by the rules that were activated last, whenever that was.
func newJudge(ask Ask, at time.Time, rules calls.Timeline) judge {
	j := judge{ask: ask, at: at, rules: rules, set: rules.Last()}
	j.look()
	return j
}

// newPastJudge judges for a moment that is over.
func newPastJudge(ask Ask, at time.Time, rules calls.Timeline) judge {
	j := judge{ask: ask, at: at, rules: rules, past: true, set: rules.At(at)}
	j.look()
	return j
}

// look finds out whether it is a time to call.
func (j *judge) look() {
	if j.set != nil && j.set.Hours.Enabled {
		var open bool
		open, j.opens = j.set.Hours.Open(j.at, j.set.Zone)
		j.closed = !open
	}
}

// outOfHours refuses whomever it is asked about.
func (j *judge) outOfHours() Answer {
	return Answer{Number: j.ask.Number, Reason: OutOfHours, Until: j.opens, Hours: j.set.Hours,
		Zone: j.set.Zone}
}

func (j *judge) free() Answer { return Answer{Number: j.ask.Number, Allowed: true, Reason: None} }

// answer weighs what was found. A freeze that the allow list doesn't lift says so at any
// hour: who were told to call at 08:00 instead would. Then come the calling hours, which
// the allow list doesn't lift; then the allow list, freezes, and what rules deny.
func (j *judge) answer(found *Found) Answer {
	if j.closed && (!found.Frozen || found.Allowed) {
		return j.outOfHours()
	}
	a := j.free()
	switch {
	case found.Frozen:
		j.frozen(&a, &found.Freeze)
	case found.Denied:
		j.denied(&a, &found.Denial)
	default:
		return a
	}
	if j.set != nil {
		a.Zone = j.set.Zone
	}
	if found.Allowed {
		a.Overridden, a.Allowed, a.Reason = a.Reason, true, AllowListed
		a.Allow, a.Until = found.Allow.ID, found.Allow.Until
	}
	return a
}

func (j *judge) frozen(a *Answer, f *freeze.Freeze) {
	a.Allowed, a.Reason = false, Frozen
	a.Freeze, a.FreezeReason, a.Class, a.Line, a.Until = f.ID, f.Reason, f.Class, f.Line, f.Until
	a.Rule, a.RuleVersion = f.Rule, f.RuleVersion
	if f.Rule != "" {
		a.Day = j.day(f.Rule, f.RuleVersion)
	}
}

func (j *judge) denied(a *Answer, d *calls.Denial) {
	a.Allowed, a.Reason = false, RuleLimit
	a.Rule, a.RuleVersion, a.Day, a.Until = d.Rule, d.Version, d.Window, d.Until
	a.Agent, a.Count, a.Limit = d.Agent, d.Count, d.Limit
}

// day is by which definition of a day a rule counts, "" where the rule is not known any
// more.
func (j *judge) day(rule, version string) string {
	for _, a := range j.rules {
		if a.RuleSet.Version != version {
			continue
		}
		for i := range a.RuleSet.Rules {
			if r := &a.RuleSet.Rules[i]; r.Name == rule {
				return r.Window.Describe(a.RuleSet.Zone)
			}
		}
	}
	return ""
}

// find is what answers among all that is known of the number.
func (j *judge) find(k calls.Known) (found Found) {
	found.Freeze, found.Frozen = first(k.Freezes, j.freezes, freezeBefore)
	found.Allow, found.Allowed = first(k.Allows, j.allows, allowBefore)
	rules := j.rules
	if !j.past {
		rules = rules.Present()
	}
	found.Denial, found.Denied = first(append(slices.Clip(k.Denials),
		rules.Denials(k.History, j.at)...), j.denies, denialBefore)
	return found
}

// freezes reports whether the freeze answers: one of a line does for calls on that line,
// and where no line is named.
func (j *judge) freezes(f *freeze.Freeze) bool {
	stands := f.Binds
	if j.past {
		stands = f.Stands
	}
	return stands(j.at) && (f.Line == "" || j.ask.Line == "" || f.Line == j.ask.Line)
}

func (j *judge) allows(a *freeze.Allow) bool {
	if j.past {
		return a.Stands(j.at)
	}
	return a.Binds(j.at)
}

// denies reports whether the denial answers: one of an agent does for that agent alone.
func (j *judge) denies(d *calls.Denial) bool {
	return !j.at.Before(d.From) && j.at.Before(d.Until) && (d.Agent == "" || d.Agent == j.ask.Agent)
}

// first is of those that answer the one that is before all others; ok is false without
// any.
func first[T any](list []T, answers func(*T) bool, before func(a, b *T) bool) (found T, ok bool) {
	for i := range list {
		if x := &list[i]; answers(x) && (!ok || before(x, &found)) {
			found, ok = *x, true
		}
	}
	return found, ok
}

// Of several of a kind the one that ends last answers, and of those that end together
// always the same one, in whatever order they are known.

func freezeBefore(a, b *freeze.Freeze) bool {
	return a.Outlasts(*b) || !b.Outlasts(*a) && a.ID < b.ID
}

func allowBefore(a, b *freeze.Allow) bool {
	return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.ID, b.ID)) < 0
}

func denialBefore(a, b *calls.Denial) bool {
	return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Agent, b.Agent)) < 0
}
