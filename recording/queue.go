package recording

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// Queue is what waits, what is under way and what was given up, at a moment.
type Queue struct {
	// Waiting has an entry for each priority, in their order.
	Waiting []Waiting
	// Running is how many are being heard.
	Running int
	// Parked is how many were given up, by the reason of their problem.
	Parked map[string]int
}

// Waiting is what is queued with one priority, also where it pauses after a failure.
type Waiting struct {
	Priority Priority
	Count    int
	// Audio is how long all of them are together.
	Audio time.Duration
	// Oldest is when the oldest of them came in; zero where there is none.
	Oldest time.Time
}

// Age is for how long the oldest has been there, 0 where none waits.
func (w Waiting) Age(now time.Time) time.Duration {
	if w.Oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(w.Oldest))
}

// ParkedFilter selects parked recordings. Zero fields select all.
type ParkedFilter struct {
	// Reason is that of their problem.
	Reason string
	Source string
	// Occasion, where there is one, selects only what was not taken up on it before, and is
	// noted with what is taken up: so nothing is twice.
	Occasion string
	// After goes on behind a recording: only what was created after.
	After *request.Cursor
}

// ParkedStore takes up recordings that were given up.
type ParkedStore interface {
	// RequeueParked gives the oldest parked recordings that the filter selects, at most limit,
	// another round of attempts, all in one transaction; see Recording.Retried. It tells how
	// many, and the last of them.
	RequeueParked(ctx context.Context, f ParkedFilter, limit int) (int, request.Cursor, error)
}

// portion is how many recordings are taken up in one transaction: others must get to write
// in between.
const portion = 200

// RetryParked gives every parked recording that the filter selects another round of attempts,
// in portions, and tells how many. It goes once from the oldest to the newest: what is given up
// again meanwhile stays parked. After an error it tells how many were taken up before; to
// call it again goes on.
func RetryParked(ctx context.Context, s ParkedStore, f ParkedFilter) (retried int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	for {
		n, last, err := s.RequeueParked(ctx, f, portion)
		retried += n
		if err != nil || n < portion {
			return retried, err
		}
		f.After = &last
	}
}

// check refuses a reason that no problem has, which would silently find nothing.
func (f ParkedFilter) check() error {
	if f.Reason == "" || knownReason(f.Reason) {
		return nil
	}
	return &fault.Error{Op: "recording.Retry", Kind: fault.Invalid, Reason: "UNKNOWN_REASON",
		Message: fmt.Sprintf("%q is no reason for which recordings are parked; there are %s",
			f.Reason, reasonNames())}
}
