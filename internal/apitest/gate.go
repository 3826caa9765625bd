package apitest

import (
	"context"
	"sync"

	"github.com/refrain-asr/refrain/asr"
)

// Gate holds back the windows that are to be heard while it is shut: for tests of what becomes of recordings that are
// being heard, which then needn't be long, nor their hearing slow. The zero value is shut.
type Gate struct {
	mu     sync.Mutex
	opened chan struct{} // closed while it is open
}

// Through puts the gate before an engine, which hears what comes through anew each time; see HearOnce.
func (g *Gate) Through(e asr.Engine) asr.Engine {
	return through{e, func(t asr.Transcriber) asr.Transcriber { return gatedTranscriber{t, g} }}
}

// Open lets through what waits, and all that comes.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.state():
	default:
		close(g.opened)
	}
}

// Shut holds back what comes.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.state():
		g.opened = nil
	default: // what waits goes on waiting
	}
}

// state is closed while the gate is open; mu is held.
func (g *Gate) state() chan struct{} {
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
	return g.opened
}

// pass waits until the gate is open.
func (g *Gate) pass(ctx context.Context) error {
	g.mu.Lock()
	opened := g.state()
	g.mu.Unlock()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type gatedTranscriber struct {
	asr.Transcriber
	gate *Gate
}

func (t gatedTranscriber) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	if err := t.gate.pass(ctx); err != nil {
		return nil, err
	}
	return t.Transcriber.Transcribe(ctx, w)
}
