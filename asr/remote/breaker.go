package remote

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/refrain-asr/refrain/asr"
)

// After so many failures in a row the server is not asked for a while, then by one window:
// a server that is down is not made to wait for, and one that is overloaded gets its rest.
const (
	failuresInARow = 5
	rest           = 15 * time.Second
)

func (s *server) breakerSettings() gobreaker.Settings {
	return gobreaker.Settings{
		Name: s.name, MaxRequests: 1, Timeout: rest,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresInARow },
		IsSuccessful:  isSuccess,
		IsExcluded:    saysNothing,
		OnStateChange: s.tell,
	}
}

// isSuccess tells that the server works, be it that it refuses a window.
func isSuccess(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return err == nil || ok && e.kind == odd && e.Status < http.StatusInternalServerError
}

// saysNothing tells of errors that say nothing about whether the server works: that of a
// caller who gave up, and that there is too much at a time.
func saysNothing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return err != nil && !ok || ok && e.kind == busy
}

// tell logs when the server can be used no more, and when it can again.
func (s *server) tell(_ string, from, to gobreaker.State) {
	ctx := context.Background()
	switch {
	case from == gobreaker.StateClosed && to == gobreaker.StateOpen:
		s.cfg.Logger.ErrorContext(ctx, "the speech server can't be used; recordings wait for it",
			"server", s.name, "error", s.failure.Load())
	case to == gobreaker.StateClosed:
		s.cfg.Logger.InfoContext(ctx, "the speech server can be used again", "server", s.name)
	}
}

// guarded makes a request, unless the server is being spared.
func (s *server) guarded(ask func() ([]asr.Phrase, error)) ([]asr.Phrase, error) {
	phrases, err := s.breaker.Execute(func() ([]asr.Phrase, error) {
		phrases, err := ask()
		if failed, ok := errors.AsType[*Error](err); ok {
			s.failure.Store(failed)
		}
		return phrases, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, s.spared()
	}
	return phrases, err
}

// spared is the error of a request that was not made.
func (s *server) spared() *Error {
	e := &Error{Server: s.name, Reason: "is not asked for the moment", kind: spared}
	if last := s.failure.Load(); last != nil {
		e.Reason += ", since it failed: " + last.Error()
	}
	return e
}
