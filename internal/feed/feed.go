package feed

import (
	"errors"
	"sync"
)

// Follower takes changes over. It is called by one goroutine at a time, in the order of
// the changes, after their commit and before they are acknowledged; so it must be quick,
// and must not write to what the feed tells of. Where it fails, the change is made all the
// same, and whoever made it hears of the failure.
type Follower func([]Change) error

// Feed hands what was committed to its followers. It is safe for concurrent use; the zero
// Feed is ready.
type Feed struct {
	mu        sync.Mutex
	followers []Follower
}

// Follow adds a follower, which hears of what is told from now on.
func (f *Feed) Follow(follower Follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.followers = append(f.followers, follower)
}

// Tell tells the followers what a transaction changed, which was committed. When it
// returns, all of them know; those that fail keep nobody else from knowing. Whoever
// commits must call it in the order of commits.
func (f *Feed) Tell(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, follow := range f.followers {
		errs = append(errs, follow(changes))
	}
	return errors.Join(errs...)
}
