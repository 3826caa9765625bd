package echo

import (
	"math"
	"time"
)

// Part is a piece of a stretch in which either the agent's echo is heard or somebody else.
type Part struct {
	Start, End time.Duration
	Echo       bool
}

const (
	// change is what a change between echo and somebody else costs, in loud frames that
	// would be on the wrong side: so no part is much shorter than 0.3 s.
	change = 2
	// rest is what a frame of the echo costs for what the agent doesn't explain of it: rooms
	// and codecs leave some, and of others' voices next to nothing is explained.
	rest = 0.4
	// fullyHeard is how far above the noise, in decibels, a frame counts in full.
	fullyHeard = 15
)

// Parts cuts the stretch from start to end where the agent's echo and somebody else follow
// each other, at the quietest place: a recogniser tells words well, and their times badly.
// Whoever speaks while the echo sounds is somebody else.
func (t Trace) Parts(start, end time.Duration) []Part {
	if len(t.frames) == 0 {
		return []Part{{Start: start, End: end}}
	}
	parts := []Part{}
	for i, echo := range t.states() {
		at := t.from + time.Duration(i)*frameTime - frameTime/2
		last := len(parts) - 1
		switch {
		case last < 0, at <= start:
			parts = append(parts[:0], Part{start, end, echo})
		case at < end && parts[last].Echo != echo:
			parts[last].End = at
			parts = append(parts, Part{at, end, echo})
		}
	}
	return parts
}

// states tells for each frame whether it is the echo's: the cheapest way through both
// states.
func (t Trace) states() []bool {
	var cost [2]float64
	from := make([][2]int, len(t.frames))
	for i, f := range t.frames {
		heard, likeness := f.heard(), f.likeness()
		wrong := [2]float64{heard * likeness, heard * (1 - likeness) * rest}
		switching := change + heard
		next := [2]float64{}
		for state := range 2 {
			from[i][state], next[state] = state, cost[state]
			if other := cost[1-state] + switching; other < next[state] {
				from[i][state], next[state] = 1-state, other
			}
			next[state] += wrong[state]
		}
		cost = next
	}
	states := make([]bool, len(t.frames))
	state := 0
	if cost[1] < cost[0] {
		state = 1
	}
	for i := len(states) - 1; i >= 0; i-- {
		states[i] = state == 1
		state = from[i][state]
	}
	return states
}

// heard is how well (0..1) the frame is heard over the noise.
func (f frame) heard() float64 {
	if f.energy <= f.noise {
		return 0
	}
	return max(0, min(1, 10*math.Log10(f.energy/f.noise)/fullyHeard))
}
