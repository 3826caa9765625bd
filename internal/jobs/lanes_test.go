package jobs

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/recording"
)

// lasting is a recording of so many seconds.
func lasting(seconds int64) recording.Recording {
	return recording.Recording{Audio: audio.Info{Rate: 8000, Frames: 8000 * seconds}}
}

func TestLanes(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name        string
		long, short int
		seconds     int64
		enter       int // how many may be under way
	}{
		{"short ones", 3, 30, 20, 30},
		{"a minute each", 3, 30, 65, 10},
		{"long ones", 3, 30, 3600, 3},
		{"where windows aren't shared", 3, 3, 5, 3},
		{"by default", 2, 0, 5, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLanes(tt.long, tt.short)
			var leave func()
			for range tt.enter {
				leave = l.enter(t.Context(), lasting(tt.seconds))
			}
			free := func() bool {
				if l.free.TryAcquire(min(l.width, 1+tt.seconds/30)) {
					l.free.Release(min(l.width, 1+tt.seconds/30))
					return true
				}
				return false
			}
			require.False(t, free())
			l.enter(ended, lasting(tt.seconds))() // gives up, and takes no place
			require.False(t, free())
			leave()
			require.True(t, free())
		})
	}
}
