package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/run"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/grpcapi"
	"github.com/refrain-asr/refrain/internal/httpapi"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/replica"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Outpost is a gate beside a dialler: it follows a server elsewhere and answers checks from memory. Everything is
// open and listening, and works once Run is called.
type Outpost struct {
	*App // of which the database, speech and jobs are not opened

	replica *replica.Replica
	conn    *grpc.ClientConn
	feed    pb.FeedServiceClient
}

const (
	// silence is how long nothing may come of the server, which says something every quarter of a second.
	silence = 2 * time.Second
	// reportEvery is how often the server is told what was answered.
	reportEvery = time.Minute
	// outpostLook is how often it is looked at whether the gate is ready.
	outpostLook = 200 * time.Millisecond
	// mostFed is the largest message of the server that is taken, in bytes.
	mostFed = 64 << 20
)

// OpenOutpost opens a gate, from its snapshot where there is one, and listens. Nothing is served yet. On an error
// everything is closed again.
func OpenOutpost(ctx context.Context, cfg config.Config, o Options) (*Outpost, error) {
	if err := cfg.ValidateGate(); err != nil {
		return nil, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	p := &Outpost{App: unopenedOutpost(cfg, o)}
	p.metrics = metrics.New(func() map[freeze.Reason]int { return p.replica.Active(p.now()) }, p.alarms.Standing)
	for _, step := range []func(context.Context) error{p.openLimits, p.openCerts, p.connect, p.openReplica, p.listen} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// connect prepares the way to the server; it is taken once it is needed.
func (p *Outpost) connect(ctx context.Context) (err error) {
	f := p.cfg.Follow
	protected := insecure.NewCredentials()
	if !f.Plaintext && (!f.Local() || f.CA != "" || f.Cert != "") {
		c, err := clientTLS(f)
		if err != nil {
			return err
		}
		protected = credentials.NewTLS(c)
	}
	o := []grpc.DialOption{grpc.WithTransportCredentials(protected),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(mostFed)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second,
			PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 2 * time.Second, Backoff: backoff.Config{
			BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}})}
	if f.Key.Set() {
		token, err := f.Key.Read(ctx)
		if err != nil {
			return fmt.Errorf("read the gate's key (follow.key, --key-file): %w", err)
		}
		own, err := newOwnKey(token)
		if err != nil {
			return fmt.Errorf("the gate's key (follow.key, --key-file): %w", err)
		}
		o = append(o, grpc.WithPerRPCCredentials(own))
	}
	if p.conn, err = grpc.NewClient(f.Server, o...); err != nil {
		return fmt.Errorf("prepare the way to %s: %w", f.Server, err)
	}
	p.onClose(p.conn.Close)
	p.feed = pb.NewFeedServiceClient(p.conn)
	return nil
}

