package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// patience is how long a writer waits for the other: for nothing, where the store lets
// only one in.
const patience = time.Second

// meeting is where two writers that are in the middle of something wait for each other, so
// that both have read before one writes.
type meeting struct {
	mu   sync.Mutex
	came int
	both chan struct{}
}

func newMeeting() *meeting { return &meeting{both: make(chan struct{})} }

// wait waits until somebody else waits, too, but not for ever. Who comes later than that
// goes on at once.
func (m *meeting) wait() {
	m.mu.Lock()
	m.came++
	if m.came == 2 {
		close(m.both)
	}
	m.mu.Unlock()
	select {
	case <-m.both:
	case <-time.After(patience):
	}
}

// both runs a writer's work on two benches at once.
func both[T any](one, other *bench, work func(*bench) (T, error)) (got [2]T, errs [2]error) {
	writers := [2]*bench{one, other}
	atOnce(2, func(i int) { got[i], errs[i] = work(writers[i]) })
	return got, errs
}

// wrong is an error where something is not as it must be.
func wrong[T comparable](what string, want, got T) error {
	if want == got {
		return nil
	}
	return fmt.Errorf("%s: want %v, got %v", what, want, got)
}

// sound is an error where the ledger has not so many entries, or is broken.
func (b *bench) sound(ctx context.Context, entries int64) error {
	v, err := b.Freezes.Verify(ctx, freeze.MAC{})
	return errors.Join(err, errors.Join(v.Findings...),
		wrong("entries of the ledger", entries, v.Entries))
}

// opening is a change that freezes a number by hand.
func (b *bench) opening(ctx context.Context, tx freeze.Tx, n number.Number) (freeze.Freeze, error) {
	w := freeze.Writer{Book: tx, Keys: b.keys, Now: begin}
	return w.Open(ctx, freeze.Freeze{Number: n, Reason: freeze.Manual, From: begin})
}
