package freeze_test

import (
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
)

// An order holds at once and for good, whatever the clock does between; what was ordered for
// later begins by the clock, and ends do.
func TestBinds(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	entered := func(at time.Time, f freeze.Freeze) freeze.Freeze {
		f.ID = freeze.ID(ulid.MustNewDefault(at).String())
		return f
	}
	ahead := noon.Add(24 * time.Hour)
	for _, tt := range []struct {
		name string
		f    freeze.Freeze
		now  time.Time
		want bool
	}{
		{"ordered now", entered(noon, freeze.Freeze{Reason: freeze.Manual, From: noon}), noon, true},
		{"the clock went back by an hour", entered(noon, freeze.Freeze{Reason: freeze.Manual,
			From: noon}), noon.Add(-time.Hour), true},
		{"back to 1970", entered(noon, freeze.Freeze{Reason: freeze.Complained, From: noon}),
			time.Unix(0, 0), true},
		{"the clock was a day ahead", entered(ahead, freeze.Freeze{Reason: freeze.Refused,
			From: ahead}), noon, true},
		{"within one millisecond", entered(noon, freeze.Freeze{Reason: freeze.Manual,
			From: noon.Add(999 * time.Microsecond)}), noon, true},
		{"a call by a clock that is ahead", entered(noon, freeze.Freeze{Reason: freeze.Ruled,
			From: noon.Add(5 * time.Minute)}), noon, true},
		{"ordered for later", entered(noon, freeze.Freeze{Reason: freeze.Imported, From: ahead}),
			noon.Add(time.Hour), false},
		{"ordered for later, and it is", entered(noon, freeze.Freeze{Reason: freeze.Imported,
			From: ahead}), ahead, true},
		{"over", entered(noon, freeze.Freeze{Reason: freeze.Manual, From: noon,
			Until: noon.Add(time.Hour)}), noon.Add(time.Hour), false},
		{"over, and the clock goes back", entered(noon, freeze.Freeze{Reason: freeze.Manual,
			From: noon, Until: noon.Add(time.Hour)}), noon.Add(-time.Hour), true},
		{"released by a clock that was ahead", entered(noon, freeze.Freeze{Reason: freeze.Manual,
			From: noon, Release: &freeze.Release{At: ahead}}), noon, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.f.Binds(tt.now))
		})
	}
	allow := freeze.Allow{From: ahead, Until: ahead.Add(time.Hour)}
	require.True(t, allow.Binds(noon))
	require.False(t, allow.Binds(ahead.Add(time.Hour)))
	allow.Ended = &freeze.Release{At: ahead}
	require.False(t, allow.Binds(noon))
}
