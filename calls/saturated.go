package calls

import (
	"context"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// saturated reports whether new calls to a number change nothing of what the rules make of
// it, which a look at the calls near them and at what stands can tell: a test number, or a
// dialler that loops, makes 40,000 calls on a day, and to read them all for each report would
// take 200 ms.
//
// That is so where all is judged by the set in force, nobody released anything, the calls stand
// for no others, and each of them either has another standing for it, or is one more of a rule
// that counts by days and reached its limit on that day already: by a freeze of that rule
// that stands, or by what it denies. Where in doubt it is false.
func (w *writer) saturated(ctx context.Context, n number.Number, e *effect) (bool, error) {
	if !e.more || w.denied == nil {
		return false, nil
	}
	s := saturation{rules: w.rules, set: w.rules.Last(), denials: w.denied(n)}
	if len(s.denials) == 0 || !s.denied(e.calls) {
		return false, nil
	}
	var near []Span
	for _, c := range e.calls {
		near = append(near, Span{c.Start.Add(-s.set.SameCall), c.Start.Add(s.set.SameCall)})
	}
	histories, err := w.tx.Histories(ctx, []number.Number{n}, joined(near), w.rules)
	if err != nil {
		return false, err
	}
	s.near = histories[n]
	s.freezes, err = w.tx.Freezes(ctx, freeze.Query{Numbers: []number.Number{n},
		Reason: freeze.Ruled, Unreleased: true})
	return err == nil && s.nothingNew(e.calls), err
}

// saturation is what is known of a number besides its calls.
type saturation struct {
	rules   Timeline
	set     *RuleSet
	denials []Denial
	freezes []freeze.Freeze
	// near are the calls around those that are new.
	near *History
}

// denied reports, of memory alone, whether the calls are of the set in force, and what of them
// counts for rules that deny is denied already. Most numbers end here.
func (s *saturation) denied(list []Call) bool {
	for i := range list {
		c := &list[i]
		if s.rules.place(c.Start.Add(-s.set.SameCall)) != len(s.rules)-1 {
			return false
		}
		for r := range s.set.Rules {
			if rule := &s.set.Rules[r]; rule.Enabled && rule.Deny && !s.denies(rule, c) {
				return false
			}
		}
	}
	return true
}

// denies reports whether the call is no news to a rule that denies.
func (s *saturation) denies(rule *Rule, c *Call) bool {
	agent := ""
	if rule.Per == PerNumberAndAgent {
		agent = c.Agent
	}
	if c.Virtual || agent == "" && rule.Per == PerNumberAndAgent || !rule.condition.holds(c) {
		return true
	}
	for _, d := range s.denials {
		if d.Rule == rule.Name && d.Version == s.set.Version && d.Agent == agent &&
			rule.Window.Day && !c.Start.Before(d.From) && c.Start.Before(d.Until) {
			return true
		}
	}
	return false
}

func (s *saturation) nothingNew(list []Call) bool {
	if len(s.near.Releases)+len(s.near.Singly) > 0 {
		return false
	}
	isNew := map[string]bool{}
	for _, c := range list {
		isNew[c.ID] = true
	}
	for i := range s.near.Calls {
		c := &s.near.Calls[i] // judged whether its line was failing
		if !isNew[c.ID] {
			continue
		}
		covered, covers := s.neighbours(c, isNew)
		if covers || !covered && !s.frozen(c) {
			return false
		}
	}
	return true
}

// neighbours reports whether a call near to c stands for it, and whether c stands for one. Those
// that are new count as if they came one by one, in their order.
func (s *saturation) neighbours(c *Call, isNew map[string]bool) (covered, covers bool) {
	for i := range s.near.Calls {
		o := &s.near.Calls[i]
		if o.ID == c.ID || isNew[o.ID] && before(c, o) < 0 || o.Start.Sub(c.Start).Abs() > s.set.SameCall {
			continue
		}
		first, second := o, c
		if before(c, o) < 0 {
			first, second = c, o
		}
		if s.set.SameCall == 0 || !sameCall(first, second) {
			continue
		}
		weight := byWeight(first, second)
		byFirst := weight <= 0
		covered = covered || (first == o) == byFirst && o.counts()
		covers = covers || (first == c) == byFirst
	}
	return covered, covers
}

// frozen reports whether the call is no news to the rules that freeze.
func (s *saturation) frozen(c *Call) bool {
	for r := range s.set.Rules {
		rule := &s.set.Rules[r]
		if !rule.Enabled || rule.Deny || !c.counts() || !rule.condition.holds(c) {
			continue
		}
		if !rule.Window.Day || rule.Per != PerNumber || !s.froze(rule, c) {
			return false
		}
	}
	return true
}

// froze reports whether a freeze stands that the rule made earlier on the day of the call.
func (s *saturation) froze(rule *Rule, c *Call) bool {
	for _, f := range s.freezes {
		if !f.Number.IsZero() && f.Rule == rule.Name && f.RuleVersion == s.set.Version &&
			f.From.Before(c.Start) && sameDay(f.From, c.Start, s.set.Zone) &&
			s.rules.place(f.From) == len(s.rules)-1 {
			return true
		}
	}
	return false
}
