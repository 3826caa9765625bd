package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

const (
	// NotWantedReason is that of a worker of another program or model than the servers want.
	NotWantedReason = "WORKER_NOT_WANTED"
	// OtherTablesReason is that of a worker whose program is older or newer than the tables.
	OtherTablesReason = "OTHER_TABLES"
)

// WorkerOptions wire a worker's database to its surroundings. All are required.
type WorkerOptions struct {
	// Hears is what the worker is; it takes nothing while servers want another.
	Hears Hears
	// Enqueue is Options.Enqueue.
	Enqueue func(ctx context.Context, tx Tx, r recording.Recording) error
	Now     func() time.Time
}

// Worker is the database as a worker has it, which hears recordings and leaves all else to servers: it takes those
// that are due, tells what became of its attempts, and hands over what it heard. The tables are its owner's, and
// what it may read of them tells neither numbers nor who called (roles.sql). A worker is present as servers are,
// and what it was at when it is gone the leader takes back.
type Worker struct {
	*engine

	Recordings *Recordings
	Lexicons   *Lexicons
	hears      Hears
}

// OpenWorker opens the database of PostgreSQL at a URL for a worker, and takes a place beside the servers.
// OTHER_TABLES where its tables are those of another version.
func OpenWorker(ctx context.Context, url string, o WorkerOptions) (*Worker, error) {
	cfg, err := parsePostgres(url)
	if err != nil {
		return nil, err
	}
	e := newEngine(postgresDialect, Options{Enqueue: o.Enqueue, Now: o.Now})
	w := &Worker{engine: e, Recordings: newRecordings(e), Lexicons: &Lexicons{e}, hears: o.Hears}
	w.Recordings.columns, w.Recordings.may = blindColumns, w.wantedNow
	if err := w.open(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s at %s: %w", cfg.Database, cfg.Host, err), e.Close())
	}
	return w, nil
}

func (w *Worker) open(ctx context.Context, cfg *pgx.ConnConfig) error {
	e := w.engine
	e.here.joined, e.here.hears = true, true
	e.connect(cfg)
	if err := fits(ctx, e.w); err != nil {
		return err
	}
	if err := e.unmoved(ctx); err != nil {
		return err
	}
	if err := e.ofThisVersion(ctx); err != nil {
		return err
	}
	e.openReaders(cfg)
	if err := e.openListener(ctx, cfg); err != nil {
		return err
	}
	o := &e.others
	o.cfg, o.wake = cfg, make(chan struct{}, 1)
	o.running, o.stop = context.WithCancel(context.WithoutCancel(ctx))
	o.done.Go(func() { e.listen(o.running, cfg.Copy()) })
	return e.begin(ctx, false)
}

// ofThisVersion refuses tables of another version.
func (e *engine) ofThisVersion(ctx context.Context) error {
	is, err := e.schemaOf(ctx)
	if err != nil {
		return fmt.Errorf("look up the tables' version: %w", err)
	}
	mine, err := e.d.newest()
	if err != nil || is == mine {
		return err
	}
	f := &fault.Error{Kind: fault.Precondition, Reason: OtherTablesReason, Message: fmt.Sprintf("its tables have version %d, and "+
		"this worker's program goes by version %d: run the version of the program that the servers run", is, mine)}
	if is == 0 {
		f.Message = "it has no tables yet: start a server with it first, or run 'refrain migrate tables'"
	}
	return f
}

// News is told whenever somebody committed changes.
func (w *Worker) News() <-chan struct{} { return w.others.wake }

// Directory is the id of the installation, which its bucket tells, too.
func (w *Worker) Directory(ctx context.Context) (id string, err error) {
	err = w.r.QueryRowContext(ctx, `SELECT id FROM directory`).Scan(&id)
	return id, wrap("read whose the database is", err)
}

// Wanted is nil where the servers want such a worker, and else WORKER_NOT_WANTED.
func (w *Worker) Wanted(ctx context.Context) error { return w.wantedNow(ctx, w.r) }

func (w *Worker) wantedNow(ctx context.Context, q querier) error {
	h, err := wanted(ctx, q)
	if err != nil || h == w.hears {
		return err
	}
	f := &fault.Error{Op: "recording.Begin", Kind: fault.NotFound, Reason: NotWantedReason, Message: fmt.Sprintf("the servers "+
		"want workers of %v, and this one is of %v: it takes nothing until they agree", h, w.hears)}
	if h == (Hears{}) {
		f.Message = "no server has said yet of which model and version workers are to be: start one"
	}
	return f
}

// Present is nil while the worker has its place beside the servers, and else SERVER_ABSENT.
func (w *Worker) Present() error {
	_, err := w.holder()
	return err
}

// Finish hands over what was heard, for a server to judge. Verdict and suspect are that server's to find.
// Precondition ATTEMPT_TAKEN where the recording was taken from this worker.
func (w *Worker) Finish(
	ctx context.Context, id recording.ID, heard []asr.Transcript, _ keywords.Verdict, _ *review.Suspect, _ recording.Defects,
) error {
	return w.write(ctx, func(ctx context.Context, t *writeTx) error {
		r, err := readColumns(ctx, t, blindColumns, id)
		if err != nil {
			return err
		}
		return t.handOver(ctx, r, heard)
	})
}
