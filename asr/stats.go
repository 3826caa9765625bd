package asr

import (
	"sync"
	"time"
)

// Stats tells what a transcript took. Times are zero where the pipeline has no clock.
type Stats struct {
	Audio      time.Duration // length of the track
	Utterances int
	Windows    int // those that were shared, too
	// Transcribing is the time within the Transcriber, summed over windows that ran
	// side by side; waiting for one of its states counts too. Of a window that is shared, it is
	// the part that the track's audio has in it.
	Transcribing time.Duration
	// Preparing is the time spent on all else: reading, resampling, finding utterances.
	Preparing time.Duration
	Total     time.Duration
}

// Outside is the share, 0..1, of the work that was done outside the Transcriber.
func (s Stats) Outside() float64 {
	if all := s.Preparing + s.Transcribing; all > 0 {
		return float64(s.Preparing) / float64(all)
	}
	return 0
}

// stopwatch measures a run. Its clock may be nil.
type stopwatch struct {
	now    func() time.Time
	began  time.Time
	waited time.Duration // by the reading side, for the Transcriber to be free

	mu     sync.Mutex
	inside time.Duration
	heard  time.Time // when the reading side was done
}

func (w *stopwatch) time() time.Time {
	if w.now == nil {
		return time.Time{}
	}
	return w.now()
}

func (w *stopwatch) start() { w.began = w.time() }

// waiting runs f, in which the reading side only waits.
func (w *stopwatch) waiting(f func()) {
	from := w.time()
	f()
	w.waited += w.time().Sub(from)
}

// ready marks the end of the reading side's work.
func (w *stopwatch) ready() { w.heard = w.time() }

// transcribing marks the beginning of a window of which the run has that share; what it returns,
// its end.
func (w *stopwatch) transcribing(share float64) func() {
	from := w.time()
	return func() {
		d := time.Duration(share * float64(w.time().Sub(from)))
		w.mu.Lock()
		w.inside += d
		w.mu.Unlock()
	}
}

func (w *stopwatch) stats(r *run) Stats {
	return Stats{
		Audio:        sampleTime(r.samples),
		Utterances:   len(r.pieces),
		Windows:      r.party.windows,
		Transcribing: w.inside,
		Preparing:    w.heard.Sub(w.began) - w.waited,
		Total:        w.time().Sub(w.began),
	}
}
