package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCalendarPeriod(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(zone *time.Location, text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		require.NoError(t, err)
		return v
	}
	for _, tt := range []struct {
		period   string
		zone     *time.Location
		at       string
		from, to string
		hours    float64
	}{
		{"day", shanghai, "2026-03-05 00:00", "2026-03-05 00:00", "2026-03-06 00:00", 24},
		{"day", berlin, "2026-03-29 12:00", "2026-03-29 00:00", "2026-03-30 00:00", 23},
		// a Sunday
		{"week", shanghai, "2026-03-01 23:59", "2026-02-23 00:00", "2026-03-02 00:00", 168},
		{"week", shanghai, "2026-03-02 00:00", "2026-03-02 00:00", "2026-03-09 00:00", 168},
		{"week", berlin, "2026-10-25 12:00", "2026-10-19 00:00", "2026-10-26 00:00", 169},
		{"month", shanghai, "2026-12-31 12:00", "2026-12-01 00:00", "2027-01-01 00:00", 31 * 24},
	} {
		from, to, err := calendarPeriod(tt.period, at(tt.zone, tt.at))
		require.NoError(t, err)
		require.Equal(t, at(tt.zone, tt.from), from)
		require.Equal(t, at(tt.zone, tt.to), to)
		require.InDelta(t, tt.hours, to.Sub(from).Hours(), 0)
	}
}
