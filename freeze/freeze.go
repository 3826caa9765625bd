package freeze

import (
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/number"
)

// ID names a freeze; a ULID.
type ID string

// Reason says what made a freeze.
type Reason string

// The reasons.
const (
	// Refused is a freeze by a reviewer who confirmed that the customer refused.
	Refused Reason = "refused"
	// Ruled is a freeze by a rule whose limit was reached.
	Ruled Reason = "rule"
	// Manual is a freeze that somebody ordered.
	Manual Reason = "manual"
	// Complained is a freeze after a complaint that came in from outside.
	Complained Reason = "complaint"
	// Imported is a freeze that was taken over from another system.
	Imported Reason = "imported"
)

// Evidence leads back to what a freeze rests on.
type Evidence struct {
	CallID      string `json:"call_id,omitempty"`
	RecordingID string `json:"recording_id,omitempty"`
	SuspectID   string `json:"suspect_id,omitempty"`
	DecisionID  string `json:"decision_id,omitempty"`
	// Calls are those that reached a rule's limit.
	Calls []string `json:"calls,omitempty"`
}

// Freeze is a number that may not be called until a time.
type Freeze struct {
	ID     ID
	Number number.Number
	Reason Reason
	// Class is the class of the refusal, "" where there was none.
	Class string
	// Line limits the freeze to calls on that line; "" is all of them.
	Line string
	// Rule and RuleVersion name the rule of a Ruled freeze.
	Rule, RuleVersion string
	// Note is a person's reason.
	Note     string
	Evidence Evidence
	// From is when it began; Until when it ends by itself, zero where it stands
	// until somebody releases it.
	From, Until time.Time
	// Actor is who froze.
	Actor string
	// Seq is the place in the ledger, counting from 1, of the entry that opened the
	// freeze, or extended it last.
	Seq int64
	// OpenedSeq is the place of the entry that opened it: another than Seq where somebody
	// extended it since.
	OpenedSeq int64
	// NumberMAC is the name under which the ledger knows the number, also after the number
	// was erased.
	NumberMAC MAC
	// Release is set where somebody ended the freeze.
	Release *Release
}

// Extended reports whether somebody moved the end of the freeze since it was opened.
func (f Freeze) Extended() bool { return f.Seq != f.OpenedSeq }

// Extension is how somebody moved the end of a freeze.
type Extension struct {
	// Actor and Note are who did so and why; empty once that was erased.
	Actor, Note string
	At          time.Time
	// Before and Until are the freeze's end before it and since; zero where it stands until somebody releases it.
	Before, Until time.Time
}

// Cause says what kind of release ended a freeze.
type Cause string

// The causes.
const (
	// ByHand is a person's release of the number.
	ByHand Cause = "released"
	// ByHandAlone is a person's release of this freeze, but not of the number.
	ByHandAlone Cause = "released_alone"
	// Reverted is the end of a freeze whose decision was taken back.
	Reverted Cause = "reverted"
	// Corrected is the end of a rule's freeze whose evidence did not hold.
	Corrected Cause = "corrected"
)

// CauseOf is the cause that a release's ledger entry tells. Entries of old tell none:
// then every release counted as a person's.
func CauseOf(e Entry) Cause {
	if e.Reason == "" {
		return ByHand
	}
	return Cause(e.Reason)
}

// Release ends a freeze before its time.
type Release struct {
	Cause  Cause
	At     time.Time
	Actor  string
	Reason string
	// Seq is the release's place in the ledger.
	Seq int64
}

// Binds reports whether the number may not be called now. That the freeze has begun follows
// from its place in the ledger, and that somebody released it too: an order holds at once
// and for good, whatever the clock does later. Ends, and the begin of what was ordered for
// later, go by the clock.
func (f Freeze) Binds(now time.Time) bool {
	return f.Release == nil && (f.Until.IsZero() || now.Before(f.Until)) &&
		(!now.Before(f.From) || !f.Planned())
}

// Planned reports whether the freeze was ordered to begin later than at the moment of the
// order, which its ID tells.
func (f Freeze) Planned() bool {
	if f.Reason == Ruled || f.Reason == Refused { // a source's clock may be ahead
		return false
	}
	id, err := ulid.ParseStrict(string(f.ID))
	return err == nil && f.From.UnixMilli() > int64(id.Time())
}

// Stands reports whether the number might not be called at a moment of the past, by the times
// that were noted. For now there is Binds.
func (f Freeze) Stands(at time.Time) bool {
	switch {
	case at.Before(f.From):
		return false
	case f.Release != nil && !at.Before(f.Release.At):
		return false
	}
	return f.Until.IsZero() || at.Before(f.Until)
}

// Outlasts reports whether f ends later than o: of several freezes on a number
// the one that ends last answers, and one without an end outlasts all.
func (f Freeze) Outlasts(o Freeze) bool {
	switch {
	case o.Until.IsZero():
		return false
	case f.Until.IsZero():
		return true
	}
	return f.Until.After(o.Until)
}

// Latest is the freeze that answers for a number at that moment: of those that
// stand, the one that ends last.
func Latest(freezes []Freeze, at time.Time) (Freeze, bool) {
	var best Freeze
	found := false
	for _, f := range freezes {
		if f.Stands(at) && (!found || f.Outlasts(best)) {
			best, found = f, true
		}
	}
	return best, found
}
