package calls

import (
	"time"

	"github.com/refrain-asr/refrain/number"
)

// Outcome says how a call ended.
type Outcome string

// The outcomes. Only what the called person did is Rejected.
const (
	// Pending is the outcome of a call that was reserved and not yet reported.
	Pending       Outcome = ""
	Answered      Outcome = "answered"
	Rejected      Outcome = "rejected"
	NoAnswer      Outcome = "no_answer"
	Busy          Outcome = "busy"
	Unreachable   Outcome = "unreachable"
	Voicemail     Outcome = "voicemail"
	Cancelled     Outcome = "cancelled"
	Failed        Outcome = "failed"
	InvalidNumber Outcome = "invalid_number"
)

// HasTalk reports whether calls that end so have a talk time.
func (o Outcome) HasTalk() bool { return o == Answered || o == Voicemail }

// Party is who ended a call.
type Party string

// The parties. NobodyKnown is for sources that don't say.
const (
	NobodyKnown Party = ""
	ByCustomer  Party = "customer"
	ByAgent     Party = "agent"
	BySystem    Party = "system"
)

// Call is one attempt to call a number.
type Call struct {
	// ID is the source's own name for the call, the same as its recordings carry.
	ID     string
	Number number.Number
	// Agent, Line and CallerID may be empty where the source does not know them.
	// Line is the trunk or business line that the call went out on.
	Agent, Line, CallerID string
	// Start is when it began to be dialled.
	Start   time.Time
	Outcome Outcome
	// Talk is how long both sides were connected; 0 unless answered.
	Talk time.Duration
	// TalkUnknown tells that nobody said how long an answered call was. That is not 0 s: no
	// condition on the talk time holds for it.
	TalkUnknown bool
	EndedBy     Party
	// Virtual tells that the number stands for whoever uses it just now, so that its calls
	// are nobody's: no rule counts them.
	Virtual bool
	// Code is what the source calls the outcome, such as "sip 603".
	Code string
	// Revision orders the reports of a call: the highest counts. Reports start at 1;
	// 0 is a reservation.
	Revision int64
	// ReservedUntil is when a reservation stops to hold; zero for others.
	ReservedUntil time.Time
	// Untrusted is set where the call's line was failing when it was made (see Guard),
	// so that rules don't take it as the customer's doing. It is computed, not reported.
	Untrusted bool
}
