package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/refrain-asr/refrain/asr"
)

// server is the asr.Transcriber over a server.
type server struct {
	cfg     Config
	name    string // its host and path, for people
	client  *http.Client
	breaker *gobreaker.CircuitBreaker[[]asr.Phrase]
	failure atomic.Pointer[Error] // the last one
	free    *semaphore.Weighted   // for the windows that may be there at once
	life    context.Context       // ends with the engine
}

// newClient follows no redirect: it would take the audio, and the key, elsewhere.
func newClient(c Config) *http.Client {
	t := c.Transport
	if t == nil {
		t = newTransport(c.Parallel)
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// newTransport goes through a proxy of the environment only where it sees nothing.
func newTransport(parallel int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = parallel
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme != "https" {
			return nil, nil //nolint:nilnil // net/http's own way to say: no proxy
		}
		return http.ProxyFromEnvironment(r)
	}
	return t
}

func withoutScheme(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return rest
}

// Traits implements asr.Transcriber.
func (s *server) Traits() asr.Traits {
	return asr.Traits{Model: s.cfg.Model, Engine: "http " + s.name, Language: s.cfg.Language,
		Parallel: s.cfg.Parallel}
}

// Transcribe implements asr.Transcriber. Beside ctx's error it returns asr.ErrWindow,
// asr.ErrClosed or an *Error. A window that is Alone has no meaning here: no window can be
// why a server dies that is not ours.
func (s *server) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	if err := check(w); err != nil {
		return nil, err
	}
	ctx, done := s.alive(ctx)
	defer done()
	if s.free.Acquire(ctx, 1) != nil {
		return nil, s.over(ctx)
	}
	defer s.free.Release(1)
	return s.hear(ctx, w.Samples)
}

// alive ends ctx with the engine, too.
func (s *server) alive(ctx context.Context) (alive context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// over is why the context that alive gave has ended. It is not the context's cause, which may
// be what became of another window.
func (s *server) over(ctx context.Context) error {
	if s.life.Err() != nil {
		return asr.ErrClosed
	}
	return ctx.Err()
}

// mostSamples is what a model hears at once.
const mostSamples = 30 * asr.SampleRate

func check(w asr.Window) error {
	if n := len(w.Samples); n == 0 || n > mostSamples {
		return fmt.Errorf("%w: it has %d samples, and must have 1 to %d", asr.ErrWindow, n,
			mostSamples)
	}
	for i, v := range w.Samples {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: sample %d is %v", asr.ErrWindow, i, v)
		}
	}
	return nil
}

// hear sends a window. Where the answer may be the window's fault, silence tells: a server
// that takes that is well.
func (s *server) hear(ctx context.Context, samples []float32) ([]asr.Phrase, error) {
	phrases, err := s.persistently(ctx, s.newForm(samples))
	failed, ok := errors.AsType[*Error](err)
	if !ok || failed.kind != odd || ctx.Err() != nil {
		return phrases, err
	}
	if _, silence := s.once(ctx, s.newForm(make([]float32, asr.SampleRate))); silence != nil {
		return nil, err
	}
	blamed := *failed
	blamed.Window = true
	return nil, &blamed
}

// once sends a window once.
func (s *server) once(ctx context.Context, f form) ([]asr.Phrase, error) {
	return s.guarded(func() ([]asr.Phrase, error) {
		body, err := s.exchange(ctx, http.MethodPost, f)
		if err != nil {
			return nil, err
		}
		phrases, err := f.phrases(body)
		if err != nil {
			return nil, &Error{Server: s.name, Status: http.StatusOK, Reason: err.Error(),
				kind: answerKind(err)}
		}
		return phrases, nil
	})
}

// greet finds out whether anything answers there: any answer will do.
func (s *server) greet(ctx context.Context) error {
	ctx, done := s.alive(ctx)
	defer done()
	_, err := s.guarded(func() ([]asr.Phrase, error) {
		_, err := s.exchange(ctx, http.MethodGet, form{limit: s.cfg.Timeout})
		if failed, ok := errors.AsType[*Error](err); ok && failed.Status != 0 {
			err = nil
		}
		return nil, err
	})
	return err
}

// mostAnswer bounds an answer, in bytes: words of 30 s with all that servers add take some
// hundred kilobytes.
const mostAnswer = 8 << 20

// exchange makes a request and gives the body of the answer. The error is an *Error, or ctx's
// once that has ended.
func (s *server) exchange(ctx context.Context, method string, f form) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, method, s.cfg.URL, bytes.NewReader(f.body))
	if err != nil {
		return nil, err
	}
	if f.kind != "" {
		req.Header.Set("Content-Type", f.kind)
	}
	if s.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.Key)
	}
	res, err := s.client.Do(req)
	if err == nil {
		defer func() { _ = res.Body.Close() }()
		f.body, err = io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	}
	switch {
	case ctx.Err() != nil:
		return nil, s.over(ctx)
	case err != nil:
		return nil, s.unanswered(err, f.limit)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil, s.refused(res, f.body, time.Now())
	}
	return f.body, nil
}
