package recording

import (
	"fmt"
	"strings"
	"time"
)

// Priority says whose turn it is first. The zero value is Live.
type Priority int

// The priorities: one is served before those after it, whenever something is free.
const (
	// Live recordings are of calls that just ended: their customers may be called again today.
	Live Priority = iota
	// Backlog recordings are of the past, and fill what Live leaves.
	Backlog
	// Rejudge recordings are heard already and are to be judged anew.
	Rejudge
)

// priorityNames in the order of the constants.
var priorityNames = [...]string{"live", "backlog", "rejudge"}

// Priorities are all of them, the first to be served first.
func Priorities() []Priority { return []Priority{Live, Backlog, Rejudge} }

// Valid reports whether it is one of the constants.
func (p Priority) Valid() bool { return p >= Live && p <= Rejudge }

// String is its name in lower case.
func (p Priority) String() string {
	if !p.Valid() {
		return fmt.Sprintf("Priority(%d)", int(p))
	}
	return priorityNames[p]
}

// ParsePriority reads what String wrote.
func ParsePriority(text string) (Priority, error) {
	for p, name := range priorityNames {
		if text == name {
			return Priority(p), nil
		}
	}
	return Live, fmt.Errorf("%q is no priority; write %s", text,
		strings.Join(priorityNames[:], ", "))
}

// Lane says whom something that is free is kept for.
type Lane int

// The lanes, from the widest to the narrowest.
const (
	// AnyLane takes every recording.
	AnyLane Lane = iota
	// LiveLane takes live ones.
	LiveLane
	// BriefLane takes live ones that are brief.
	BriefLane
)

// MostBrief is how long a brief recording is at most: a usual call, not a file of an hour.
const MostBrief = 2 * time.Minute

// Takes reports whether the lane is for such a recording.
func (l Lane) Takes(r Recording) bool {
	switch l {
	case LiveLane:
		return r.Priority == Live
	case BriefLane:
		return r.Priority == Live && r.Audio.Duration() <= MostBrief
	default:
		return true
	}
}
