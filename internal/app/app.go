package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/grpcapi"
	"github.com/refrain-asr/refrain/internal/httpapi"
	"github.com/refrain-asr/refrain/internal/jobs"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Options are what a program or test sets that an operator can't.
type Options struct {
	// Logger is required.
	Logger *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Every gives a tick for each stretch of time, and what stops them; nil for real ones.
	Every func(time.Duration) (ticks <-chan time.Time, stop func())
	// Executable is the program to run speech in, which must call
	// whisper.ExitIfChild; "" for this one.
	Executable string
}

// App is a server: everything is open and listening, and works once Run is called.
type App struct {
	cfg  config.Config
	log  *slog.Logger
	now  func() time.Time
	exec string
	// every is Options.Every.
	every func(time.Duration) (<-chan time.Time, func())

	// tokenKey signs page tokens; it lives as long as the data directory.
	tokenKey []byte
	db       *store.DB
	blobs    *blob.Dir
	lexicons *lexicons
	speech   *speech
	table    *gate.Table
	rules    rules
	metrics  *metrics.Metrics
	tally    *metrics.Tally
	watchers grpcapi.Watchers
	runner   *jobs.Runner

	grpc      *grpc.Server
	health    *health.Server
	http      *http.Server
	bridge    *httpapi.Bridge
	stopping  chan struct{}
	announced sync.Once

	grpcListener, httpListener net.Listener

	closers []func() error
}

// New opens the data directory, takes back what an earlier crash left unfinished,
// loads the gate, starts the speech process, and listens. Nothing is served yet. On
// an error everything is closed again.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	a := &App{cfg: cfg, log: o.Logger, now: o.Now, every: o.Every, exec: o.Executable, table: gate.NewTable(), stopping: make(chan struct{})}
	if a.now == nil {
		a.now = time.Now
	}
	if a.every == nil {
		a.every = every
	}
	a.metrics = metrics.New(func() map[freeze.Reason]int { return a.table.Active(a.now()) })
	for _, step := range []func(context.Context) error{a.openData, a.openLexicon, a.openRules, a.openSpeech, a.openJobs, a.loadGate, a.listen} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// onClose notes what to undo; the last is undone first.
func (a *App) onClose(f func() error) { a.closers = append(a.closers, f) }

// Close frees everything. Run does it, too.
func (a *App) Close() error {
	var errs []error
	for _, undo := range slices.Backward(a.closers) {
		errs = append(errs, undo())
	}
	a.closers = nil
	return errors.Join(errs...)
}

func (a *App) openData(ctx context.Context) error {
	unlock, err := lockDir(a.cfg.Data)
	if err != nil {
		return err
	}
	a.onClose(func() error { unlock(); return nil })
	path := a.cfg.Path(dbFile)
	_, err = os.Stat(path)
	key, err := secret(a.cfg.Data, err == nil)
	if err != nil {
		return err
	}
	if a.tokenKey, err = hkdf.Key(sha256.New, key, nil, "refrain page token v1", sha256.Size); err != nil {
		return fmt.Errorf("derive the key of page tokens: %w", err)
	}
	keys, err := freeze.NewKeys(key)
	if err != nil {
		return err
	}
	a.db, err = store.Open(ctx, path, store.Options{
		Keys: keys, Standing: a.standing, Allowed: a.table.ApplyAllow, Denied: a.table.Deny, Timeline: a.rules.Timeline,
		Changed: a.watchers.Changed, Now: a.now,
		Enqueue: func(ctx context.Context, tx store.Tx, r recording.Recording) error {
			return a.runner.Enqueue(ctx, tx, r)
		},
	})
	if err != nil {
		return err
	}
	a.onClose(a.db.Close)
	if a.blobs, err = blob.Open(a.cfg.Path(audioDir)); err != nil {
		return err
	}
	removed, err := a.blobs.Sweep(ctx, a.db.KnownRecordings)
	if removed > 0 {
		a.log.WarnContext(ctx, "removed audio that belongs to no recording", "files", removed)
	}
	return err
}

// standing hears of freezes that were changed.
func (a *App) standing(freezes ...freeze.Freeze) {
	for _, f := range freezes {
		known, over := a.table.Knows(f)
		switch { // a repeated request tells of the same again
		case f.Release != nil && !over:
			a.metrics.Released(f.Release.Cause)
		case f.Release == nil && !known:
			a.metrics.Opened(f)
		default:
			continue
		}
		a.logRuled(f)
	}
	a.table.Apply(freezes...)
}

// logRuled notes what rules did; what people do is noted where they do it.
func (a *App) logRuled(f freeze.Freeze) {
	ctx := context.Background() // it is nobody's request: many share a transaction
	switch {
	case f.Rule == "":
	case f.Release == nil:
		a.log.InfoContext(ctx, "a rule froze a number", "number", f.Number, "rule", f.Rule, "version", f.RuleVersion,
			"calls", f.Evidence.Calls, "freeze", "freezes/"+string(f.ID))
	case f.Release.Cause == freeze.Corrected:
		a.log.InfoContext(ctx, "a rule's freeze was released, because its calls do not say so any more", "number", f.Number, "rule", f.Rule,
			"freeze", "freezes/"+string(f.ID))
	}
}

