package calls

import (
	"slices"
	"time"

	"github.com/refrain-asr/refrain/freeze"
)

// Reconcile says what to do so that a number's standing rule freezes that began from
// from to to are what the rules make of its calls, and no others: which firings to open,
// and which freezes to release as Corrected. Standing are the number's freezes by rules
// that nobody released, each with the end that it was opened with, though a person may
// have extended it since. What is over by now is left as it is: a firing is not opened,
// a freeze not released.
func Reconcile(
	standing []freeze.Freeze, firings []Firing, from, to, now time.Time,
) (open []Firing, release []freeze.ID) {
	left := slices.Clone(firings)
	for _, f := range standing {
		if f.From.Before(from) || f.From.After(to) {
			continue
		}
		i := slices.IndexFunc(left, func(x Firing) bool { return x.made(f) })
		switch {
		case i >= 0:
			left = slices.Delete(left, i, i+1)
		case !over(f.Until, now):
			release = append(release, f.ID)
		}
	}
	return slices.DeleteFunc(left, func(x Firing) bool { return over(x.Until, now) }), release
}

func over(until, now time.Time) bool { return !until.IsZero() && !now.Before(until) }

// made reports whether the freeze is what the firing makes. The order of the calls makes
// no difference.
func (x Firing) made(f freeze.Freeze) bool {
	return f.Rule == x.Rule && f.RuleVersion == x.Version && f.From.Equal(x.From) &&
		f.Until.Equal(x.Until) && sameCalls(f.Evidence.Calls, x.Calls)
}

func sameCalls(a, b []string) bool {
	return slices.Equal(a, b) || len(a) == len(b) &&
		slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Freeze is the freeze that the firing makes of the called number.
func (x Firing) Freeze(c Call) freeze.Freeze {
	return freeze.Freeze{Number: c.Number, Reason: freeze.Ruled, Rule: x.Rule,
		RuleVersion: x.Version, From: x.From, Until: x.Until,
		Actor: rulesActor, Evidence: freeze.Evidence{Calls: x.Calls}}
}
