package jobs

import (
	"sync"
	"time"

	"github.com/refrain-asr/refrain/recording"
)

// shortest is how long a recording is that counts as short; twice as long, it counts as two.
const shortest = 30 * time.Second

// lanes let fewer long recordings than short ones be under way: to fill the windows that they
// share it takes many short ones, while each of a few long ones fills them by itself. More of
// them would only make each other take longer.
//
// Beyond what all may use there is room for one long recording that is live, and beyond that for
// live ones that are brief: so a live one never waits for a backlog that fills everything, nor a
// usual call for files of an hour. As a lane is entered wherever there is any room, and by one
// recording at a time, what is under way is bounded by these and one more long recording.
type lanes struct {
	mu   sync.Mutex
	used int64 // in short recordings
	// all is what any recording may use, and width what a long one takes.
	all, width int64
}

func newLanes(long, short int) *lanes {
	long = max(1, long)
	width := max(1, int64(short/long))
	return &lanes{all: int64(long) * width, width: width}
}

// free is the widest lane in which there is room; ok is false where there is none.
func (l *lanes) free() (lane recording.Lane, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.used < l.all:
		return recording.AnyLane, true
	case l.used < l.all+l.width:
		return recording.LiveLane, true
	case l.used < l.all+2*l.width:
		return recording.BriefLane, true
	}
	return 0, false
}

// enter takes a recording's room. What it returns gives it back.
func (l *lanes) enter(r recording.Recording) (leave func()) {
	n := min(l.width, 1+int64(r.Audio.Duration()/shortest))
	l.add(n)
	return func() { l.add(-n) }
}

func (l *lanes) add(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used += n
}