// openRules finds out which rules are in force.
func (a *App) openRules(ctx context.Context) error {
	if err := a.rules.open(ctx, a.db, a.cfg); err != nil {
		return err
	}
	a.rules.changed = a.loadDenials
	a.tally = metrics.NewTally(func() *time.Location { return a.rules.Timeline().At(a.now()).Zone })
	return nil
}

func (a *App) openJobs(ctx context.Context) error {
	var err error
	a.runner, err = jobs.New(ctx, jobs.Config{
		DB: a.db.Writer(), Store: a.db, Hear: a.hear, Judge: a.lexicons.transcript,
		Finish: func(ctx context.Context, r jobs.Result, complete func(context.Context, store.Tx) error) error {
			return a.db.FinishRecording(ctx, store.Result(r), complete)
		},
		// One more than can be heard at once: while it waits it reads its audio.
		Workers: a.cfg.States() + 1, Grace: a.cfg.ShutdownGrace,
		Logger: a.log, RiverLogger: slog.New(atLeast(slog.LevelWarn, a.log.Handler())).WithGroup("jobs"),
	})
	if err != nil {
		return err
	}
	interrupted, err := a.db.Interrupted(ctx)
	if err != nil {
		return err
	}
	if len(interrupted) > 0 {
		a.log.WarnContext(ctx, "taking back jobs that were running when the server stopped", "jobs", len(interrupted))
	}
	if err := a.runner.TakeBack(ctx, interrupted); err != nil {
		return err
	}
	return a.retryUnheard(ctx)
}

// retryUnheard takes up the recordings that were parked because the model could not
// be used, now that it can: that was none of their fault.
func (a *App) retryUnheard(ctx context.Context) error {
	if a.speech.running() == nil {
		return nil
	}
	ids, err := a.db.ParkedFor(ctx, recording.SpeechFailed)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := a.db.Requeue(ctx, id); err != nil {
			return err
		}
	}
	if len(ids) > 0 {
		a.log.InfoContext(ctx, "taking up recordings that an unusable model had left unheard", "recordings", len(ids))
	}
	return nil
}

func (a *App) loadGate(ctx context.Context) error {
	now := a.now()
	err := a.db.Standing(ctx, now, func(f freeze.Freeze) error { a.table.Apply(f); return nil })
	if err != nil {
		return err
	}
	err = a.db.StandingAllows(ctx, now, func(x freeze.Allow) error { a.table.ApplyAllow(x); return nil })
	if err != nil {
		return err
	}
	return a.loadDenials(ctx)
}

func (a *App) listen(ctx context.Context) error {
	var lc net.ListenConfig
	var err error
	if a.grpcListener, err = lc.Listen(ctx, "tcp", a.cfg.GRPC.Address); err != nil {
		return fmt.Errorf("listen for gRPC: %w; is another server running? --grpc takes another address", err)
	}
	a.onClose(ignoreClosed(a.grpcListener.Close))
	if a.httpListener, err = lc.Listen(ctx, "tcp", a.cfg.HTTP.Address); err != nil {
		return fmt.Errorf("listen for HTTP: %w; is another server running? --http takes another address", err)
	}
	a.onClose(ignoreClosed(a.httpListener.Close))
	if err := a.buildAPI(); err != nil {
		return err
	}
	handler, err := httpapi.Handler(ctx, a.bridge, a.metrics.Handler(), a.ready)
	if err != nil {
		return err
	}
	a.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	return nil
}

func (a *App) buildAPI() error {
	codes, err := a.cfg.Calls.Translator()
	if err != nil {
		return err
	}
	a.grpc, a.health = grpcapi.New(grpcapi.Deps{
		Store:  a.db,
		Intake: &recording.Intake{Store: a.db, Blobs: a.blobs, Defaults: a.cfg.Defaults(), Now: a.now},
		Review: &review.Service{Store: a.db, Periods: a.lexicons.period, Lease: a.cfg.Review.Lease, Now: a.now},
		Gate:   gate.New(a.table, a.db, a.rules.Timeline), Lexicons: a.lexicons, Watchers: &a.watchers, Region: a.cfg.Intake.Region,
		Rules: &a.rules, Codes: codes, Metrics: a.metrics, Tally: a.tally, Flush: a.flushTally, Reveal: a.cfg.Privacy.Reveal,
		CostPerCall: a.cfg.Report.CostPerCall, TokenKey: a.tokenKey, Stopping: a.stopping, Now: a.now, Logger: a.log,
	})
	if a.bridge, err = httpapi.NewBridge(); err != nil {
		return err
	}
	a.onClose(a.bridge.Close)
	return nil
}

// GRPCAddr and HTTPAddr are where the server listens, with the port it got.
func (a *App) GRPCAddr() string { return a.grpcListener.Addr().String() }

// HTTPAddr is where the server listens for HTTP.
func (a *App) HTTPAddr() string { return a.httpListener.Addr().String() }

// ready is nil once calls are served, until the server stops.
func (a *App) ready() error {
	select {
	case <-a.stopping:
		return errors.New("stopping")
	default:
		return nil
	}
}

func ignoreClosed(f func() error) func() error {
	return func() error {
		if err := f(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
