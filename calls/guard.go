package calls

import "time"

// Slot is how long the stretches are by which lines are watched.
const Slot = 10 * time.Minute

// SlotOf is the beginning of the slot that a moment lies in.
func SlotOf(t time.Time) time.Time { return t.UTC().Truncate(Slot) }

// Guard watches lines: a trunk out of credit looks as if all customers rejected.
type Guard struct {
	Enabled bool
	// Calls is how many a line must have made in a slot before it is suspected, 1 or
	// more.
	Calls int
	// RejectedShare is the share of rejected calls (over 0, to 1) from which a line fails.
	RejectedShare float64
}

// Failing reports whether a line looks like a failing trunk in a slot in which it made
// so many attempts, of which so many were rejected. The calls of such a slot count as
// attempts, but no rule takes them as the customers' doing.
func (g Guard) Failing(attempts, rejected int) bool {
	return g.Enabled && attempts >= g.Calls &&
		float64(rejected) >= g.RejectedShare*float64(attempts)
}
