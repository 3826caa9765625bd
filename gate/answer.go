package gate

import (
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Reason is the code behind an answer.
type Reason string

// The reasons.
const (
	// None is the answer for a number against which nothing speaks.
	None Reason = "none"
	// Frozen refuses because of a freeze.
	Frozen Reason = "frozen"
	// RuleLimit refuses because a rule's limit is reached, until its window ends.
	RuleLimit Reason = "rule_limit"
	// OutOfHours refuses outside of the calling hours.
	OutOfHours Reason = "hours"
	// AllowListed allows, by the allow list, although something else speaks against it.
	AllowListed Reason = "allow_listed"
	// Stale is the answer of a gate that has heard nothing of the server that it follows for too
	// long, for a number against which nothing spoke until then. Whether it may be called is configured.
	Stale Reason = "stale"
)

// Reasons lists the reasons.
func Reasons() []Reason { return []Reason{None, Frozen, RuleLimit, OutOfHours, AllowListed, Stale} }

// Answer says whether a number may be called, and why.
type Answer struct {
	Number  number.Number
	Allowed bool
	Reason  Reason
	// Until is the end of the refusal, or of what allows the call. It is zero where
	// nothing speaks against the call, and where a freeze stands until somebody
	// releases it.
	Until time.Time

	// Freeze is the freeze that answers, FreezeReason what made it, Class the class of
	// the refusal behind it, Line the line that it is limited to.
	Freeze       freeze.ID
	FreezeReason freeze.Reason
	Class        string
	Line         string

	// Rule, in its version, denies or froze. Day says by which definition of a day it
	// counts: "calendar day, Asia/Shanghai" or "rolling 24h0m0s".
	Rule, RuleVersion string
	Day               string
	// Count is how many calls there were when the rule was last looked at, Limit how many
	// there may be, Agent whose they are where each agent's count alone. Only for what a
	// rule denies.
	Count, Limit int
	Agent        string

	// Hours are the calling hours, where they answer.
	Hours calls.Hours

	// Allow is the entry of the allow list that answers; Overridden is the reason that
	// would stand without it, which the fields above are about.
	Allow      freeze.AllowID
	Overridden Reason

	// Known is up to when a gate knows what happened, where it answers that it is stale.
	Known time.Time

	// Zone is the rules' time zone, for showing times; nil where nothing is to show.
	Zone *time.Location
}
