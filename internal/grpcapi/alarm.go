package grpcapi

import (
	"sync"
	"time"
)

// maxRaised bounds the memory of an alarm. Beyond it, what is remembered is forgotten.
const maxRaised = 10_000

// raised is ten minutes of a line.
type raised struct {
	line string
	slot time.Time
}

// alarm remembers of which lines it was said that they are failing, so that it is said
// once for all the calls of ten minutes. The zero alarm is ready, and safe for
// concurrent use.
type alarm struct {
	mu     sync.Mutex
	raised map[raised]bool
}

// first reports whether it was not said yet.
func (a *alarm) first(line string, slot time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := raised{line, slot}
	if a.raised[key] {
		return false
	}
	if a.raised == nil || len(a.raised) >= maxRaised {
		a.raised = map[raised]bool{}
	}
	a.raised[key] = true
	return true
}
