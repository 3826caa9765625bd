package jobs

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/refrain-asr/refrain/recording"
)

// shortest is how long a recording is that counts as short; twice as long, it counts as two.
const shortest = 30 * time.Second

// lanes let fewer long recordings than short ones be under way: to fill the windows that they
// share it takes many short ones, while each of a few long ones fills them by itself. More of
// them would only make each other take longer.
type lanes struct {
	free  *semaphore.Weighted // short recordings
	width int64               // of a long one, in short ones
}

func newLanes(long, short int) *lanes {
	long = max(1, long)
	width := max(1, int64(short/long))
	return &lanes{free: semaphore.NewWeighted(int64(long) * width), width: width}
}

// enter waits until a recording may be worked on, or ctx ends. What it returns must be called
// after it.
func (l *lanes) enter(ctx context.Context, r recording.Recording) (leave func()) {
	n := min(l.width, 1+int64(r.Audio.Duration()/shortest))
	if l.free.Acquire(ctx, n) != nil {
		return func() {}
	}
	return func() { l.free.Release(n) }
}
