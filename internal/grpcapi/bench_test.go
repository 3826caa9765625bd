package grpcapi

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/follow"
	"github.com/refrain-asr/refrain/internal/limit"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// bench is the API over a real store and real files, without jobs and without an app.
type bench struct {
	*apitest.Clients
	cfg    config.Config // what of it the API goes by
	now    func() time.Time
	logger *slog.Logger
	queue  int               // recordings that were queued
	calls  func(Calls) Calls // what takes the place of the calls, nil for nothing

	listener  *bufconn.Listener
	db        *store.DB
	keys      freeze.Keys
	table     *gate.Table
	watch     Watchers
	reviewing ReviewWatchers
	metrics   *metrics.Metrics
	tally     *figures.Tally
	rules     *calls.Rules
	lexicons  *keywords.Lexicons
	reports   *calls.Service
	blobs     *blob.Dir
	uploads   *limit.Places
	closers   []func()
}

// goBy has a bench go by a clock.
func goBy(c *apitest.Clock) func(*bench) { return func(b *bench) { b.now = c.Now } }

// logTo has a bench write into a log.
func logTo(l *apitest.Logbook) func(*bench) { return func(b *bench) { b.logger = l.Logger() } }

// newBench serves until the test ends.
func newBench(tb testing.TB, edit ...func(*bench)) *bench {
	tb.Helper()
	b := &bench{cfg: config.Default(), now: time.Now, logger: slog.New(slog.DiscardHandler),
		uploads: limit.NewPlaces(100, time.Now)}
	b.cfg.Data = tb.TempDir()
	empty, err := emptyDatabase()
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(b.database(), empty, 0o600))
	b.cfg.Intake.CustomerChannel = audio.Right
	for _, f := range edit {
		f(b)
	}
	tb.Cleanup(b.stop)
	b.start(tb)
	return b
}

