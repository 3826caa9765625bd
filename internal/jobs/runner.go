package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// Config wires the jobs to what they work on. All of it is required, but Files, which read
// WAV only where they are zero, Second, without which nothing is heard twice, AgentTrack, without
// which no agent is heard, and Engine, without which others hear what is queued.
type Config struct {
	// DB is the pool that writes; with SQLite it has exactly one connection.
	DB *sql.DB
	// Guest hears beside servers, who look after the queue and its tables.
	Guest bool
	// Listener takes what PostgreSQL says, in the same database; nil with SQLite.
	Listener   *pgxpool.Pool
	Recordings Recordings
	Results    Results
	Audio      Audio
	// Files reads the audio.
	Files  audio.Files
	Engine asr.Engine
	// Second gives what says which utterances are heard again, nil for none; see asr.Second.
	Second func() asr.Second
	// AgentTrack is how much of the agents' tracks is heard.
	AgentTrack keywords.AgentTrack
	Judge      Judge
	// Judged is told of each recording once its result is stored. It must be quick.
	Judged func(r recording.Recording, by keywords.Answerer)
	// Heard is told how long a recording is that was heard, and how long that took; nil for nobody.
	Heard func(audio, took time.Duration)
	// Workers is how many recordings are worked on at once, and Short how many short ones, where
	// those are more.
	Workers, Short int
	// Mixer says whose windows go first, and may let recordings share them; nil for windows of
	// their own that go when they come.
	Mixer *asr.Mixer
	// Grace is how long running attempts may take to finish at a stop, before they are
	// handed back.
	Grace time.Duration
	// Now is the clock by which the log tells how long hearing took.
	Now    func() time.Time
	Logger *slog.Logger
}

// wakeUps is how many are heeded at once; each takes a moment.
const wakeUps = 50

// Runner wakes recordings and works on them.
type Runner struct {
	client *river.Client[*sql.Tx]
	// wakes tells that it looks after the queue, hears that it works on recordings.
	wakes, hears bool
	recordings   Recordings
	worker       *worker
	log          *quietLog
}

// New prepares the queue's tables. Recordings can be enqueued from then on; they are
// worked on from Run on.
func New(ctx context.Context, c Config) (*Runner, error) {
	driver := driverFor(c)
	quiet := newQuietLog(c.Logger.Handler())
	logger := slog.New(quiet).WithGroup("jobs")
	w := newWorker(c)
	settings := &river.Config{Logger: logger}
	if !c.Guest {
		if err := migrate(ctx, c, logger); err != nil {
			return nil, err
		}
		settings = waking(w, logger)
	}
	client, err := river.NewClient(driver, settings)
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	return &Runner{client: client, wakes: !c.Guest, hears: c.Engine != nil, recordings: c.Recordings, worker: w, log: quiet}, nil
}

// waking is how the queue is looked after.
func waking(w *worker, logger *slog.Logger) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	return &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: wakeUps}},
		Workers: workers,
		Logger:  logger,
		// They are the owner's, whom servers are not; autovacuum keeps a queue of this kind small.
		ReindexerIndexNames: []string{},
		FetchCooldown:       50 * time.Millisecond,
		FetchPollInterval:   time.Second,
		SoftStopTimeout:     time.Second, // a wake-up takes no time
	}
}

// driverFor is the queue's driver for the database that the rows are in.
func driverFor(c Config) riverdriver.Driver[*sql.Tx] {
	if c.Listener != nil {
		return riverdatabasesql.NewWithPgxListener(c.DB, c.Listener)
	}
	return riversqlite.New(c.DB)
}

// Enqueue has a queued recording worked on once its pause is over. To be called in the
// transaction that queues it.
func (r *Runner) Enqueue(ctx context.Context, tx *sql.Tx, rec recording.Recording) error {
	w := wakeUpFor(rec)
	_, err := r.client.InsertTx(ctx, tx, w.Args, w.InsertOpts)
	return err
}

// Look has it found out at once whether something is due, for whoever knows that a recording
// has changed: River tells of it some time later. It never waits.
func (r *Runner) Look() { r.worker.look() }

// Run works until ctx ends. Running attempts then get the grace period to finish; what
// remains is handed back, as if it had not begun.
func (r *Runner) Run(ctx context.Context) error {
	// What River can't tidy up at its stop is of no concern: the next start does without.
	defer context.AfterFunc(ctx, r.log.mute)()
	defer context.AfterFunc(ctx, func() { close(r.worker.stopping) })()
	if r.wakes {
		if err := r.client.Start(ctx); err != nil {
			return fmt.Errorf("start the jobs: %w", err)
		}
		defer func() { <-r.client.Stopped() }()
	}
	if r.hears {
		r.worker.run(ctx)
	}
	<-ctx.Done()
	return nil
}
