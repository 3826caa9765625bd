package report

import (
	"time"

	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// calendarPeriod is the day, week or month that a moment lies in.
func calendarPeriod(period string, at time.Time) (from, to time.Time, err error) {
	y, m, d := at.Date()
	switch period {
	case "day":
		return time.Date(y, m, d, 0, 0, 0, 0, at.Location()),
			time.Date(y, m, d+1, 0, 0, 0, 0, at.Location()), nil
	case "week":
		monday := d - (int(at.Weekday())+6)%7
		return time.Date(y, m, monday, 0, 0, 0, 0, at.Location()),
			time.Date(y, m, monday+7, 0, 0, 0, 0, at.Location()), nil
	case "month":
		return time.Date(y, m, 1, 0, 0, 0, 0, at.Location()),
			time.Date(y, m+1, 1, 0, 0, 0, 0, at.Location()), nil
	}
	return from, to, usage.Errorf("--period %q must be day, week or month", period)
}
