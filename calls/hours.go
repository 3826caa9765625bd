package calls

import (
	"fmt"
	"time"
)

// Hours are the hours of the day in which people may be called at all.
type Hours struct {
	Enabled bool
	// From and To are times of day, counted from midnight as clocks show them, in whole
	// minutes; To is exclusive. From is before To, which is at most 24 hours.
	From, To time.Duration
}

// String is as in "08:00-21:00", whether they are on or off.
func (h Hours) String() string { return clock(h.From) + "-" + clock(h.To) }

func clock(ofDay time.Duration) string {
	return fmt.Sprintf("%02d:%02d", ofDay/time.Hour, ofDay%time.Hour/time.Minute)
}

// Open reports whether calls may be made at that moment in that zone, and where not,
// when they may again: the first moment after it that clocks show a time within the
// hours.
func (h Hours) Open(at time.Time, zone *time.Location) (open bool, opens time.Time) {
	t := at.In(zone)
	if !h.Enabled || h.hold(t) {
		return true, time.Time{}
	}
	for {
		_, change := t.ZoneBounds()
		wait := h.From - ofDay(t)
		if wait < 0 {
			wait += 24 * time.Hour
		}
		if opens := t.Add(wait); change.IsZero() || opens.Before(change) {
			return false, opens.UTC()
		}
		if h.hold(change) {
			return false, change.UTC()
		}
		t = change
	}
}

func (h Hours) hold(t time.Time) bool { return h.From <= ofDay(t) && ofDay(t) < h.To }
