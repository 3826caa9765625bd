package whisper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/refrain-asr/refrain/asr"
)

// Config says what a Supervisor runs.
type Config struct {
	// ModelPath is a ggml Whisper model file.
	ModelPath string
	// Model tells the model's name and traits. Its SHA256 may be empty; if it is not,
	// the file must have it.
	Model asr.Model
	// States is how many windows are heard at once; 0 for one a processor.
	States int
	// Threads is how many threads hear one window; 0 for the processors divided
	// among the states.
	Threads int
	// Language is the ISO 639-1 code of what is spoken; empty for "zh".
	Language string
	// Executable is the program to start as the child, which must call ExitIfChild;
	// empty for this one.
	Executable string
	// Logger is told of deaths, restarts and the child's warnings; nil for none.
	Logger *slog.Logger
	// AllowEmptyModel takes a model file without weights, which hears nothing. Only
	// good for timing the encoder.
	AllowEmptyModel bool

	after   func(time.Duration) <-chan time.Time // for the pauses between restarts
	expires func(time.Duration) <-chan time.Time // for the limits of windows
	now     func() time.Time                     // for how long windows take
	onSent  func(*call, *process)                // told of windows handed over; for tests
}

// Supervisor is an asr.Transcriber whose engine runs in a child process that is
// started again whenever it dies.
type Supervisor struct {
	cfg   Config
	log   *slog.Logger
	model asr.Model
	slots *semaphore.Weighted
	ear   *semaphore.Weighted // held by the one sound whose voices are asked for
	pace  pace
	life  context.Context //nolint:containedctx // the Supervisor's own, until Close
	end   context.CancelFunc

	mu       sync.Mutex
	current  *attempt
	failures int // deaths and failed starts since a window was last answered
	lastID   uint64
	stats    Stats
	engine   string
}

// attempt is one start of the child, under way or done.
type attempt struct {
	done chan struct{}
	proc *process // valid once done is closed
	err  error
}

// Stats is what there is to know about the child from outside.
type Stats struct {
	// PID of the running child, 0 if none runs.
	PID int
	// Starts and Deaths count children since Start. A stop by Close is no death.
	Starts, Deaths int
	// ResidentBytes is the child's memory, 0 where that is not known.
	ResidentBytes int64
	// ModelType is whisper.cpp's name for the model's size, such as "base".
	ModelType string
	// Vocabulary is the model's number of tokens.
	Vocabulary int
}

var _ asr.Transcriber = (*Supervisor)(nil)

