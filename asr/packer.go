package asr

import (
	"time"
)

const (
	// leastWindow and mostWindow bound a window's samples: whisper.cpp gives nothing,
	// and no error, for much less than a second, and a model hears 30 s at most.
	leastWindow = SampleRate
	mostWindow  = 30 * SampleRate
	// packGap is the silence, in samples, between utterances that share a window: as
	// long as between sentences, so that no phrase runs across.
	packGap = SampleRate * 7 / 10
	// contextStep is the step of a shortened context: 256 slots of 20 ms. With flash
	// attention, whisper.cpp attends to the context padded to that.
	contextStep = 256 * 20 * time.Millisecond
)

// place is where an utterance lies in a window.
type place struct {
	at, end   time.Duration // in the window
	from      time.Duration // in the recording: what sounds at at
	utterance Span
	snr       float64
	likeness  *float64 // to the agent's voice, nil where not known
}

// packed is a window and what is in it, in order of time.
type packed struct {
	window Window
	places []place
}

// packer fills windows with utterances.
type packer struct {
	model Model
	next  packed
}

// add takes an utterance and returns the windows that are full.
func (p *packer) add(u traced) []packed {
	if !p.model.Packs {
		p.put(u)
		return p.rest()
	}
	var full []packed
	if len(p.next.places) > 0 && len(p.next.window.Samples)+packGap+len(u.Samples) > mostWindow {
		full = p.rest()
	}
	p.put(u)
	return full
}

// put adds an utterance to the window being filled.
func (p *packer) put(u traced) {
	if len(p.next.places) > 0 {
		p.next.window.Samples = append(p.next.window.Samples, make([]float32, packGap)...)
	}
	at := len(p.next.window.Samples)
	p.next.window.Samples = append(p.next.window.Samples, u.Samples...)
	p.next.places = append(p.next.places, place{
		at:        sampleTime(int64(at)),
		end:       sampleTime(int64(len(p.next.window.Samples))),
		from:      u.From,
		utterance: Span{Start: u.Start, End: u.End},
		snr:       u.SNR,
		likeness:  u.likeness(),
	})
}

// rest returns the window that was being filled, none if it is empty.
func (p *packer) rest() []packed {
	if len(p.next.places) == 0 {
		return nil
	}
	w := p.next
	p.next = packed{}
	if missing := leastWindow - len(w.window.Samples); missing > 0 {
		w.window.Samples = append(w.window.Samples, make([]float32, missing)...)
	}
	if p.model.ShortContext {
		w.window.Context = contextFor(sampleTime(int64(len(w.window.Samples))))
	}
	return []packed{w}
}

// contextFor is the shortest context that holds so much audio, zero for all 30 s.
func contextFor(length time.Duration) time.Duration {
	steps := (length + contextStep - 1) / contextStep
	if steps > 5 {
		return 0
	}
	return max(1, steps) * contextStep
}
