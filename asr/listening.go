package asr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// hear has a window recognised, and hands out what was heard in it.
func (m *Mixer) hear(b batch) {
	parties := b.parties()
	if !slices.ContainsFunc(parties, func(p *party) bool { return p.ctx.Err() == nil }) {
		return
	}
	w := pack(b, parties[0].model)
	w.ask(b)
	phrases, err := transcribe(parties, b, w.window)
	var l listening
	if err == nil {
		l = w.listening(phrases)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		for _, x := range l.heard {
			x.done()
		}
		m.hearAgain(l.doubtful)
		for _, x := range l.second {
			m.hearAgain(batch{x})
		}
	case b[0].again && !engineFailed(err) && parties[0].ctx.Err() == nil:
		b[0].done() // with what was heard at first
	case len(parties) > 1 && !engineFailed(err):
		m.hearAgain(b) // the window of whoever is to blame fails again, and no other
	default:
		for _, p := range parties {
			p.fail(fmt.Errorf("window at %v: %w", b.of(p)[0].from, err))
		}
	}
}

// listening is what became of a window's pieces.
type listening struct {
	heard, second batch // that are done, and that deserve a second look
	doubtful      batch
}

// listening gives the pieces their segments.
func (w packed) listening(phrases []Phrase) (l listening) {
	if x := w.places[0]; x.again {
		x.reread(phrases)
		return listening{heard: batch{x.piece}}
	}
	var segments [][]Segment
	segments, l.doubtful = w.segments(phrases)
	for i, p := range w.places {
		switch {
		case slices.Contains(l.doubtful, p.piece):
			continue
		case p.deservesSecond(segments[i]):
			p.again = true
			l.second = append(l.second, p.piece)
		default:
			l.heard = append(l.heard, p.piece)
		}
		p.segments = segments[i]
	}
	return l
}

// transcribe hears a window for the runs that have a part in it, until all of them have left.
func transcribe(parties []*party, b batch, w Window) ([]Phrase, error) {
	ctx, cancel := untilAllLeft(parties)
	defer cancel()
	done := make([]func(), len(parties))
	for i, p := range parties {
		done[i] = p.watch.transcribing(float64(b.of(p).samples()) / float64(b.samples()))
	}
	phrases, err := parties[0].transcriber.Transcribe(ctx, w)
	for _, f := range done {
		f()
	}
	return phrases, err
}

// untilAllLeft is a context that ends with the last of the runs'.
func untilAllLeft(parties []*party) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parties[0].ctx))
	var there atomic.Int64
	there.Store(int64(len(parties)))
	for _, p := range parties {
		context.AfterFunc(p.ctx, func() { // once it has left, if not before
			if there.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, cancel
}

// engineFailed tells that the engine failed, for whatever window it was.
func engineFailed(err error) bool {
	return errors.Is(err, ErrDied) || errors.Is(err, ErrModel) || errors.Is(err, ErrClosed) ||
		errors.Is(err, ErrUnavailable)
}

// hearAgain gives each run's pieces a window without those of others.
func (m *Mixer) hearAgain(b batch) {
	for _, p := range b.parties() {
		if p.ctx.Err() == nil {
			own := b.of(p)
			for _, x := range own {
				x.heardAgain = true
			}
			m.again = append(m.again, own)
		}
	}
}

// done lets go of what isn't heard any more.
func (x *piece) done() {
	x.samples = nil
	x.run.left--
	x.run.settle()
}

func (p *party) fail(err error) {
	if p.err == nil && p.ctx.Err() == nil {
		p.err = err
		p.cancel() // the rest is for nothing
	}
}

func (p *party) settle() {
	if p.read && p.left == 0 && p.err == nil {
		close(p.over)
	}
}
