package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/follow"
	"github.com/refrain-asr/refrain/internal/grpcapi"
	"github.com/refrain-asr/refrain/internal/httpapi"
	"github.com/refrain-asr/refrain/internal/jobs"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/retention"
	"github.com/refrain-asr/refrain/review"
)

// Options are what a program or test sets that an operator can't.
type Options struct {
	// Logger is required.
	Logger *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Elapsed goes on evenly whatever is done to the clock; nil for the machine's own.
	Elapsed func() time.Duration
	// Every gives a tick for each stretch of time, and what stops them; nil for real ones.
	Every func(time.Duration) (ticks <-chan time.Time, stop func())
	// Version is what the program calls itself.
	Version string
	// Executable is the program to run speech in, which must call
	// whisper.ExitIfChild; "" for this one.
	Executable string
	// Through puts something between the server and its speech engine; nil for nothing.
	Through func(asr.Engine) asr.Engine
	// SpaceOf asks for the space on a directory's disk; nil for the file system.
	SpaceOf func(dir string) (disk.Space, error)
}

// App is a server: everything is open and listening, and works once Run is called.
type App struct {
	cfg     config.Config
	log     *slog.Logger
	now     func() time.Time
	exec    string
	through func(asr.Engine) asr.Engine
	// version is Options.Version, modelName that of what hears.
	version, modelName string
	// every is Options.Every.
	every func(time.Duration) (<-chan time.Time, func())
	clock *clockWatch

	// tokenKey signs page tokens; it lives as long as the generation of the ledger's key.
	tokenKey        []byte
	formerTokenKeys [][]byte
	db              *store.DB
	// meant is what is wrong with the data directory and accepted.
	meant []datadir.Finding
	// notebook keeps the ledger's head beside the database; headFails tells that it can't.
	notebook  *datadir.Notebook
	headFails atomic.Bool
	// gone tells that the database was taken away, and damaged that not all of it can be read.
	gone, damaged atomic.Bool
	reserve       *disk.Reserve
	// only is why this server answers checks alone, nil where it does all.
	only  *fault.Error
	told  troubles
	blobs blob.Store
	// bucket is blobs where these lie in one, else nil.
	bucket   *keptBucket
	files    audio.Files
	lexicons *keywords.Lexicons
	engine   asr.Engine
	packs    bool // utterances may share a window
	// hears tells that the engine could be started, or will hear once its server is back.
	hears bool
	// heardBy names program, engine and model of this start; "" where the engine did not open.
	heardBy string
	// heardWith is what workers must be that hear beside it; zero where the engine did not open.
	heardWith store.Hears
	// crashed tells that the last stop broke off attempts, and that this server is young.
	crashed  bool
	table    *gate.Table
	rules    *calls.Rules
	calls    *calls.Service
	metrics  *metrics.Metrics
	alarms   recording.Alarms
	tally    *figures.Tally
	keys     freeze.Keys
	sampling review.Sampling
	watchers grpcapi.Watchers
	// followed is how far memory has followed the changes, for gates elsewhere.
	followed  *grpcapi.Followed
	reviewing grpcapi.ReviewWatchers
	pace      grpcapi.Pace
	disk      *room
	guard     *access.Guard
	people    people
	// keysBehind tells that keys changed which the guard could not read yet.
	keysBehind atomic.Bool
	follower   *follow.Follower
	runner     *jobs.Runner
	rejudge    *rejudge.Service
	// retention erases what is over, and people.
	retention *retention.Service
	// due is told when to look for what is over, goOn that this server leads.
	due, goOn chan struct{}
	// handed is told when workers may have handed something over.
	handed chan struct{}
	// resumed tells that the start went on with what was being erased.
	resumed bool

	grpc   *grpc.Server
	health *health.Server
	http   *http.Server
	bridge *httpapi.Bridge
	// certs are nil without TLS.
	certs     *certs.Files
	stopping  chan struct{}
	announced sync.Once

	grpcListener, httpListener net.Listener
	// adminSocket is nil where there can't be one.
	adminSocket net.Listener

	gate   gateAPI
	limits limits

	closers []func() error
}

// New opens the data directory, takes back what an earlier crash left unfinished,
// loads the gate, starts the speech process, and listens. Nothing is served yet. On
// an error everything is closed again.
//
// Where nothing can be written to the data directory, the server answers checks from a copy of
// the database, and keeps nothing.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	before, statErr := os.Stat(cfg.Path(datadir.DBFile))
	a, err := open(ctx, cfg, o, nil)
	if statErr != nil || before.Size() == 0 { // there was nothing to answer from
		return a, err
	}
	if why := cannotWrite(err, cfg.Data, o.SpaceOf); why != nil {
		return openGateOnly(ctx, cfg, o, why)
	}
	return a, err
}

