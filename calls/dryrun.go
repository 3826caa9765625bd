package calls

import (
	"maps"
	"slices"
	"time"
)

// Effect is what one rule would have done.
type Effect struct {
	Rule string
	// Numbers is how many it would have frozen or denied, Times how often.
	Numbers, Times int
	// Avoided is how many of the calls would not have been made.
	Avoided int
}

// DryRun tries rules on past calls, number by number, as if they had been in force all
// the time and the dialler had asked before each call.
type DryRun struct {
	rules   *RuleSet
	effects map[string]*Effect
}

// NewDryRun tries rules.
func NewDryRun(rules *RuleSet) *DryRun {
	d := &DryRun{rules: rules, effects: map[string]*Effect{}}
	for _, r := range rules.Rules {
		if r.Enabled {
			d.effects[r.Name] = &Effect{Rule: r.Name}
		}
	}
	return d
}

// Number adds one number's calls, and tells how many of them began at from or later and
// which rules had to do with them. A call that would not have been made counts no more.
func (d *DryRun) Number(h History, from time.Time) (counted int, hit []string) {
	timeline := Timeline{{RuleSet: d.rules}}
	rules := map[string]bool{}
	denied := map[denialKey]bool{}
	var made []*Call
	var frozen []Firing
	for _, c := range inOrder(h.Calls) {
		inTime := !c.Start.Before(from)
		if inTime {
			counted++
		}
		if rule := standingAt(frozen, c.Start); rule != "" {
			d.avoid(rule, inTime)
			continue
		}
		if x, refused := deniedAt(timeline, made, *c); refused {
			key := denialKey{x.Rule, x.Agent, x.Until.UnixMicro()}
			if inTime && !denied[key] {
				denied[key], rules[x.Rule] = true, true
				d.effects[x.Rule].Times++
			}
			d.avoid(x.Rule, inTime)
			continue
		}
		made = append(made, c)
		for _, f := range timeline.firingsAt(made) {
			frozen = append(frozen, f)
			if inTime {
				rules[f.Rule] = true
				d.effects[f.Rule].Times++
			}
		}
	}
	for rule := range rules {
		d.effects[rule].Numbers++
	}
	return counted, slices.Sorted(maps.Keys(rules))
}

type denialKey struct {
	rule, agent string
	until       int64
}

func (d *DryRun) avoid(rule string, inTime bool) {
	if inTime {
		d.effects[rule].Avoided++
	}
}

// standingAt is the rule whose freeze stands at a moment, "" for none.
func standingAt(frozen []Firing, at time.Time) string {
	for _, f := range frozen {
		if f.Until.IsZero() || at.Before(f.Until) {
			return f.Rule
		}
	}
	return ""
}

// deniedAt is the denial that a call would have met.
func deniedAt(t Timeline, made []*Call, c Call) (Denial, bool) {
	for _, x := range t.denialsOf(made, c.Start) {
		if x.Agent == "" || x.Agent == c.Agent {
			return x, true
		}
	}
	return Denial{}, false
}

// Effects are the enabled rules' effects so far, in the order of the rules.
func (d *DryRun) Effects() []Effect {
	var out []Effect
	for _, r := range d.rules.Rules {
		if e := d.effects[r.Name]; e != nil {
			out = append(out, *e)
		}
	}
	return out
}
