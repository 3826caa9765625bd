package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/refrain-asr/refrain/recording"
)

// Config wires the jobs to what they work on.
type Config struct {
	// DB is the pool that writes; with SQLite it has exactly one connection.
	DB     *sql.DB
	Store  Store
	Finish Finish
	Hear   Hear
	Judge  Judge
	// Workers is how many recordings are worked on at once.
	Workers int
	// Grace is how long running jobs may take to finish at a stop, before they are
	// handed back.
	Grace  time.Duration
	Logger *slog.Logger
	// RiverLogger hears of River's own doings.
	RiverLogger *slog.Logger
}

// Runner runs jobs.
type Runner struct {
	client *river.Client[*sql.Tx]
	store  Store
	db     *sql.DB
}

// New prepares the queue's tables. Jobs can be enqueued from then on; they run from
// Start on.
func New(ctx context.Context, c Config) (*Runner, error) {
	driver := riversqlite.New(c.DB)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: c.RiverLogger})
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &transcriber{store: c.Store, finish: c.Finish, hear: c.Hear, judge: c.Judge, log: c.Logger,
		complete: func(ctx context.Context, tx *sql.Tx, job *river.Job[TranscribeArgs]) error {
			_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job)
			return err
		}})
	client, err := river.NewClient(driver, &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: c.Workers}},
		Workers:           workers,
		Logger:            c.RiverLogger,
		JobTimeout:        -1, // each job has its own
		FetchCooldown:     50 * time.Millisecond,
		FetchPollInterval: time.Second,
		SoftStopTimeout:   max(c.Grace, time.Millisecond), // 0 would wait without end
		// Only one server ever works on this database, and it takes back at its start
		// what a crash left running. A rescue would run living jobs twice.
		RescueStuckJobsAfter: 365 * 24 * time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	return &Runner{client: client, store: c.Store, db: c.DB}, nil
}

// Enqueue adds the job for a recording in the transaction that adds the recording.
func (r *Runner) Enqueue(ctx context.Context, tx *sql.Tx, rec recording.Recording) error {
	_, err := r.client.InsertTx(ctx, tx, TranscribeArgs{RecordingID: rec.ID, Audio: rec.Audio.Duration()}, nil)
	return err
}

// TakeBack returns to the queue every job that a crashed server left running, and
// counts the attempt on the recordings given: those that were running then. To be
// called before Start by the one process that owns the database.
func (r *Runner) TakeBack(ctx context.Context, interrupted []recording.Recording) error {
	for _, rec := range interrupted {
		p := recording.Problem{Reason: recording.ServerStopped, Message: "the server stopped in the middle of the attempt"}
		if _, err := r.store.FailAttempt(ctx, rec.ID, p, false); err != nil {
			return err
		}
	}
	_, err := r.db.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running'`)
	if err != nil {
		return fmt.Errorf("take interrupted jobs back: %w", err)
	}
	return nil
}

// Run works jobs off until ctx ends. Running jobs then get the grace period to
// finish; what remains is handed back to the queue.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	<-r.client.Stopped()
	return nil
}