// clientTLS is how the gate trusts its server, and what it shows.
func clientTLS(f config.Follow) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		pool, err := certs.ReadPool(f.CA)
		if err != nil {
			return nil, fmt.Errorf("follow.ca: %w", err)
		}
		c.RootCAs = pool
	}
	if f.Cert != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.CertKey)
		if err != nil {
			return nil, fmt.Errorf("follow.cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// openReplica opens what the gate knows, and who may ask it.
func (p *Outpost) openReplica(ctx context.Context) (err error) {
	f := p.cfg.Follow
	p.guard = access.NewGuard(nil, nil, refusedAtGate{p.App}, p.now, func(error) {})
	o := replica.Options{Feed: p.feed, File: f.Snapshot, KeyFile: f.NamesFile(), AcceptOlder: p.acceptsOlder(),
		Silence: silence, Now: p.now, Logger: p.log, KeysChanged: p.loadKeysOf}
	if p.replica, err = replica.Open(ctx, o); err != nil {
		return err
	}
	p.onClose(func() error { return p.replica.Close(context.WithoutCancel(ctx)) })
	keys := p.replica.Keys()
	p.guard = access.NewGuard(keys, keys, refusedAtGate{p.App}, p.now, func(error) {})
	p.guard.Reached() // whoever may ask has a key of the server's, also on this machine
	p.tally = figures.NewTally(func() *time.Location { return p.replica.Timeline().Last().Zone })
	return p.guard.Load(ctx)
}

func (p *Outpost) acceptsOlder() bool {
	return slices.Contains(p.cfg.Accept, config.OlderServer)
}

// loadKeysOf has the guard take over the keys that the server told.
func (p *Outpost) loadKeysOf() {
	if err := p.guard.Load(context.Background()); err != nil { // which reads memory
		p.log.Error("the keys could not be taken over", "error", err)
	}
}

// refusedAtGate tells in the log whom the gate refused.
type refusedAtGate struct{ a *App }

// Record implements audit.Recorder.
func (r refusedAtGate) Record(ctx context.Context, e audit.Entry) error {
	r.a.log.WarnContext(ctx, "refused", "actor", e.Actor, "from", e.From, "why", e.Details["why"],
		"request", e.Details["request"])
	return nil
}

// listen listens, and makes what answers.
func (p *Outpost) listen(ctx context.Context) (err error) {
	a := p.App
	if a.grpcListener, err = a.listenAt(ctx, "gRPC", "--grpc", a.cfg.GRPC.Address, a.limits.Connections); err != nil {
		return err
	}
	if a.httpListener, err = a.listenAt(ctx, "HTTP", "--http", a.cfg.HTTP.Address, a.limits.Connections); err != nil {
		return err
	}
	a.metrics.WatchFollowing(p.following)
	service := gate.NewService(gate.New(p.replica, noHistory{}, p.replica.Timeline), counts{a.metrics, a.tally}, a.now)
	service.Follows(p)
	guard := gateGuard{a.guard, p.replica}
	a.grpc, a.health = grpcapi.NewOutpost(grpcapi.Outpost{Deps: grpcapi.Deps{
		Gate: service, Guard: guard, Metrics: a.metrics, Credentials: a.credentials(), TokenKey: randomKey(),
		Stopping: a.stopping, Memory: a.limits.memory, Uploads: a.limits.uploads, UploadIdle: a.limits.Idle,
		Now: a.now, Logger: a.log},
		Server: pb.NewGateServiceClient(p.conn), Plan: p.replica.Plan, Says: p.replica.Says})
	if a.bridge, err = httpapi.NewBridge(); err != nil {
		return err
	}
	a.onClose(a.bridge.Close)
	parts := httpapi.Parts{Guard: guard, Metrics: a.metrics.Handler(), AnswersTo: a.answersTo,
		Readiness: httpapi.Readiness{Purposes: []string{forGate}, Ready: func(string) error { return p.unready() },
			Notes: func(string) []string { return p.warnings() }},
		Limits: httpapi.Limits{Memory: a.limits.memory, Idle: a.limits.Idle, Limited: a.metrics.Limited}}
	handler, err := httpapi.GateHandler(ctx, a.bridge, parts)
	if err != nil {
		return err
	}
	a.http = a.newHTTP(handler)
	return nil
}

// randomKey masks names for whoever may not see numbers; nobody needs to read them again.
func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// Run serves until ctx ends, then stops in order.
func (p *Outpost) Run(ctx context.Context) error {
	a := p.App
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g run.Group
	a.addAPI(&g, a.grpc, a.grpcListener, a.bridge.Listener())
	a.addHTTP(&g, a.http, a.httpListener)
	keepCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return p.replica.Run(keepCtx) }, func(error) { stop() })
	g.Add(func() error { return p.lookAfter(keepCtx) }, func(error) { stop() })
	g.Add(func() error { <-ctx.Done(); a.announceStop(); return nil }, func(error) { cancel() })
	p.tellHealthOf()
	a.log.InfoContext(ctx, "the gate is serving", "grpc", a.GRPCAddr(), "http", a.HTTPAddr(), "server", a.cfg.Follow.Server,
		"snapshot", a.cfg.Follow.Snapshot)
	err := g.Run()
	a.announceStop()
	p.report(context.WithoutCancel(ctx))
	err = errors.Join(err, a.Close())
	if err == nil { // else whoever called tells
		a.log.InfoContext(context.WithoutCancel(ctx), "the gate has stopped")
	}
	return err
}

// lookAfter does what has to be done now and then, until ctx ends.
func (p *Outpost) lookAfter(ctx context.Context) error {
	look, stopLook := p.every(outpostLook)
	defer stopLook()
	report, stopReport := p.every(reportEvery)
	defer stopReport()
	sweep, stopSweep := p.every(sweepEvery)
	defer stopSweep()
	for {
		select {
		case <-look:
			p.tellHealthOf()
		case <-report:
			p.report(ctx)
		case <-sweep:
			p.replica.Sweep(p.now())
		case <-ctx.Done():
			return nil
		}
	}
}

// reportPatience is how long the server may take to be told what was answered.
const reportPatience = 2 * time.Second

// report tells the server what was answered since the last time. What it can't be told is told the next time; where
// only its answer was lost, some counts twice.
func (p *Outpost) report(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportPatience)
	defer cancel()
	if err := p.guard.NoteUse(ctx); err != nil {
		p.log.ErrorContext(ctx, "when keys were used could not be noted", "error", err)
	}
	counts, uses := p.tally.Take(), p.replica.Keys().Take()
	if len(counts)+len(uses) == 0 {
		return
	}
	if _, err := p.feed.ReportChecks(ctx, reportOf(counts, uses)); err != nil {
		p.tally.Return(counts)
		_ = p.replica.Keys().NoteUse(ctx, uses) // it never fails
		p.log.DebugContext(ctx, "the server could not be told what was answered; trying again in a minute", "error", err)
	}
}

// noHistory is what a gate knows of moments that are over: the server is asked instead.
type noHistory struct{}

func (noHistory) fail() error {
	return &fault.Error{Op: "gate.At", Kind: fault.Unavailable, Reason: "MOMENT_PASSED",
		Message: "the moment that was asked about has just passed; ask again"}
}

// Freezes implements gate.History.
func (h noHistory) Freezes(context.Context, freeze.Query) ([]freeze.Freeze, error) {
	return nil, h.fail()
}

// Allows implements gate.History.
func (h noHistory) Allows(context.Context, freeze.AllowQuery) ([]freeze.Allow, error) {
	return nil, h.fail()
}

// Histories implements gate.History.
func (h noHistory) Histories(
	context.Context, []number.Number, calls.Span, calls.Timeline,
) (map[number.Number]*calls.History, error) {
	return nil, h.fail()
}