// open opens a server; only is why it is to answer checks alone, nil where it is to do all.
func open(ctx context.Context, cfg config.Config, o Options, only *fault.Error) (*App, error) {
	a := unopened(cfg, o)
	a.only = only
	a.metrics = metrics.New(func() map[freeze.Reason]int { return a.table.Active(a.now()) },
		a.alarms.Standing)
	steps := []func(context.Context) error{a.openLimits, a.openCerts, a.checkModel, a.openData, a.openAccess, a.openLexicon, a.openCalls,
		a.checkPorts, a.openSpeech, a.sayWanted, a.openJobs, a.openRejudging, a.takeOver, a.openRetention, a.loadGate, a.listen}
	if only != nil {
		steps = []func(context.Context) error{a.openLimits, a.openCerts, a.openCopy, a.openAccess, a.openLexicon, a.openCalls,
			a.openRejudging, a.openRetention, a.loadGate, a.refuseWrites, a.listen}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	if err := a.db.Started(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// unopened is a server of which nothing is open.
func unopened(cfg config.Config, o Options) *App {
	a := &App{cfg: cfg, log: slog.New(masked{o.Logger.Handler()}), now: o.Now, every: o.Every, exec: o.Executable, through: o.Through, version: o.Version,
		table: gate.NewTable(), stopping: make(chan struct{}), due: make(chan struct{}, 1),
		goOn: make(chan struct{}, 1), handed: make(chan struct{}, 1)}
	if a.now == nil {
		a.now = time.Now
	}
	if a.every == nil {
		a.every = every
	}
	if o.Elapsed == nil {
		began := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(began) }
	}
	a.clock = newClockWatch(a.now, o.Elapsed)
	a.disk = &room{measure: a.measureDisk, now: a.now}
	a.reserve = disk.Open(disk.Options{Dir: cfg.Data, Reserve: cfg.Disk.Reserve(),
		Ballast: cfg.Disk.Ballast(), SpaceOf: o.SpaceOf, Logger: a.log})
	return a
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

func (a *App) openLexicon(ctx context.Context) error {
	o := keywords.LexiconsOptions{
		Judging: keywords.Options{Threshold: a.cfg.Judging.Threshold}, Now: a.now,
	}
	var err error
	if a.cfg.Judging.Lexicon != "" {
		if o.Fixed, err = a.cfg.Judging.ReadLexicon(); err != nil {
			return err
		}
	}
	a.lexicons, err = keywords.OpenLexicons(ctx, a.db.Lexicons, o)
	return err
}

// openCalls finds out which rules are in force, and lets calls be reported.
func (a *App) openCalls(ctx context.Context) error {
	fixed, err := a.cfg.RuleSet()
	if err != nil {
		return err
	}
	if a.rules, err = calls.OpenRules(ctx, a.db.Rules, fixed); err != nil {
		return err
	}
	a.calls = calls.NewService(a.db.Calls, a.keys, a.rules.Timeline, a.now)
	a.onClose(func() error { a.calls.Close(); return nil })
	a.tally = figures.NewTally(a.zone)
	a.follower = &follow.Follower{
		Table: a.table, Rules: a.rules, Metrics: a.metrics, Freezes: a.db.Freezes,
		Calls: a.db.Calls, Watched: a.changedRecording, Reviewed: a.reviewing.Changed, Now: a.now,
		Logger: a.log, Lexicon: a.lexicons.Reload,
	}
	a.followed = grpcapi.NewFollowed()
	a.db.Follow(a.take)
	a.calls.Activated, a.calls.Denied = a.reloadRules, a.table.Denials
	return a.rules.Start(ctx, a.calls)
}

// changedRecording tells those who watch it and the jobs, for which it may be something to do.
func (a *App) changedRecording(id recording.ID) {
	a.watchers.Changed(id)
	if a.runner != nil { // it looks for itself when it starts
		a.runner.Look()
	}
	select {
	case a.handed <- struct{}{}:
	default:
	}
}

// loadGate fills the gate's table.
func (a *App) loadGate(ctx context.Context) error {
	seq, err := a.db.LastChange(ctx) // before: what comes meanwhile may be in the table, too
	if err != nil {
		return err
	}
	if err := a.follower.Load(ctx); err != nil {
		return err
	}
	a.followed.Begin(seq)
	return nil
}

// reloadRules takes over other rules, or what they deny by another clock, and has gates elsewhere told.
func (a *App) reloadRules(ctx context.Context) error {
	err := a.follower.Reload(ctx)
	a.followed.Renewed()
	return err
}

// zone is whose days and hours count.
func (a *App) zone() *time.Location { return a.rules.Timeline().Last().Zone }

func (a *App) openJobs(ctx context.Context) error {
	short, long := a.cfg.Speech.Recordings(a.cfg.States(), a.packs)
	var err error
	a.runner, err = jobs.New(ctx, jobs.Config{
		DB: a.db.Writer(), Listener: a.db.Listener(), Recordings: a.db.Recordings, Results: a.db.Transcripts,
		Audio: a.blobs, Files: a.files, Engine: a.engine, Mixer: a.mixer(),
		Second: a.second, AgentTrack: a.cfg.Speech.AgentTrack, Judge: a.judge, Judged: a.judged, Heard: a.heard,
		Workers: long, Short: short,
		Grace: a.cfg.ShutdownGrace, Now: a.now, Logger: a.log,
	})
	return err
}

func (a *App) listen(ctx context.Context) error {
	var err error
	if a.grpcListener, err = a.listenAt(ctx, "gRPC", "--grpc", a.cfg.GRPC.Address, a.limits.Connections); err != nil {
		return err
	}
	if a.httpListener, err = a.listenAt(ctx, "HTTP", "--http", a.cfg.HTTP.Address, a.limits.Connections); err != nil {
		return err
	}
	if err := a.buildAPI(ctx); err != nil {
		return err
	}
	if err := a.openAdminSocket(ctx); err != nil {
		return err
	}
	handler, err := httpapi.Handler(ctx, a.bridge, a.parts())
	if err != nil {
		return err
	}
	a.http = a.newHTTP(handler)
	return nil
}

func (a *App) buildAPI(ctx context.Context) error {
	codes, err := a.cfg.Calls.Translator()
	if err != nil {
		return err
	}
	a.metrics.WatchQueue(a.queue)
	a.metrics.WatchServer(a.state)
	a.metrics.WatchClock(a.clockState)
	plan := a.cfg.Plan()
	told, err := a.feed()
	if err != nil {
		return err
	}
	answering := gate.NewService(gate.New(a.table, history{a.db.Freezes, a.db.Calls}, a.rules.Timeline),
		counts{a.metrics, a.tally}, a.now)
	if !a.alone() {
		answering.Follows(together{a.db})
	}
	deps := grpcapi.Deps{
		Intake: &recording.Intake{
			Store: a.db.Recordings, Blobs: a.blobs, Archives: a.blobs, Queue: a.db.Recordings,
			MostBacklog: a.cfg.Intake.MostBacklog, Defaults: a.cfg.Defaults(), Files: a.files,
			Now: a.now,
		},
		Review: &review.Service{
			Store: a.db.Suspects, Periods: a.lexicons.Period, Keys: a.keys,
			Lease: a.cfg.Review.Lease, Sampling: a.sampling, Now: a.now, Virtual: plan.IsVirtual,
		},
		Freeze: &freeze.Service{Store: a.db.Freezes, Keys: a.keys, Now: a.now,
			Virtual: plan.IsVirtual},
		Call: a.calls,
		Gate: answering,
		Report: &figures.Service{
			Store: a.db.Figures, Detailed: a.db.Figures, Flush: a.flushTally, Zone: a.zone,
			CostPerCall: a.cfg.Report.CostPerCall,
		},
		Rules: a.rules, Lexicons: a.lexicons, Rejudge: a.rejudge, Runs: a.db.Runs, Retention: a.retention, Dossiers: a.db.Retention,
		Recordings: a.db.Recordings, Transcripts: a.db.Transcripts, Suspects: a.db.Suspects,
		Freezes: a.db.Freezes, Ledger: a.db.Freezes, Calls: a.db.Calls, Earlier: a.db.Calls,
		Queue: a.db.Recordings, OpenSuspects: a.db.Suspects, Parked: a.db.Recordings,
		Finder:        a.db.Conversations,
		Conversations: a.db.Conversations, Audio: a.blobs, Listening: a.files,
		Guard: a.guard, Keys: &access.Service{Store: a.db.Access, Now: a.now}, KeyList: a.db.Access,
		Audit: a.db.Audit, Feed: told,
		Server: grpcapi.Server{Version: a.version, Model: a.modelName, Started: a.now(),
			Purposes: purposes, Ready: a.ready, Disk: a.disk.get, Pace: &a.pace},
		Codes: codes, Metrics: a.metrics, Watchers: &a.watchers, ReviewWatchers: &a.reviewing,
		Numbers: plan, Credentials: a.credentials(), TokenKey: a.tokenKey,
		FormerTokenKeys: a.formerTokenKeys, Stopping: a.stopping, Explain: a.explain,
		Memory: a.limits.memory, Uploads: a.limits.uploads, UploadIdle: a.limits.Idle,
		Now: a.now, Logger: a.log,
	}
	a.people.serve(&deps, a.guard.Limits)
	a.grpc, a.health = grpcapi.New(deps)
	if a.bridge, err = httpapi.NewBridge(); err != nil {
		return err
	}
	a.onClose(a.bridge.Close)
	return a.openGate(ctx, deps)
}

// history is what the gate looks up for another moment than now.
type history struct {
	freeze.Reader
	callReader
}

// counts are kept for Prometheus and for reports: gate.Counts.
type counts struct {
	*metrics.Metrics
	*figures.Tally
}

type callReader = calls.Reader

// GRPCAddr and HTTPAddr are where the server listens, with the port it got.
func (a *App) GRPCAddr() string { return a.grpcListener.Addr().String() }

// HTTPAddr is where the server listens for HTTP.
func (a *App) HTTPAddr() string { return a.httpListener.Addr().String() }

func ignoreClosed(f func() error) func() error {
	return func() error {
		if err := f(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
