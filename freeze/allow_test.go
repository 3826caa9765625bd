package freeze

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAllowStands(t *testing.T) {
	t.Parallel()
	end := noon.Add(time.Hour)
	hour := Allow{From: noon, Until: end}
	ended := Allow{From: noon, Until: end, Ended: &Release{At: noon.Add(time.Minute)}}
	for _, tt := range []struct {
		name string
		a    Allow
		at   time.Time
		want bool
	}{
		{"before it begins", hour, noon.Add(-1), false},
		{"when it begins", hour, noon, true},
		{"just before it ends", hour, end.Add(-1), true},
		{"when it ends", hour, end, false},
		{"before it was ended", ended, noon.Add(time.Minute - 1), true},
		{"when it was ended", ended, noon.Add(time.Minute), false},
		{"without an end: never", Allow{From: noon}, noon, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.a.Stands(tt.at))
		})
	}
}
