package remote

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/refrain-asr/refrain/asr"
)

// Config says which server hears, and how it is asked. All but Key and Transport is required.
type Config struct {
	// URL is where windows are posted to, such as http://127.0.0.1:8000/v1/audio/transcriptions.
	// It holds no credentials.
	URL string
	// Key is sent as a bearer token to that host and no other; "" for none.
	Key string
	// Model names the server's model. With Packs, the server must give times to words.
	Model asr.Model
	// Language is the ISO 639-1 code that the model is told to expect.
	Language string
	// Parallel is how many windows may be with the server at once, 1 or more.
	Parallel int
	// Timeout is how long an answer may take, beside twice the window's length.
	Timeout time.Duration
	// Retries is how often a window is sent again after the server failed, 0 or more.
	Retries int
	// Logger is told when the server can't be used any more, and when it can again.
	Logger *slog.Logger
	// Transport carries the requests; nil for a real one.
	Transport http.RoundTripper
}

// Engine is the asr.Engine of one server.
type Engine struct {
	server  *server
	close   func()
	reached atomic.Bool
}

var _ asr.Engine = (*Engine)(nil)

// NewEngine readies an Engine; the server is not asked yet.
func NewEngine(c Config) *Engine {
	life, end := context.WithCancel(context.Background())
	s := &server{cfg: c, life: life, client: newClient(c),
		free: semaphore.NewWeighted(int64(c.Parallel)), name: withoutScheme(c.URL)}
	s.breaker = gobreaker.NewCircuitBreaker[[]asr.Phrase](s.breakerSettings())
	return &Engine{server: s, close: end}
}

// Open implements asr.Engine. The first time it makes sure that there is a server, whatever
// it answers: an *Error that is an asr.ErrUnavailable where there is none.
func (e *Engine) Open(ctx context.Context) (asr.Transcriber, error) {
	if e.server.life.Err() != nil {
		return nil, asr.ErrClosed
	}
	if e.reached.Load() {
		return e.server, nil
	}
	if err := e.server.greet(ctx); err != nil {
		return nil, err
	}
	e.reached.Store(true)
	return e.server, nil
}

// Close implements asr.Engine.
func (e *Engine) Close() error {
	e.close()
	e.server.client.CloseIdleConnections()
	return nil
}
