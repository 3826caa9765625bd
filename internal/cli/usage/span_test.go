package usage

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args         []string
		since, until int64
		wrong        string
	}{
		{nil, 0, 0, ""},
		{[]string{"--since", "2026-03-02T00:00:00+08:00"}, 1772380800, 0, ""},
		{[]string{"--since", "2026-03-02T00:00:00+08:00", "--until", "2026-03-02T00:00:01+08:00"}, 1772380800,
			1772380801, ""},
		{[]string{"--since", "yesterday"}, 0, 0, `--since "yesterday" must be a time with its zone`},
		{[]string{"--until", "2026-03-02"}, 0, 0, `--until "2026-03-02" must be a time with its zone`},
		{[]string{"--since", "2026-03-02T00:00:00Z", "--until", "2026-03-02T08:00:00+08:00"}, 0, 0,
			"is not before"},
	} {
		var s Span
		cmd := &cobra.Command{}
		s.Flags(cmd, "only calls that began")
		require.NoError(t, cmd.ParseFlags(tt.args))
		require.Equal(t, len(tt.args) > 0, s.Given())
		since, until, err := s.Read()
		if tt.wrong != "" {
			require.ErrorContains(t, err, tt.wrong)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.since, since.GetSeconds())
		require.Equal(t, tt.until, until.GetSeconds())
	}
}
