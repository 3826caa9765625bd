package freeze

import (
	"time"

	"github.com/refrain-asr/refrain/number"
)

// ID names a freeze; a ULID.
type ID string

// Reason says what made a freeze.
type Reason string

// Refused is the reason of a freeze by a reviewer who confirmed that the customer refused.
const Refused Reason = "refused"

// Evidence leads back to what a freeze rests on.
type Evidence struct {
	CallID      string `json:"call_id,omitempty"`
	RecordingID string `json:"recording_id,omitempty"`
	SuspectID   string `json:"suspect_id,omitempty"`
	DecisionID  string `json:"decision_id,omitempty"`
}

// Freeze is a number that may not be called until a time.
type Freeze struct {
	ID     ID
	Number number.Number
	Reason Reason
	// Class is the class of the refusal, "" where there was none.
	Class    string
	Evidence Evidence
	// From is when it began; Until when it ends by itself, zero where it stands
	// until somebody releases it.
	From, Until time.Time
	// Actor is who froze.
	Actor string
	// Seq is the freeze's place in the ledger, counting from 1.
	Seq int64
	// Release is set where somebody ended the freeze.
	Release *Release
}

// Release ends a freeze before its time.
type Release struct {
	At     time.Time
	Actor  string
	Reason string
	// Seq is the release's place in the ledger.
	Seq int64
}

// Stands reports whether the number may not be called at that moment.
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
