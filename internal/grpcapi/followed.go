package grpcapi

import (
	"sync"

	"github.com/refrain-asr/refrain/internal/feed"
)

// Followed is how far what a server holds in memory has followed the changes. NewFollowed makes it; it is safe
// for concurrent use.
type Followed struct {
	mu      sync.Mutex
	seq     int64
	renewed int64
	changed chan struct{}
}

// NewFollowed makes one that has followed nothing yet.
func NewFollowed() *Followed { return &Followed{changed: make(chan struct{})} }

// Follow notes changes that memory has followed: a feed.Follower, to be added behind those that fill it.
func (f *Followed) Follow(changes []feed.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		f.seq = max(f.seq, c.Seq)
	}
	f.wake()
	return nil
}

// Begin notes that memory was filled with all changes up to the number seq.
func (f *Followed) Begin(seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq = max(f.seq, seq)
	f.wake()
}

// Renewed notes that other rules are in force, or that what they deny was counted anew.
func (f *Followed) Renewed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renewed++
	f.wake()
}

func (f *Followed) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// at is how far it has come, and what is closed when it comes further.
func (f *Followed) at() (seq, renewed int64, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seq, f.renewed, f.changed
}
