package calls

import "time"

// sameDay reports whether the clocks of a zone showed one date at both moments.
func sameDay(a, b time.Time, zone *time.Location) bool {
	if d := b.Sub(a); d > 2*longestDay || d < -2*longestDay {
		return false // saves reading the calendar
	}
	y, m, d := a.In(zone).Date()
	year, month, day := b.In(zone).Date()
	return y == year && m == month && d == day
}

// nextDay is the first moment after at when clocks there show another date: midnight,
// but where that is skipped or comes twice.
func nextDay(at time.Time, zone *time.Location) time.Time {
	t := at.In(zone)
	for {
		_, change := t.ZoneBounds()
		midnight := t.Add(24*time.Hour - ofDay(t))
		if change.IsZero() || midnight.Before(change) {
			return midnight.UTC()
		}
		if !sameDay(at, change, zone) {
			return change.UTC()
		}
		t = change
	}
}

// ofDay is the time of day that clocks show, counted from midnight.
func ofDay(t time.Time) time.Duration {
	hour, minute, second := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
}
