package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/oklog/run"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/httpapi"
	"github.com/refrain-asr/refrain/internal/jobs"
	"github.com/refrain-asr/refrain/internal/limit"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Worker hears recordings for servers elsewhere: it finds them in PostgreSQL and their audio in the bucket, hands over
// what it heard, and keeps nothing. Everything is open and listening, and works once Run is called.
type Worker struct {
	*App // of which the database, the gate and the API are not opened

	db     *store.Worker
	counts *metrics.Worker
	// unwanted tells that servers want workers of another model or version.
	unwanted atomic.Bool
}

// lexiconEvery is how often a worker looks for another lexicon, and whether it is wanted.
const lexiconEvery = 2 * time.Second

// OpenWorker opens a worker, and listens. Nothing is heard yet. On an error everything is closed again.
func OpenWorker(ctx context.Context, cfg config.Config, o Options) (*Worker, error) {
	cfg = cfg.ForWorker()
	if err := cfg.ValidateWorker(); err != nil {
		return nil, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	w := &Worker{App: unopened(cfg, o)}
	w.counts = metrics.NewWorker(w.waiting, func() bool { return !w.unwanted.Load() })
	for _, step := range []func(context.Context) error{w.openLimits, w.openCerts, w.checkModel, w.openHearing, w.openState,
		w.openBlobs, w.openRunner, w.listen} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	return w, nil
}

// openHearing starts the speech engine, without which a worker is of no use.
func (w *Worker) openHearing(ctx context.Context) error {
	if err := w.openSpeech(ctx); err != nil {
		return err
	}
	if w.heardWith != (store.Hears{}) {
		return nil
	}
	if !w.hears {
		return errors.New("the model can't be loaded (see above), so that this worker hears nothing")
	}
	w.heardWith = store.Hears{Version: w.version, Model: w.modelName} // its server is away, and may come back
	return nil
}

// openState opens the database.
func (w *Worker) openState(ctx context.Context) error {
	url, err := w.cfg.Database.Connection(ctx)
	if err != nil {
		return err
	}
	w.db, err = store.OpenWorker(ctx, url, store.WorkerOptions{Hears: w.heardWith, Now: w.now,
		Enqueue: func(ctx context.Context, tx store.Tx, r recording.Recording) error {
			return w.runner.Enqueue(ctx, tx, r)
		}})
	if err != nil {
		return err
	}
	w.onClose(w.db.Close)
	w.lexicons, err = keywords.OpenLexicons(ctx, w.db.Lexicons, keywords.LexiconsOptions{
		Judging: keywords.Options{Threshold: w.cfg.Judging.Threshold}, Now: w.now})
	w.lookWhetherWanted(ctx)
	return err
}

// openBlobs opens the bucket, to read it. One that can't be reached stops no start.
func (w *Worker) openBlobs(ctx context.Context) error {
	temp, err := os.MkdirTemp("", "refrain-worker-")
	if err != nil {
		return fmt.Errorf("make a directory for audio on its way: %w", err)
	}
	w.onClose(func() error { return os.RemoveAll(temp) })
	o := s3.Options{Temp: temp, ReadOnly: true, Now: w.now, Logger: w.log}
	if err := bucketOptions(w.cfg.Audio.S3, &o); err != nil {
		return err
	}
	b, err := s3.Open(o)
	if err != nil {
		return err
	}
	w.onClose(b.Close)
	w.bucket, w.blobs = &keptBucket{Bucket: b}, b
	if err := w.encryptAudio(ctx); err != nil {
		return err
	}
	for _, path := range w.cfg.Intake.Archives {
		if err := b.Archive(path); err != nil {
			return err
		}
	}
	if w.files, err = w.cfg.Audio.Files(temp); err != nil {
		return err
	}
	err = w.bind(ctx)
	if _, foreign := errors.AsType[*s3.ForeignError](err); foreign {
		return err
	}
	return nil
}

// bind finds out whether the bucket is the installation's.
func (w *Worker) bind(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bindFor)
	defer cancel()
	id, err := w.db.Directory(ctx)
	if err == nil {
		_, err = w.bucket.Bind(ctx, s3.Claim{Directory: id, Known: true})
	}
	if err != nil {
		w.bucket.Fail(err)
		if w.told.again("bucket", w.now()) {
			w.log.ErrorContext(ctx, "the bucket that keeps audio can't be used; nothing is heard until it can", "bucket",
				w.bucket.String(), "error", err)
		}
	}
	return err
}

