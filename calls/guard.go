package calls

import "time"

// Slot is how long the stretches are by which lines are watched.
const Slot = 10 * time.Minute

// SlotOf is the beginning of the slot that a moment lies in.
func SlotOf(t time.Time) time.Time { return t.UTC().Truncate(Slot) }

// Guard watches lines: a trunk out of credit looks as if all customers rejected.
type Guard struct {
	Enabled bool
	// Calls is how many a line must have made in a slot before it is suspected.
	Calls int
	// RejectedShare is the share of rejected calls (0..1] from which a line fails.
	RejectedShare float64
}

// Failing reports whether a line looks like a failing trunk in a slot in which it made
// so many attempts, of which so many were rejected. The calls of such a slot count as
// attempts, but no rule takes them as the customers' doing.
func (g Guard) Failing(attempts, rejected int) bool {
	return g.Enabled && attempts >= g.Calls && float64(rejected) >= g.RejectedShare*float64(attempts)
}

// Hours are the hours of the day in which people may be called at all.
type Hours struct {
	Enabled bool
	// From and To are counted from midnight; To is exclusive. From is before To.
	From, To time.Duration
}

// Open reports whether calls may be made at that moment in that zone, and where not,
// when they may again.
func (h Hours) Open(at time.Time, zone *time.Location) (open bool, opens time.Time) {
	if !h.Enabled {
		return true, time.Time{}
	}
	at = at.In(zone)
	from, to := clock(at, 0, h.From), clock(at, 0, h.To)
	switch {
	case at.Before(from):
		return false, from
	case at.Before(to):
		return true, time.Time{}
	}
	return false, clock(at, 1, h.From)
}

// clock is a time of day on the day of a moment, or days later, as clocks there show it.
func clock(at time.Time, days int, ofDay time.Duration) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day()+days, int(ofDay/time.Hour), int(ofDay%time.Hour/time.Minute), 0, 0, at.Location())
}

// midnight is the beginning of the day of a moment, or days later.
func midnight(at time.Time, days int) time.Time { return clock(at, days, 0) }
