package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReportGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("cdr.csv", "call_id,number,start,outcome,talk_seconds\n"+
		"a1,13800138000,2026-03-05T09:00:00+08:00,rejected,\n"+
		"a2,13800138000,2026-03-05T09:10:00+08:00,answered,3\n"+
		"a3,13800138000,2026-03-05T09:20:00+08:00,rejected,\n"+
		"a4,13800138001,2026-03-05T00:00:00+08:00,busy,\n"+
		"b1,13800138001,2026-03-04T23:59:59+08:00,no_answer,\n"+
		"b2,13800138002,2026-03-02T09:00:00+08:00,answered,60\n"+
		"c1,13800138003,2026-02-27T09:00:00+08:00,answered,60\n")
	u.must("call", "import", "@cdr.csv")
	u.write("complaints.csv", "number,time,source\n13800138001,2026-03-05T09:30:00+08:00,12321\n")
	u.must("complaint", "import", "@complaints.csv")
	u.must("freeze", "add", "13800138005", "--reason", "test")
	u.must("freeze", "release", "13800138005", "--reason", "test")
	u.must("check", "13800138000", "13800138001", "13800138002")
	u.must("check", "13800138000")
	u.log.Reset()
	u.must("report")
	u.must("report", "--format", "json")
	u.must("report", "--period", "week", "--format", "csv", "--cost-per-call", "0.5")
	u.must("report", "--period", "month", "--date", "2026-02-14")
	u.must("report", "--zone", "UTC", "--date", "2026-03-04", "--format", "csv")
	u.golden("report.txt")
}

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
		{"week", shanghai, "2026-03-01 23:59", "2026-02-23 00:00", "2026-03-02 00:00", 168}, // a Sunday
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

func TestPeriod(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"60d": 60 * day, "36h": 36 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "36500d": 36500 * day} {
		got, err := parsePeriod(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "60", "d", "0d", "-1d", "1.5d", "36501d", "0h", "-1h", "99999999999h", "soon"} {
		_, err := parsePeriod(text)
		require.EqualError(t, err, "must be a period above 0, such as 60d, 36h or 90m", text)
	}
	require.Equal(t, "30d", periodText(30*day))
	require.Equal(t, "12h", periodText(12*time.Hour))
	require.Equal(t, "1h30m", periodText(90*time.Minute))
}
