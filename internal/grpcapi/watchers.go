package grpcapi

import (
	"sync"

	"github.com/refrain-asr/refrain/recording"
)

// Watchers tells those who wait for a recording that it changed. The zero value is
// ready, and safe for concurrent use.
type Watchers struct {
	mu      sync.Mutex
	waiting map[recording.ID]map[chan struct{}]bool
}

// Changed wakes all who watch the recording. It never blocks.
func (w *Watchers) Changed(id recording.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.waiting[id] {
		select {
		case ch <- struct{}{}:
		default: // it has yet to look at the change before
		}
	}
}

// watch returns a channel that receives after every change from now on, possibly
// once for several, and a function to stop.
func (w *Watchers) watch(id recording.ID) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == nil {
		w.waiting = map[recording.ID]map[chan struct{}]bool{}
	}
	if w.waiting[id] == nil {
		w.waiting[id] = map[chan struct{}]bool{}
	}
	w.waiting[id][ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.waiting[id], ch)
		if len(w.waiting[id]) == 0 {
			delete(w.waiting, id)
		}
	}
}
