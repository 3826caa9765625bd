package calls

import "time"

// Denial says that a rule refuses further calls for now.
type Denial struct {
	// Rule and Version name the rule.
	Rule, Version string
	// Agent is whose calls are refused, "" for everybody's.
	Agent string
	// Count is how many calls there were, Limit how many there may be.
	Count, Limit int
	// From is when the denial was reached, Until when calls may be made again.
	From, Until time.Time
	// Window says which definition of a day counts.
	Window string
}

// Denials are what the rules in force at a moment refuse then. Reserved calls count,
// those on failing lines too: an attempt is an attempt.
func (t Timeline) Denials(h History, at time.Time) []Denial {
	return t.denialsOf(inOrder(h.Calls), at)
}

func (t Timeline) denialsOf(ordered []*Call, at time.Time) []Denial {
	set := t.At(at)
	if set == nil {
		return nil
	}
	var found []Denial
	for i := range set.Rules {
		if rule := &set.Rules[i]; rule.Enabled && rule.Deny {
			found = append(found, rule.denials(set, ordered, at)...)
		}
	}
	return found
}

// denials are those of one rule, one an agent where it counts by agent.
func (r *Rule) denials(set *RuleSet, ordered []*Call, at time.Time) []Denial {
	groups := map[string][]*Call{}
	var agents []string
	for _, c := range ordered {
		if !r.Window.holds(c.Start, at, set.Zone) || !r.matches(c) {
			continue
		}
		agent := ""
		if r.Per == PerNumberAndAgent {
			agent = c.Agent
		}
		if groups[agent] == nil {
			agents = append(agents, agent)
		}
		groups[agent] = append(groups[agent], c)
	}
	var found []Denial
	for _, agent := range agents {
		counted := groups[agent]
		if len(counted) < r.Limit {
			continue
		}
		found = append(found, Denial{Rule: r.Name, Version: set.Version, Agent: agent, Count: len(counted), Limit: r.Limit,
			From: counted[r.Limit-1].Start, Until: r.deniedUntil(set, counted, at), Window: r.Window.Describe(set.Zone)})
	}
	return found
}

// deniedUntil is when the count falls below the limit without another call.
func (r *Rule) deniedUntil(set *RuleSet, counted []*Call, at time.Time) time.Time {
	if r.Window.Day {
		return midnight(at.In(set.Zone), 1).UTC()
	}
	// The call that must leave the window for fewer than Limit to remain.
	return counted[len(counted)-r.Limit].Start.Add(r.Window.Length)
}
