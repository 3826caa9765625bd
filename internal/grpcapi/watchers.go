package grpcapi

import (
	"slices"
	"sync"

	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
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

// ReviewWatchers tells those who watch suspects which changed. The zero value is ready, and safe for
// concurrent use.
type ReviewWatchers struct {
	mu      sync.Mutex
	waiting map[*reviewWatcher]bool
}

// mostChanged is how many changed suspects are told at once.
const mostChanged = 100

// reviewWatcher is one of them.
type reviewWatcher struct {
	of *ReviewWatchers
	// changed receives after changes, possibly once for several.
	changed chan struct{}
	ids     []review.ID // under of.mu, as is more
	more    bool
}

// Changed tells all that a suspect changed. It never blocks.
func (w *ReviewWatchers) Changed(id review.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for x := range w.waiting {
		switch {
		case slices.Contains(x.ids, id):
		case len(x.ids) < mostChanged:
			x.ids = append(x.ids, id)
		default:
			x.more = true
		}
		select {
		case x.changed <- struct{}{}:
		default: // it has yet to look at the change before
		}
	}
}

func (w *ReviewWatchers) watch() *reviewWatcher {
	x := &reviewWatcher{of: w, changed: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == nil {
		w.waiting = map[*reviewWatcher]bool{}
	}
	w.waiting[x] = true
	return x
}

// take gives what changed since, and whether more did than are named.
func (x *reviewWatcher) take() (ids []review.ID, more bool) {
	x.of.mu.Lock()
	defer x.of.mu.Unlock()
	ids, more, x.ids, x.more = x.ids, x.more, nil, false
	return ids, more
}

func (x *reviewWatcher) stop() {
	x.of.mu.Lock()
	defer x.of.mu.Unlock()
	delete(x.of.waiting, x)
}
