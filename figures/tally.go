package figures

import (
	"sync"
	"time"

	"github.com/refrain-asr/refrain/gate"
)

// maxSeen bounds the memory of a day's refused numbers (about 16 MB). A number beyond
// it counts once more each time it is refused.
const maxSeen = 1 << 20

// Tally counts the gate's answers by day, until they are taken to be kept. It is safe
// for concurrent use. The zero Tally is not ready: use NewTally.
type Tally struct {
	zone func() *time.Location

	mu     sync.Mutex
	counts map[GateCount]int64
	day    string
	ends   time.Time
	seen   map[uint64]struct{}
}

// NewTally counts by the days of a zone, which is asked for when a day begins.
func NewTally(zone func() *time.Location) *Tally {
	return &Tally{zone: zone, counts: map[GateCount]int64{}}
}

// Asked counts questions, whatever the answer.
func (t *Tally) Asked(at time.Time, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn(at)
	t.counts[GateCount{t.day, Checks}] += int64(n)
}

// Refused counts refusals. Dial says that somebody was about to dial the numbers, and
// not scrubbing a list.
func (t *Tally) Refused(at time.Time, dial bool, refusals ...gate.Refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn(at)
	for _, r := range refusals {
		t.counts[GateCount{t.day, string(r.Reason)}]++
		if !dial || r.Reason == gate.OutOfHours { // they are called when the hours begin
			continue
		}
		digits := r.Number.Digits()
		if _, again := t.seen[digits]; again {
			continue
		}
		if len(t.seen) < maxSeen {
			t.seen[digits] = struct{}{}
		}
		t.counts[GateCount{t.day, Avoided}]++
	}
}

// turn goes on to the day of a moment.
func (t *Tally) turn(at time.Time) {
	if t.day != "" && at.Before(t.ends) { // a clock that is set back stays in the later day
		return
	}
	zone := t.zone()
	at = at.In(zone)
	t.day, t.seen = at.Format(time.DateOnly), map[uint64]struct{}{}
	t.ends = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, zone)
}

// Take hands over what was counted since the last time.
func (t *Tally) Take() map[GateCount]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.counts
	t.counts = map[GateCount]int64{}
	return taken
}

// Return gives back what could not be kept.
func (t *Tally) Return(counts map[GateCount]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, n := range counts {
		t.counts[k] += n
	}
}