// emptyDatabase is the file of a database without rows: to migrate one takes a second under
// the race detector, to copy it none.
var emptyDatabase = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "empty.db")
	db, err := (&bench{now: time.Now}).openDatabase(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func (b *bench) database() string { return b.cfg.Path("refrain.db") }

// stop closes everything. What is in the directory stays.
func (b *bench) stop() {
	for _, undo := range slices.Backward(b.closers) {
		undo()
	}
	b.closers = nil
}

// restart starts anew from what is in the directory.
func (b *bench) restart(tb testing.TB) {
	tb.Helper()
	b.stop()
	b.start(tb)
}

func (b *bench) start(tb testing.TB) {
	tb.Helper()
	b.openStore(tb)
	b.openServices(tb)
	b.serve(tb)
	b.Clients = b.dial(tb)
}

func (b *bench) openDatabase(ctx context.Context, path string) (*store.DB, error) {
	var err error
	b.keys, err = freeze.NewKeys(bytes.Repeat([]byte{7}, freeze.SecretSize))
	if err != nil {
		return nil, err
	}
	enqueue := func(context.Context, *sql.Tx, recording.Recording) error { b.queue++; return nil }
	return store.Open(ctx, path, store.Options{Keys: b.keys, Now: b.now, Enqueue: enqueue})
}

func (b *bench) openStore(tb testing.TB) {
	tb.Helper()
	var err error
	b.db, err = b.openDatabase(tb.Context(), b.database())
	require.NoError(tb, err)
	b.closers = append(b.closers, func() { require.NoError(tb, b.db.Close()) })
	b.blobs, err = blob.Open(b.cfg.Path("audio"))
	require.NoError(tb, err)
}

// openServices opens what is more than its fields, and keeps it up to date.
func (b *bench) openServices(tb testing.TB) {
	tb.Helper()
	ctx, db := tb.Context(), b.db
	fixed, err := b.cfg.RuleSet()
	require.NoError(tb, err)
	b.rules, err = calls.OpenRules(ctx, db.Rules, fixed)
	require.NoError(tb, err)
	b.lexicons, err = keywords.OpenLexicons(ctx, db.Lexicons, keywords.LexiconsOptions{Now: b.now})
	require.NoError(tb, err)
	b.reports = calls.NewService(db.Calls, b.keys, b.rules.Timeline, b.now)
	b.closers = append(b.closers, b.reports.Close)
	b.table, b.tally = gate.NewTable(), figures.NewTally(b.zone)
	b.metrics = metrics.New(func() map[freeze.Reason]int { return b.table.Active(b.now()) },
		new(recording.Alarms).Standing)
	follower := &follow.Follower{
		Table: b.table, Rules: b.rules, Metrics: b.metrics, Freezes: db.Freezes, Calls: db.Calls,
		Watched: b.watch.Changed, Reviewed: b.reviewing.Changed, Now: b.now, Logger: b.logger,
	}
	db.Follow(follower.Follow)
	b.reports.Activated = follower.Reload
	require.NoError(tb, b.rules.Start(ctx, b.reports))
	require.NoError(tb, follower.Load(ctx))
}

func (b *bench) zone() *time.Location { return b.rules.Timeline().At(b.now()).Zone }

// deps are all parts of the API.
func (b *bench) deps(tb testing.TB) Deps {
	tb.Helper()
	db, now := b.db, b.now
	codes, err := b.cfg.Calls.Translator()
	require.NoError(tb, err)
	read := Calls(db.Calls)
	if b.calls != nil {
		read = b.calls(read)
	}
	return Deps{
		Intake: &recording.Intake{
			Store: db.Recordings, Blobs: b.blobs, Defaults: b.cfg.Defaults(), Now: now,
		},
		Review: &review.Service{
			Store: db.Suspects, Periods: b.lexicons.Period, Keys: b.keys, Lease: time.Minute,
			Now: now, Virtual: b.cfg.Plan().IsVirtual,
		},
		Freeze: &freeze.Service{Store: db.Freezes, Keys: b.keys, Now: now,
			Virtual: b.cfg.Plan().IsVirtual},
		Call: b.reports, Gate: b.gate(), Rules: b.rules, Lexicons: b.lexicons,
		Report: &figures.Service{
			Store: db.Figures, Detailed: db.Figures, Flush: b.flush, Zone: b.zone, CostPerCall: b.cfg.Report.CostPerCall,
		},
		Recordings: db.Recordings, Transcripts: db.Transcripts, Suspects: db.Suspects,
		Freezes: db.Freezes, Ledger: db.Freezes, Calls: read, Codes: codes, Metrics: b.metrics,
		Queue: db.Recordings, OpenSuspects: db.Suspects, Parked: db.Recordings,
		Server: Server{Version: "1.2.3", Model: "m", Started: now().Add(-time.Minute), Pace: &Pace{},
			Disk: func(context.Context) (Disk, error) { return Disk{Free: 40}, nil }},
		Watchers: &b.watch, ReviewWatchers: &b.reviewing, Earlier: db.Calls, Numbers: b.cfg.Plan(),
		Memory: limit.NewMemory(64 << 20), Uploads: b.uploads, UploadIdle: b.cfg.Limits.Idle,
		Guard: b.guard(tb), Keys: &access.Service{Store: db.Access, Now: now}, KeyList: db.Access,
		Audit: db.Audit, Conversations: db.Conversations, Finder: db.Conversations, Audio: b.blobs,
		TokenKey: []byte("key"), Now: now, Logger: b.logger,
	}
}

// guard knows the keys that are there, and those that will be.
func (b *bench) guard(tb testing.TB) *access.Guard {
	tb.Helper()
	g := access.NewGuard(b.db.Access, b.db.Access, b.db.Audit, b.now, func(err error) { tb.Error(err) })
	g.Revealing = b.cfg.Privacy.Reveal
	require.NoError(tb, g.Load(tb.Context()))
	b.db.Follow(func(changes []feed.Change) error {
		if !slices.ContainsFunc(changes, func(c feed.Change) bool { return c.Kind == feed.Access }) {
			return nil
		}
		return g.Load(context.Background())
	})
	return g
}

func (b *bench) gate() *gate.Service {
	type callReader = calls.Reader
	history := struct {
		freeze.Reader
		callReader
	}{b.db.Freezes, b.db.Calls}
	counts := struct {
		*metrics.Metrics
		*figures.Tally
	}{b.metrics, b.tally}
	return gate.NewService(gate.New(b.table, history, b.rules.Timeline), counts, b.now)
}

// flush keeps what the gate's answers were counted to.
func (b *bench) flush(ctx context.Context) error {
	return b.db.Figures.AddGateCounts(ctx, b.tally.Take())
}

func (b *bench) serve(tb testing.TB) {
	tb.Helper()
	s, _ := New(b.deps(tb))
	b.listener = bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(b.listener) }()
	b.closers = append(b.closers, func() { s.Stop(); <-served })
}

// dial connects until the test ends.
func (b *bench) dial(tb testing.TB) *apitest.Clients {
	tb.Helper()
	l := b.listener
	return apitest.Dial(tb, "passthrough:///bench", grpc.WithContextDialer(
		func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
}
