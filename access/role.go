package access

import (
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/fault"
)

// Role is what somebody may do.
type Role string

// The roles. Everybody has one.
const (
	// Recorder uploads recordings.
	Recorder Role = "recorder"
	// Dialler asks the gate, reserves calls, and reports them.
	Dialler Role = "dialler"
	// Reviewer decides suspects, and sees numbers masked.
	Reviewer Role = "reviewer"
	// Supervisor runs the floor: freezes, releases, rules, lexicon, reports.
	Supervisor Role = "supervisor"
	// Admin may do everything, and alone keeps keys.
	Admin Role = "admin"
	// Agent is a call agent, who looks at his calls and appeals.
	Agent Role = "agent"
	// Analyst judges past calls again, and exports with numbers masked.
	Analyst Role = "analyst"
	// Auditor reads everything and changes nothing.
	Auditor Role = "auditor"
	// Monitor reads the metrics.
	Monitor Role = "monitor"
	// Gate is a gate that runs elsewhere: it follows what stands and changes, and passes on what it is
	// asked and can't answer.
	Gate Role = "gate"
)

// Roles are all of them, in the order in which they are listed.
func Roles() []Role {
	return []Role{Recorder, Dialler, Agent, Reviewer, Supervisor, Analyst, Auditor, Monitor, Gate, Admin}
}

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	names := make([]string, len(Roles()))
	for i, r := range Roles() {
		names[i] = string(r)
	}
	if !slices.Contains(names, name) {
		var wrong fault.Fields
		wrong.Add("role", "is %q; there are %s%s", name, strings.Join(names, ", "),
			fault.DidYouMean(name, names))
		return "", wrong.Err("access.ParseRole")
	}
	return Role(name), nil
}
