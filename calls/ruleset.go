package calls

import (
	_ "embed"
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // rules must read the same where a machine has no time zones installed
)

// RuleSet is one version of the rules. It never changes.
type RuleSet struct {
	// Version is the name its author gave, with the beginning of a checksum.
	Version string
	// Zone is whose midnights and hours count.
	Zone  *time.Location
	Rules []Rule
	Hours Hours
	Guard Guard
	// SameCall is within what time attempts to a number are taken for one call, of which the
	// weightiest counts; 0 counts each.
	SameCall time.Duration

	source []byte
}

// Per says over what a rule counts.
type Per string

// What rules count over: all calls to a number, or those of one agent to it.
const (
	PerNumber         Per = "number"
	PerNumberAndAgent Per = "number_and_agent"
)

// Rule is a limit on how often, over the calls that meet its condition.
type Rule struct {
	// Name is unique in its set; Title is for people.
	Name, Title string
	Enabled     bool
	// When is the condition on a call, in CEL.
	When string
	// Limit is reached by that many calls in a window, 1 to MaxLimit.
	Limit  int
	Window Window
	Per    Per
	// Deny refuses further calls until the window ends, and freezes nothing.
	Deny bool
	// Freeze is for how long the number is frozen, from the call that reached the
	// limit; 0 is until somebody releases it.
	Freeze time.Duration

	condition condition
}

// Window is the time over which a rule counts: a calendar day, or so much time up to
// the call.
type Window struct {
	Day bool
	// Length is MinWindow to MaxWindow where it is not a day.
	Length time.Duration
}

// The limits of rules.
const (
	MaxLimit  = 1000
	MinWindow = time.Minute
	MaxWindow = 31 * 24 * time.Hour
	// longestDay is one on which clocks are set back.
	longestDay = 25 * time.Hour
)

// Span is the longest that the window can be.
func (w Window) Span() time.Duration {
	if w.Day {
		return longestDay
	}
	return w.Length
}

// Describe says which definition of a day counts: "calendar day, Asia/Shanghai" or
// "rolling 24h0m0s".
func (w Window) Describe(zone *time.Location) string {
	if w.Day {
		return "calendar day, " + zone.String()
	}
	return fmt.Sprintf("rolling %s", w.Length)
}

// Source is the YAML that the rules were read from, with all rules in it; not to be
// changed. Parse makes the same set of it, with the same version.
func (s *RuleSet) Source() []byte { return s.source }

// MaxWindow is the longest window of the rules that are on.
func (s *RuleSet) MaxWindow() time.Duration {
	longest := longestDay
	for _, r := range s.Rules {
		if r.Enabled {
			longest = max(longest, r.Window.Span())
		}
	}
	return longest
}

//go:embed rules.yaml
var shipped []byte

// Default is the rules that come with Refrain.
var Default = sync.OnceValue(func() *RuleSet {
	set, err := Parse(shipped)
	if err != nil {
		panic("the embedded rules are broken: " + err.Error()) // a test parses them
	}
	return set
})
