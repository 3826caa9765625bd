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
// which rules had to do with them. A call that would not have been made counts no more;
// of releases nothing is known, as the freezes would have been others.
func (d *DryRun) Number(h History, from time.Time) (counted int, hit []string) {
	n := numberRun{DryRun: d, from: from, timeline: Timeline{{RuleSet: d.rules}},
		hit: map[string]bool{}, denials: map[denialKey]bool{}}
	for _, c := range inOrder(h.Calls, func(c *Call) bool { return !c.Virtual }) {
		if !c.Start.Before(from) {
			counted++
		}
		n.call(c)
	}
	for rule := range n.hit {
		d.effects[rule].Numbers++
	}
	return counted, slices.Sorted(maps.Keys(n.hit))
}

// numberRun tries rules on the calls to one number.
type numberRun struct {
	*DryRun
	from     time.Time
	timeline Timeline
	// made are the calls that would have been made and that rules still see.
	made    []*Call
	frozen  []Firing
	hit     map[string]bool
	denials map[denialKey]bool
}

func (n *numberRun) call(c *Call) {
	inTime := !c.Start.Before(n.from)
	if rule := standingAt(n.frozen, c.Start); rule != "" {
		n.avoid(rule, inTime)
		return
	}
	seen := c.Start.Add(-n.timeline.Reach())
	for len(n.made) > 0 && n.made[0].Start.Before(seen) {
		n.made = n.made[1:]
	}
	if x, refused := deniedAt(n.timeline, n.made, c); refused {
		if key := (denialKey{x.Rule, x.Agent, x.Until.UnixMicro()}); inTime && !n.denials[key] {
			n.denials[key] = true
			n.act(x.Rule)
		}
		n.avoid(x.Rule, inTime)
		return
	}
	n.made = append(n.made, c)
	if !c.counts() {
		return
	}
	counting := slices.DeleteFunc(slices.Clone(n.made), func(c *Call) bool { return !c.counts() })
	for _, f := range n.timeline.firings(History{}, counting, func(x *Call) bool { return x == c }) {
		n.frozen = append(n.frozen, f)
		if inTime {
			n.act(f.Rule)
		}
	}
}

func (n *numberRun) act(rule string) {
	n.hit[rule] = true
	n.effects[rule].Times++
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
func deniedAt(t Timeline, made []*Call, c *Call) (Denial, bool) {
	for _, x := range t.denials(made, c.Start) {
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
