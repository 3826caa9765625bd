package grpcapi

import (
	"sync"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// Followed is how far what a server holds in memory has followed the changes. NewFollowed makes it; it is safe
// for concurrent use.
type Followed struct {
	name func(number.Number) freeze.MAC

	mu      sync.Mutex
	seq     int64
	renewed int64
	// erased are the names of who was erased, by the changes that tell of it.
	erased  map[int64]freeze.MAC
	changed chan struct{}
}

// mostErased is of how many erasures the names are remembered.
const mostErased = 1000

// NewFollowed makes one that has followed nothing yet. Name is how a number is named.
func NewFollowed(name func(number.Number) freeze.MAC) *Followed {
	return &Followed{name: name, erased: map[int64]freeze.MAC{}, changed: make(chan struct{})}
}

// Follow notes changes that memory has followed: a feed.Follower, to be added behind those that fill it.
func (f *Followed) Follow(changes []feed.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		f.seq = max(f.seq, c.Seq)
		if c.Kind != feed.Erased || c.Number.IsZero() {
			continue
		}
		if len(f.erased) >= mostErased {
			clear(f.erased) // who asks for one of them is told all anew
		}
		f.erased[c.Seq] = f.name(c.Number)
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

// erasedAt is the name of who was erased by that change; not ok where it is not remembered.
func (f *Followed) erasedAt(seq int64) (name freeze.MAC, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name, ok = f.erased[seq]
	return name, ok
}
