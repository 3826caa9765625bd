package asr

import (
	"slices"
	"time"
)

const (
	// leastWindow and mostWindow bound what a window is filled to, in samples: whisper.cpp gives
	// nothing, and no error, for much less than a second. A model hears 30 s, but of a window
	// that is filled to its end it loses what is said last.
	leastWindow = SampleRate
	mostWindow  = 29 * SampleRate
	// packGap is the silence, in samples, between a call's utterances that share a window: as
	// long as between sentences, so that no phrase runs across.
	packGap = SampleRate * 7 / 10
	// mixGap is the silence between utterances of different calls.
	mixGap = SampleRate
	// contextStep is the step of a shortened context: 256 slots of 20 ms. With flash
	// attention, whisper.cpp attends to the context padded to that.
	contextStep = 256 * 20 * time.Millisecond
)

// piece is an utterance, or a part of one, on its way to be heard, and then what was.
type piece struct {
	samples   []float32     // nil once it was heard
	from      time.Duration // in the recording: where samples begin
	utterance Span
	snr       float64
	likeness  *float64 // to the agent's voice, nil where not known
	echo      bool     // it is the agent's voice

	again      bool // for a second look, by itself
	heardAgain bool // without others in its window, or for a second look
	late       bool // it has waited for long for others to share its window
	passed     bool // it was passed over for long

	run      *party
	arrived  uint64 // its place in the order of what the Mixer was given
	segments []Segment
}

func newPiece(u traced) *piece {
	return &piece{samples: u.Samples, from: u.From, utterance: Span{Start: u.Start, End: u.End},
		snr: u.SNR, likeness: u.likeness(), echo: u.echo}
}

// batch is pieces that are heard in one window, those of a run one after the other.
type batch []*piece

// room is how many samples of a window the batch takes with a further piece, which will lie
// beside those of its run.
func (b batch) room(further *piece) int {
	if len(b) == 0 {
		return len(further.samples)
	}
	n, beside := len(further.samples), mixGap
	for i, p := range b {
		n += b.gap(i) + len(p.samples)
		if p.run == further.run {
			beside = packGap
		}
	}
	return n + beside
}

// gap is the silence before a piece.
func (b batch) gap(i int) int {
	switch {
	case i == 0:
		return 0
	case b[i].run != b[i-1].run:
		return mixGap
	}
	return packGap
}

// packer fills windows with the utterances of one track.
type packer struct {
	model Model
	next  batch
}

// add takes an utterance and returns the windows that are full.
func (p *packer) add(u *piece) []batch {
	if !p.model.Packs {
		return []batch{{u}}
	}
	var full []batch
	if len(p.next) > 0 && p.next.room(u) > mostWindow {
		full = []batch{p.rest()}
	}
	p.next = append(p.next, u)
	return full
}

// rest returns the window that was being filled, empty if there is none.
func (p *packer) rest() batch {
	b := p.next
	p.next = nil
	return b
}

// place is where a piece lies in a window.
type place struct {
	at, end time.Duration
	*piece
}

// packed is a window and what is in it, in order of time.
type packed struct {
	window Window
	places []place
}

// pack lays a batch out as a window.
func pack(b batch, m Model) packed {
	var w packed
	samples := make([]float32, 0, mostWindow)
	for i, p := range b {
		samples = append(samples, make([]float32, b.gap(i))...)
		at := sampleTime(int64(len(samples)))
		samples = append(samples, p.samples...)
		w.places = append(w.places, place{at, sampleTime(int64(len(samples))), p})
	}
	if missing := leastWindow - len(samples); missing > 0 {
		samples = append(samples, make([]float32, missing)...)
	}
	w.window.Samples = samples
	if m.ShortContext {
		w.window.Context = contextFor(sampleTime(int64(len(samples))))
	}
	return w
}

// ask says how the window is to be heard.
func (w *packed) ask(b batch) {
	w.window.Alone = b[0].run.alone
	if b[0].again {
		w.window.Beams = secondBeams
	}
	if w.window.Context == 0 && len(w.window.Samples) <= mostBrief && b.brief() {
		w.window.Context = HalfContext
	}
}

// mostBrief, in samples, leaves silence behind the last word, without which it gets lost.
const mostBrief = 14 * SampleRate

// brief tells that a window that is half empty may be heard in half of the time, if a little worse:
// what a customer says is worth the whole of it, what the agent asked is not, and a second look
// goes by several hypotheses.
func (b batch) brief() bool {
	return !slices.ContainsFunc(b, func(p *piece) bool { return !p.run.brief && !p.again })
}

// contextFor is the shortest context that holds so much audio, zero for all 30 s.
func contextFor(length time.Duration) time.Duration {
	steps := (length + contextStep - 1) / contextStep
	if steps > 5 {
		return 0
	}
	return max(1, steps) * contextStep
}
