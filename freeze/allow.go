package freeze

import (
	"time"

	"github.com/refrain-asr/refrain/number"
)

// AllowID names an entry of the allow list; a ULID.
type AllowID string

// Allow is an entry of the allow list: until it ends, the number may be called
// whatever is frozen and whatever a rule says.
type Allow struct {
	ID     AllowID
	Number number.Number
	// Note is why.
	Note string
	// From is when it began, Until when it ends by itself; it always has an end.
	From, Until time.Time
	Actor       string
	// Seq is its place in the ledger, counting from 1.
	Seq int64
	// NumberMAC is the name under which the ledger knows the number.
	NumberMAC MAC
	// Ended is set where somebody ended it before its time.
	Ended *Release
}

// Binds reports whether the entry allows the number now. As of a freeze, its begin and its end
// by somebody follow from the ledger.
func (a Allow) Binds(now time.Time) bool { return a.Ended == nil && now.Before(a.Until) }

// Stands reports whether the entry allowed the number at a moment of the past.
func (a Allow) Stands(at time.Time) bool {
	if at.Before(a.From) || !at.Before(a.Until) {
		return false
	}
	return a.Ended == nil || at.Before(a.Ended.At)
}
