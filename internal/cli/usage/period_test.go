package usage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPeriod(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"60d": 60 * Day, "36h": 36 * time.Hour,
		"90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "36500d": 36500 * Day} {
		got, err := Period(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "60", "d", "0d", "-1d", "1.5d", "36501d", "0h", "-1h",
		"99999999999h", "soon"} {
		_, err := Period(text)
		require.EqualError(t, err, "must be a period above 0, such as 60d, 36h or 90m", text)
	}
	require.Equal(t, "30d", PeriodText(30*Day))
	require.Equal(t, "12h", PeriodText(12*time.Hour))
	require.Equal(t, "1h30m", PeriodText(90*time.Minute))
}
