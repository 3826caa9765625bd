package limit

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// ErrTooMuch says that a request wants more than it can ever have.
var ErrTooMuch = errors.New("the request takes more memory than the server has for one")

// ErrMemory says that what is being read at this moment takes all the memory there is for it.
var ErrMemory = errors.New("the server is reading as much as it has memory for")

const (
	// patience is how long a small request waits for memory.
	patience = 2 * time.Second
	// small is the most, in bytes, that waits: what waits is in memory already.
	small = 256 << 10
)

// Memory is so much of it that requests share while they are read and carried out. It is safe for
// concurrent use.
type Memory struct {
	free *semaphore.Weighted
	size int64
}

// NewMemory makes a memory of so many bytes.
func NewMemory(size int64) *Memory { return &Memory{semaphore.NewWeighted(size), size} }

// Take takes n bytes until they are given back. Where they are not free it waits, for n up to 256
// KiB, 2 seconds at most; then it gives ErrMemory.
func (m *Memory) Take(ctx context.Context, n int64) error {
	if m.free.TryAcquire(n) {
		return nil
	}
	if n > small {
		return ErrMemory
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if m.free.Acquire(waiting, n) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return ErrMemory
}

// Give gives n bytes back that were taken.
func (m *Memory) Give(n int64) { m.free.Release(n) }

// Share is what one request has taken of a Memory, which may grow. It is safe for concurrent use.
type Share struct {
	of *Memory
	// most is what it may take, in bytes.
	most  int64
	mu    sync.Mutex
	taken int64
	ended bool
}

// Share begins with nothing.
func (m *Memory) Share() *Share { return m.ShareLeaving(0) }

// ShareLeaving begins a share that leaves so many bytes to others, though it be the only one.
func (m *Memory) ShareLeaving(n int64) *Share { return &Share{of: m, most: m.size - n} }

// Grow takes so many bytes more, as Memory.Take does, and gives ErrTooMuch where the share can't grow
// by as much whatever others take. Once the share has ended it takes nothing, and gives
// context.Canceled.
func (s *Share) Grow(ctx context.Context, n int64) error {
	s.mu.Lock()
	beyond := s.taken+n > s.most
	s.mu.Unlock()
	if beyond {
		return ErrTooMuch
	}
	if err := s.of.Take(ctx, n); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		s.of.Give(n)
		return context.Canceled
	}
	s.taken += n
	return nil
}

// Clear gives all back that was taken so far.
func (s *Share) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of.Give(s.taken)
	s.taken = 0
}

// End gives all back, for good.
func (s *Share) End() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.Clear()
}
