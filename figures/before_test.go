package figures

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The stretch before a month is a month, that before a day a day, however long they are.
func TestBefore(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin") // with a day of 23 hours, and one of 25
	require.NoError(t, err)
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		require.NoError(t, err)
		return v
	}
	for _, tt := range []struct{ from, to, want string }{
		{"2026-03-01 00:00", "2026-04-01 00:00", "2026-02-01 00:00"},
		{"2026-01-01 00:00", "2026-02-01 00:00", "2025-12-01 00:00"},
		{"2026-03-29 00:00", "2026-03-30 00:00", "2026-03-28 00:00"}, // 23 hours
		{"2026-03-30 00:00", "2026-03-31 00:00", "2026-03-29 00:00"}, // after them
		{"2026-10-25 00:00", "2026-10-26 00:00", "2026-10-24 00:00"}, // 25 hours
		{"2026-10-26 00:00", "2026-11-02 00:00", "2026-10-19 00:00"}, // a week
		{"2026-03-02 00:00", "2026-04-02 00:00", "2026-01-30 00:00"}, // 31 days, but no month
		{"2026-03-02 09:00", "2026-03-02 12:30", "2026-03-02 05:30"},
	} {
		t.Run(fmt.Sprint(tt.from, " to ", tt.to), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, at(tt.want), before(at(tt.from), at(tt.to)))
		})
	}
}
