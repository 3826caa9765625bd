package echo

import "time"

// Name names the way in which echoes are found, so that equal names mean equal likenesses.
const Name = "refrain-echo/1"

// Trace tells how much of a stretch of the customer's track is the agent's echo.
type Trace struct {
	from   time.Duration
	frames []frame
}

// frameTime is from one frame to the next.
const frameTime = hop * time.Second / rate

// Likeness is how much (0..1) of what is heard from start to end, in the recording's time, is
// the agent: each moment counts by its loudness. Nothing is explained where the agent is
// silent.
func (t Trace) Likeness(start, end time.Duration) float64 {
	// Frame i is centred on i frame times after from.
	first := max(0, int((start-t.from+frameTime/2)/frameTime))
	last := min(len(t.frames), int((end-t.from+frameTime/2)/frameTime)+1)
	if first >= last {
		return 0
	}
	return explained(t.frames[first:last])
}
