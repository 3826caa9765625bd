package whisper

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

const (
	// loadTimeout bounds a restart: the largest models take seconds to load, and a
	// minute from a slow disk.
	loadTimeout = 5 * time.Minute
	firstPause  = 200 * time.Millisecond
	longestWait = 10 * time.Second
)

// pause is how long to wait before a start after so many failures without an answered
// window between. One death is not worth a wait.
func pause(failures int) time.Duration {
	if failures <= 1 {
		return 0
	}
	if failures > 8 {
		return longestWait
	}
	return min(firstPause<<(failures-2), longestWait)
}

// living is the attempt's process if it runs.
func (a *attempt) living() *process {
	if a == nil {
		return nil
	}
	select {
	case <-a.done:
	default:
		return nil
	}
	if a.err != nil || !a.proc.alive() {
		return nil
	}
	return a.proc
}

func (a *attempt) pending() bool {
	if a == nil {
		return false
	}
	select {
	case <-a.done:
		return false
	default:
		return true
	}
}

// process is the living child, started anew if need be. All who ask meanwhile wait
// for the same start.
func (s *Supervisor) process(ctx context.Context) (*process, error) {
	s.mu.Lock()
	if s.life.Err() != nil {
		s.mu.Unlock()
		return nil, asr.ErrClosed
	}
	a := s.current
	if a.living() == nil && !a.pending() {
		a = &attempt{done: make(chan struct{})}
		s.current = a
		go s.attempt(a, pause(s.failures))
	}
	s.mu.Unlock()
	select {
	case <-a.done:
		return a.proc, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Supervisor) attempt(a *attempt, wait time.Duration) {
	defer close(a.done)
	if wait > 0 {
		select {
		case <-s.cfg.after(wait):
		case <-s.life.Done():
		}
	}
	ctx, cancel := context.WithTimeout(s.life, loadTimeout)
	defer cancel()
	begun := time.Now()
	a.proc, a.err = s.launch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Starts++
	if a.err != nil {
		s.failures++
		if s.life.Err() == nil {
			s.log.Error("speech process did not start", "error", a.err)
		}
		return
	}
	if took := a.proc.ready.Trial; took > 0 {
		s.pace.note(trial(), took)
	}
	s.model.SHA256 = a.proc.ready.SHA256
	s.engine = a.proc.ready.Engine
	s.stats.ModelType, s.stats.Vocabulary = a.proc.ready.ModelType, a.proc.ready.Vocabulary
	s.log.Info("speech process started", "pid", a.proc.cmd.Process.Pid, "model", s.model.Name,
		"states", s.cfg.States, "threads", s.cfg.Threads, "took", time.Since(begun))
}

func (s *Supervisor) launch(ctx context.Context) (*process, error) {
	if s.life.Err() != nil {
		return nil, asr.ErrClosed
	}
	p, err := launch(ctx, s.cfg.Executable, hello{
		ModelPath: s.cfg.ModelPath, Language: s.cfg.Language, States: s.cfg.States,
		Threads: s.cfg.Threads, Demo: s.cfg.Model.Demo, AllowEmpty: s.cfg.AllowEmptyModel,
		Trial: !s.cfg.AllowEmptyModel && !s.pace.known(),
	}, hooks{
		line:  func(line string) { s.log.Warn("speech process says", "line", line) },
		death: s.noteDeath,
	})
	switch {
	case err != nil && s.life.Err() != nil:
		return nil, asr.ErrClosed
	case err != nil:
		return nil, err
	}
	if want := s.Traits().Model.SHA256; want != "" && want != p.ready.SHA256 {
		p.close()
		return nil, &ModelError{Path: s.cfg.ModelPath, Reason: fmt.Sprintf(
			"its SHA-256 is %s, not %s: it is damaged, or was changed while refrain runs",
			p.ready.SHA256, want)}
	}
	return p, nil
}

// noteDeath notes a child's death, before its windows learn of it.
func (s *Supervisor) noteDeath(p *process, died *ChildDiedError) {
	answered := p.answers() > 0
	s.mu.Lock()
	s.stats.Deaths++
	if answered {
		s.failures = 0
	}
	s.failures++
	s.mu.Unlock()
	s.log.Error("speech process died", "pid", p.cmd.Process.Pid, "status", died.Status,
		"windows", died.Windows, "stderr", died.Stderr)
}
