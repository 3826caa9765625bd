package app

import (
	"context"
	"sync"

	"github.com/refrain-asr/refrain/asr/whisper"
)

// speech keeps the speech process. A model that can't be loaded does not stop the
// server: the API, the reviewers and the gate need no model, and every recording
// notes why it was not heard. Starting is tried again for every one of them.
type speech struct {
	cfg whisper.Config

	mu     sync.Mutex
	sup    *whisper.Supervisor
	closed bool
}

// get returns the running supervisor, and starts it if need be.
func (s *speech) get(ctx context.Context) (*whisper.Supervisor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sup != nil {
		return s.sup, nil
	}
	if s.closed {
		return nil, whisper.ErrClosed
	}
	sup, err := whisper.Start(ctx, s.cfg)
	if err != nil {
		return nil, err
	}
	s.sup = sup
	return sup, nil
}

// running is the supervisor if it was started, else nil.
func (s *speech) running() *whisper.Supervisor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sup
}

func (s *speech) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.sup == nil {
		return nil
	}
	return s.sup.Close()
}
