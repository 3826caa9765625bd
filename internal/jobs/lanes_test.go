package jobs

import (
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
	for _, tt := range []struct {
		name        string
		long, short int
		seconds     int64
		enter       [3]int // how many enter before the next lane's turn
	}{
		{"short ones", 3, 30, 20, [3]int{30, 10, 10}},
		{"a minute each", 3, 30, 65, [3]int{10, 4, 3}},
		{"long ones", 3, 30, 3600, [3]int{3, 1, 1}},
		{"where windows aren't shared", 3, 3, 5, [3]int{3, 1, 1}},
		{"by default", 2, 0, 5, [3]int{2, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLanes(tt.long, tt.short)
			var leave func()
			for i, want := range []recording.Lane{recording.AnyLane, recording.LiveLane,
				recording.BriefLane} {
				for range tt.enter[i] {
					lane, ok := l.free()
					require.True(t, ok)
					require.Equal(t, want, lane)
					leave = l.enter(lasting(tt.seconds))
				}
			}
			_, ok := l.free()
			require.False(t, ok)
			leave()
			lane, ok := l.free()
			require.True(t, ok)
			require.Equal(t, recording.BriefLane, lane)
		})
	}
}
