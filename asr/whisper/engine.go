package whisper

import (
	"context"
	"sync"

	"github.com/refrain-asr/refrain/asr"
)

// Engine is the asr.Engine of one model. It starts its Supervisor when it is first
// opened, and after a start that failed, whenever it is opened again.
type Engine struct {
	cfg Config

	mu         sync.Mutex
	supervisor *Supervisor
	closed     bool
}

var _ asr.Engine = (*Engine)(nil)

// NewEngine readies an Engine; nothing is started yet.
func NewEngine(cfg Config) *Engine { return &Engine{cfg: cfg} }

// Open implements asr.Engine. Beside asr.ErrClosed it returns what Start does.
func (e *Engine) Open(ctx context.Context) (asr.Transcriber, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return nil, asr.ErrClosed
	case e.supervisor != nil:
		return e.supervisor, nil
	}
	s, err := Start(ctx, e.cfg)
	if err != nil {
		return nil, err
	}
	e.supervisor = s
	return s, nil
}

// Close implements asr.Engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.supervisor == nil {
		return nil
	}
	return e.supervisor.Close()
}
