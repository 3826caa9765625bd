package calls

import "time"

// holds reports whether a call that began at start lies in the window of at, which is
// not before it.
func (w Window) holds(start, at time.Time, zone *time.Location) bool {
	if w.Day {
		return sameDay(start, at, zone)
	}
	return at.Sub(start) < w.Length
}

// groups are the calls that meet the rule's condition, as they count together, each
// group in order.
func (r *Rule) groups(list []*Call) [][]*Call {
	if r.Per != PerNumberAndAgent {
		var matching []*Call
		for _, c := range list {
			if r.condition.holds(c) {
				matching = append(matching, c)
			}
		}
		return [][]*Call{matching}
	}
	var found [][]*Call
	place := map[string]int{}
	for _, c := range list {
		if c.Agent == "" || !r.condition.holds(c) {
			continue
		}
		i, ok := place[c.Agent]
		if !ok {
			i = len(found)
			place[c.Agent], found = i, append(found, nil)
		}
		found[i] = append(found[i], c)
	}
	return found
}

// isSame reports whether two rules say the same, though their sets may differ.
func (r *Rule) isSame(o Rule) bool {
	return r.Name == o.Name && r.Enabled == o.Enabled && r.When == o.When && r.Limit == o.Limit &&
		r.Window == o.Window && r.Per == o.Per &&
		r.Deny == o.Deny && r.Freeze == o.Freeze
}