// Start starts the child and waits until it has loaded the model and heard a second of silence
// with it; ctx bounds that wait. The error is a *ModelError if the model is to blame. Close must be called.
func Start(ctx context.Context, cfg Config) (*Supervisor, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Supervisor{cfg: cfg, log: cfg.Logger, model: cfg.Model,
		slots: semaphore.NewWeighted(int64(cfg.States)), ear: semaphore.NewWeighted(1)}
	s.life, s.end = context.WithCancel(context.Background())
	if _, err := s.process(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c Config) withDefaults() (Config, error) {
	if os.Getenv(childMark) != "" {
		return c, errors.New("whisper: a speech process can't start another: the program must " +
			"call whisper.ExitIfChild first thing")
	}
	if c.ModelPath == "" {
		return c, errors.New("whisper: no model file was given")
	}
	if c.States < 0 || c.Threads < 0 {
		return c, fmt.Errorf("whisper: %d states of %d threads: neither can be negative", c.States,
			c.Threads)
	}
	if c.States == 0 {
		c.States = runtime.GOMAXPROCS(0)
	}
	if c.Threads == 0 {
		c.Threads = max(1, runtime.GOMAXPROCS(0)/c.States)
	}
	if c.Language == "" {
		c.Language = "zh"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.after == nil {
		c.after = time.After
	}
	if c.expires == nil {
		c.expires = time.After
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.onSent == nil {
		c.onSent = func(*call, *process) {}
	}
	var err error
	if c.Executable == "" {
		c.Executable, err = ownExecutable()
	}
	return c, err
}

// Traits implements asr.Transcriber: the model with the SHA-256 of its file, and as
// many windows at once as there are states.
func (s *Supervisor) Traits() asr.Traits {
	s.mu.Lock()
	defer s.mu.Unlock()
	return asr.Traits{Model: s.model, Engine: s.engine, Language: s.cfg.Language,
		Parallel: s.cfg.States, Readings: true, Voices: s}
}

// Transcribe hears one window in the child; see asr.Transcriber. Beside ctx's error
// it returns asr.ErrWindow, asr.ErrClosed, *ChildDiedError or *ModelError. A window that takes
// ten times what such windows took, and a minute at least, has the child killed.
//
// When ctx ends it returns at once. The child gives the window up at its next chance,
// which is after the encoder pass or the token that it is at: only then does the state
// hear another window.
func (s *Supervisor) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	if err := s.check(w); err != nil {
		return nil, err
	}
	c, err := s.ask(ctx, w, false)
	if err != nil {
		return nil, err
	}
	return c.phrases, nil
}

// ask gives a window to the child and waits for its answer.
func (s *Supervisor) ask(ctx context.Context, w asr.Window, sound bool) (*call, error) {
	c, p, err := s.send(ctx, w, sound)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.done:
		return c, c.err
	case <-ctx.Done():
		p.cancel(c.id)
		return nil, ctx.Err()
	}
}

// send waits for what the window needs and for a living child, and gives it to that.
func (s *Supervisor) send(
	ctx context.Context, w asr.Window, sound bool,
) (*call, *process, error) {
	release, err := s.reserve(ctx, w.Alone, sound)
	if err != nil {
		return nil, nil, err
	}
	r := request{id: s.nextID(), slots: contextSlots(w.Context), beams: w.Beams, sound: sound,
		samples: w.Samples}
	for {
		p, err := s.process(ctx)
		if err != nil {
			release()
			return nil, nil, err
		}
		c, err := p.begin(r, w.Alone, release)
		switch {
		case errors.Is(err, errGone): // between the two; the next one will do
		case err != nil:
			release()
			return nil, nil, err
		default:
			go s.watch(c, p, r)
			s.cfg.onSent(c, p)
			return c, p, nil
		}
	}
}

// reserve waits for a state, or for the ear, or for all that there is.
func (s *Supervisor) reserve(ctx context.Context, alone, sound bool) (release func(), err error) {
	states, ear := int64(1), int64(0)
	if sound {
		states, ear = 0, 1
	}
	if alone {
		states, ear = int64(s.cfg.States), 1
	}
	if err := s.acquire(ctx, s.slots, states); err != nil {
		return nil, err
	}
	if err := s.acquire(ctx, s.ear, ear); err != nil {
		s.slots.Release(states)
		return nil, err
	}
	return func() {
		s.ear.Release(ear)
		s.slots.Release(states)
	}, nil
}

// acquire waits for n of them, until ctx ends or the Supervisor is closed.
func (s *Supervisor) acquire(ctx context.Context, of *semaphore.Weighted, n int64) error {
	if n == 0 {
		return nil // and not behind those who wait
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	if of.Acquire(waiting, n) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return asr.ErrClosed
}

func (s *Supervisor) check(w asr.Window) error {
	n := len(w.Samples)
	switch {
	case n == 0:
		return fmt.Errorf("%w: it has no samples", asr.ErrWindow)
	case duration(n) > maxWindow:
		return fmt.Errorf("%w: it lasts %v, and a model hears at most %v", asr.ErrWindow,
			duration(n), maxWindow)
	case w.Beams < 0 || w.Beams > asr.MostBeams:
		return fmt.Errorf("%w: %d beams, not within 0..%d", asr.ErrWindow, w.Beams, asr.MostBeams)
	case w.Context < 0:
		return fmt.Errorf("%w: its context is negative", asr.ErrWindow)
	case w.Context > 0 && w.Context < asr.HalfContext && !s.cfg.Model.ShortContext:
		return fmt.Errorf("%w: the model %s must be given its whole context", asr.ErrWindow,
			s.cfg.Model.Name)
	}
	if slots := contextSlots(w.Context); slots > 0 && duration(n) > time.Duration(slots)*slot {
		return fmt.Errorf("%w: it lasts %v, and its context of %v would leave the rest unheard",
			asr.ErrWindow, duration(n), time.Duration(slots)*slot)
	}
	for i, v := range w.Samples {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("%w: sample %d is %v", asr.ErrWindow, i, v)
		}
	}
	return nil
}

func (s *Supervisor) nextID() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	return s.lastID
}

// Stats returns what is known of the child now.
func (s *Supervisor) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	if p := s.current.living(); p != nil {
		stats.PID = p.cmd.Process.Pid
		stats.ResidentBytes = residentBytes(stats.PID)
	}
	return stats
}

// Close stops the child, at once: windows in flight fail with asr.ErrClosed.
func (s *Supervisor) Close() error {
	s.end()
	s.mu.Lock()
	a := s.current
	s.mu.Unlock()
	if a == nil {
		return nil
	}
	<-a.done
	if a.proc != nil {
		a.proc.close()
	}
	return nil
}

var _ io.Closer = (*Supervisor)(nil)
