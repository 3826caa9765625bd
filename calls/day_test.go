package calls

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// zones with midnights that are skipped, come twice, or where a whole day is missing, and
// moments near them.
var oddDays = []struct{ zone, near string }{
	{"Asia/Shanghai", "2026-03-02T16:00:00Z"},
	{"UTC", "2026-03-02T00:00:00Z"},
	{"America/New_York", "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T06:00:00Z"},
	{"Africa/Cairo", "2025-04-24T22:00:00Z"},     // 00:00 becomes 01:00
	{"America/Havana", "2025-11-02T05:00:00Z"},   // 01:00 becomes 00:00
	{"America/Asuncion", "2023-03-26T03:00:00Z"}, // 00:00 becomes 23:00
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},     // the 30th is missing
	{"America/St_Johns", "2010-11-07T02:31:00Z"}, // 00:01 becomes 23:01
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
}

func drawMoment(t *rapid.T) (time.Time, *time.Location) {
	odd := rapid.SampledFrom(oddDays).Draw(t, "zone")
	zone, err := time.LoadLocation(odd.zone)
	require.NoError(t, err)
	near, err := time.Parse(time.RFC3339, odd.near)
	require.NoError(t, err)
	return near.Add(time.Duration(rapid.IntRange(-50*60, 50*60).Draw(t, "minutes"))*time.Minute +
		time.Duration(rapid.IntRange(-1, 1).Draw(t, "ns"))), zone
}

// firstMinute looks minute by minute: clocks change at whole minutes only.
func firstMinute(after time.Time, holds func(time.Time) bool) time.Time {
	t := after.UTC().Truncate(time.Minute)
	for {
		if t = t.Add(time.Minute); holds(t) {
			return t
		}
	}
}

func TestNextDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at, zone := drawMoment(t)
		want := firstMinute(at, func(m time.Time) bool {
			return m.In(zone).Format(time.DateOnly) != at.In(zone).Format(time.DateOnly)
		})
		require.Equal(t, want, nextDay(at, zone))
	})
}

func TestSameDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at, zone := drawMoment(t)
		other := at.Add(time.Duration(rapid.IntRange(-80*60, 80*60).Draw(t, "apart")) * time.Minute)
		require.Equal(t, at.In(zone).Format(time.DateOnly) == other.In(zone).Format(time.DateOnly),
			sameDay(at, other, zone))
	})
}

func TestHours(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at, zone := drawMoment(t)
		from := rapid.IntRange(0, 1439).Draw(t, "from")
		h := Hours{Enabled: true, From: time.Duration(from) * time.Minute,
			To: time.Duration(rapid.IntRange(from+1, 1440).Draw(t, "to")) * time.Minute}
		inside := func(m time.Time) bool {
			text := m.In(zone).Format("15:04")
			return clock(h.From) <= text && text < clock(h.To)
		}
		open, opens := h.Open(at, zone)
		require.Equal(t, inside(at), open)
		if open {
			require.True(t, opens.IsZero())
			return
		}
		require.Equal(t, firstMinute(at, inside), opens)
	})
}

func TestHoursOff(t *testing.T) {
	t.Parallel()
	h := Hours{From: 8 * time.Hour, To: 21 * time.Hour}
	open, opens := h.Open(time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC), time.UTC)
	require.True(t, open)
	require.True(t, opens.IsZero())
	require.Equal(t, "08:00-21:00", h.String())
}

func TestGuard(t *testing.T) {
	t.Parallel()
	g := Guard{Enabled: true, Calls: 20, RejectedShare: 0.5}
	for _, tt := range []struct {
		attempts, rejected int
		failed, want       bool
	}{{19, 19, false, false}, {20, 9, false, false}, {20, 10, false, true}, {21, 10, false, false},
		{1000, 499, false, false}, {1000, 500, false, true}, {0, 0, false, false},
		{21, 10, true, true}, {25, 10, true, true}, {26, 10, true, false}, {19, 19, true, false}} {
		s := LineSlot{Line: "trunk", Attempts: tt.attempts, Rejected: tt.rejected, Failed: tt.failed}
		require.Equal(t, tt.want, g.Failing(s), "%d of %d", tt.rejected, tt.attempts)
		s.Line = ""
		require.False(t, g.Failing(s), "it is no line")
	}
	g.Enabled = false
	require.False(t, g.Failing(LineSlot{Line: "trunk", Attempts: 1000, Rejected: 1000}))
	require.Equal(t, time.Date(2026, 3, 2, 1, 10, 0, 0, time.UTC),
		SlotOf(time.Date(2026, 3, 2, 9, 19, 59, 0, time.FixedZone("CST", 8*3600))))
}