// openRunner readies what hears.
func (w *Worker) openRunner(ctx context.Context) (err error) {
	short, long := w.cfg.Speech.Recordings(w.cfg.States(), w.packs)
	w.runner, err = jobs.New(ctx, jobs.Config{
		DB: w.db.Writer(), Guest: true, Listener: w.db.Listener(), Recordings: w.db.Recordings, Results: w.db,
		Audio: w.blobs, Files: w.files, Engine: w.engine, Mixer: w.mixer(), Second: w.second,
		AgentTrack: w.cfg.Speech.AgentTrack, Judge: w.listenTo,
		Judged: func(recording.Recording, keywords.Answerer) { w.counts.HandedOver() }, Heard: w.counts.Heard,
		Workers: long, Short: short, Grace: w.cfg.ShutdownGrace, Now: w.now, Logger: w.log,
	})
	return err
}

// listenTo says what the lexicon in force finds, by which it is known how much of the agent is to be heard. The
// verdict itself is a server's to find.
func (w *Worker) listenTo(r recording.Recording, customer, agent asr.Transcript) (keywords.Verdict, *review.Suspect) {
	return w.lexicons.Active().Call(customer, agent, r.AnswerOffset), nil
}

// listen listens for whoever watches over it.
func (w *Worker) listen(ctx context.Context) error {
	l, err := bind(ctx, "HTTP", "--http", w.cfg.HTTP.Address)
	if err != nil {
		return err
	}
	w.httpListener = limit.Listen(l, w.limits.Connections, func() {})
	w.onClose(ignoreClosed(l.Close))
	w.http = w.newHTTP(httpapi.WorkerHandler(httpapi.Parts{Metrics: w.counts.Handler(), AnswersTo: w.answersTo,
		Readiness: httpapi.Readiness{Ready: func(string) error { return w.unready() }, Notes: func(string) []string { return w.certNotes() }},
		Limits:    httpapi.Limits{Idle: w.limits.Idle}}))
	return nil
}

// Run hears until ctx ends. What it is at then it may end within the grace period; the rest it hands back.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g run.Group
	w.addHTTP(&g, w.http, w.httpListener)
	hearing, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return w.runner.Run(hearing) }, func(error) { stop() })
	g.Add(func() error { return w.lookAfter(hearing) }, func(error) { stop() })
	g.Add(func() error { <-ctx.Done(); w.stopOnce(); return nil }, func(error) { cancel() })
	w.log.InfoContext(ctx, "the worker is hearing", "http", w.HTTPAddr(), "database", w.cfg.Database.String(), "bucket",
		w.bucket.String(), "is", w.heardWith.String())
	err := g.Run()
	w.stopOnce()
	err = errors.Join(err, w.Close())
	if err == nil { // else whoever called tells
		w.log.InfoContext(context.WithoutCancel(ctx), "the worker has stopped")
	}
	return err
}

func (w *Worker) stopOnce() { w.announced.Do(func() { close(w.stopping) }) }

// lookAfter does what has to be done now and then, until ctx ends.
func (w *Worker) lookAfter(ctx context.Context) error {
	look, stopLook := w.every(lexiconEvery)
	defer stopLook()
	audio, stopAudio := w.every(bucketEvery)
	defer stopAudio()
	failed := w.blobs.Ready() != nil
	for {
		select {
		case <-w.db.News():
			w.runner.Look()
		case <-look:
			if err := w.lexicons.Reload(ctx); err != nil && ctx.Err() == nil && w.told.again("lexicon", w.now()) {
				w.log.ErrorContext(ctx, "the lexicon in force could not be read; that of before goes on", "error", err)
			}
			w.lookWhetherWanted(ctx)
		case <-audio:
			if !w.bucket.Bound() {
				_ = w.bind(ctx) // it tells
			}
			w.bucket.Look(ctx)
			failed = w.tellBucket(ctx, failed)
		case <-ctx.Done():
			return nil
		}
	}
}

// lookWhetherWanted tells when servers want workers of another model or version, and when no longer.
func (w *Worker) lookWhetherWanted(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queuePatience)
	defer cancel()
	err := w.db.Wanted(ctx)
	unwanted := fault.ReasonOf(err) == store.NotWantedReason
	if err != nil && !unwanted || w.unwanted.Swap(unwanted) == unwanted { // it can't be told, or is as before
		return
	}
	if unwanted {
		w.log.WarnContext(ctx, "this worker takes nothing", "error", err)
		return
	}
	w.log.InfoContext(ctx, "the servers want such a worker again")
	w.runner.Look()
}

// unready is why the worker hears nothing, nil where it does.
func (w *Worker) unready() error {
	select {
	case <-w.stopping:
		return errors.New("stopping")
	default:
	}
	if w.unwanted.Load() {
		return errors.New("the servers want workers of another model or version; the log says which")
	}
	return errors.Join(w.db.Present(), w.blobs.Ready())
}

// waiting is what waits, for the metrics.
func (w *Worker) waiting() (recording.Queue, time.Time, bool) { return w.queueIn(w.db.Recordings) }
