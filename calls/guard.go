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

// settled is the part of Guard.RejectedShare below which the share of a line that was taken
// for failing must fall before it is trusted again. A share that hovers around the limit would
// otherwise turn with every report, and each turn freezes or releases all numbers that the line
// called: so the line has to make a quarter more calls, none of them rejected, to turn once.
const settled = 0.8

// Failing reports whether a line looks like a failing trunk in a slot. The calls of such a
// slot count as attempts, but no rule takes them as the customers' doing. Calls of which
// nobody said the line share none, and are trusted.
func (g Guard) Failing(s LineSlot) bool {
	if !g.Enabled || s.Line == "" || s.Attempts < g.Calls {
		return false
	}
	share := g.RejectedShare
	if s.Failed {
		share *= settled
	}
	return float64(s.Rejected) >= share*float64(s.Attempts)
}
