package calls

import (
	"slices"
	"time"

	"github.com/refrain-asr/refrain/freeze"
)

// Reconcile says what to do so that a number's standing rule freezes that began from
// from to to are what the rules make of its calls, and no others. Standing are the
// number's freezes by rules that nobody released. A firing whose freeze is over by now
// is not opened: it would never stand.
func Reconcile(standing []freeze.Freeze, firings []Firing, from, to, now time.Time) (open []Firing, release []freeze.ID) {
	left := slices.Clone(firings)
	for _, f := range standing {
		if f.From.Before(from) || f.From.After(to) {
			continue
		}
		i := slices.IndexFunc(left, func(x Firing) bool { return x.is(f) })
		if i < 0 {
			release = append(release, f.ID)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, x := range left {
		if x.Until.IsZero() || now.Before(x.Until) {
			open = append(open, x)
		}
	}
	return open, release
}

// is reports whether the freeze is what the firing makes. Until may have been extended
// by somebody since.
func (x Firing) is(f freeze.Freeze) bool {
	if f.Rule != x.Rule || f.RuleVersion != x.Version || !f.From.Equal(x.From) || !slices.Equal(f.Evidence.Calls, x.Calls) {
		return false
	}
	return f.Until.IsZero() || !x.Until.IsZero() && !f.Until.Before(x.Until)
}

// Freeze is the freeze that the firing makes of a number.
func (x Firing) Freeze(c Call) freeze.Freeze {
	return freeze.Freeze{Number: c.Number, Reason: freeze.Ruled, Rule: x.Rule, RuleVersion: x.Version, From: x.From, Until: x.Until,
		Actor: "rule " + x.Rule, Evidence: freeze.Evidence{CallID: x.Calls[len(x.Calls)-1], Calls: x.Calls}}
}
