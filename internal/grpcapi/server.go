package grpcapi

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/limit"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/retention"
	"github.com/refrain-asr/refrain/review"
	"github.com/refrain-asr/refrain/vcon"
)

// Deps is what the API stands on: the services that take orders, and what it reads.
type Deps struct {
	Intake      *recording.Intake
	Review      *review.Service
	Freeze      *freeze.Service
	Call        *calls.Service
	Gate        *gate.Service
	Report      *figures.Service
	Rejudge     *rejudge.Service
	Rules       *calls.Rules
	Lexicons    *keywords.Lexicons
	Recordings  Recordings
	Transcripts Transcripts
	Suspects    Suspects
	Earlier     EarlierCalls
	Freezes     Freezes
	Ledger      Ledger
	Runs        Runs
	Retention   *retention.Service
	Dossiers    Dossiers
	Calls       Calls
	// Finder finds numbers.
	Finder Finder
	// Queue, OpenSuspects and Server are what the status tells of.
	Queue        Queue
	OpenSuspects OpenSuspects
	Server       Server
	// Parked takes up recordings that were given up.
	Parked recording.ParkedStore
	// Conversations are what exports tell of, Audio where their audio lies.
	Conversations vcon.Source
	Audio         Audio
	// Listening reads that audio for people.
	Listening Listening

	// Guard knows who is asking, Keys and Users keep what they are known by, and KeyList lists it.
	// SignIns knows whether a password is right.
	Guard   Guard
	Keys    *access.Service
	Users   *access.Users
	SignIns *access.SignIns
	KeyList KeyList
	// Sessions are for how long sessions go on.
	Sessions access.SessionLimits
	// Audit is the record of who did what.
	Audit Audit

	// Feed is what gates that run elsewhere follow.
	Feed Feed

	// Codes reads what switches call outcomes.
	Codes    *calls.Translator
	Metrics  *metrics.Metrics
	Watchers *Watchers
	// ReviewWatchers are those who watch the suspects.
	ReviewWatchers *ReviewWatchers
	// Memory is shared by messages that are being read and carried out.
	Memory *limit.Memory
	// Uploads are the places for uploads. One that sends nothing for UploadIdle is ended.
	Uploads    *limit.Places
	UploadIdle time.Duration
	// Numbers says how numbers are dialled.
	Numbers number.Plan
	// Credentials protect what comes over a network; nil for none.
	Credentials credentials.TransportCredentials
	// TokenKey signs page tokens, and makes the digests of requests; FormerTokenKeys made those of
	// before the ledger's key was rotated.
	TokenKey        []byte
	FormerTokenKeys [][]byte
	// Explain makes a fault of an error that isn't one, where it can tell whose it is: that of the
	// disk, or of another program at the database. It may be nil, and return nil.
	Explain func(error) *fault.Error
	// Stopping is closed when the server begins to stop, so that endless streams end.
	Stopping <-chan struct{}
	Now      func() time.Time
	Logger   *slog.Logger
}

// New makes a server with all services, health and reflection. Health reports
// serving until the server is told to stop.
func New(d Deps) (*grpc.Server, *health.Server) {
	s, services := d.newServer()
	pages := pager{d.TokenKey}
	pb.RegisterRecordingServiceServer(services, &recordingServer{Deps: d, pages: pages, drawn: newDrawn()})
	pb.RegisterReviewServiceServer(services, &reviewServer{Deps: d, pages: pages})
	pb.RegisterFreezeServiceServer(services, &freezeServer{Deps: d, pages: pages})
	pb.RegisterGateServiceServer(services, &gateServer{Deps: d})
	pb.RegisterFeedServiceServer(services, &feedServer{Deps: d})
	pb.RegisterLexiconServiceServer(services, &lexiconServer{Deps: d, pages: pages})
	pb.RegisterCallServiceServer(services, &callServer{Deps: d, pages: pages})
	pb.RegisterRuleServiceServer(services, &ruleServer{Deps: d, pages: pages, trying: limit.NewTurns(mostTrying)})
	pb.RegisterReportServiceServer(services, &reportServer{Deps: d})
	pb.RegisterExportServiceServer(services, &exportServer{Deps: d})
	pb.RegisterStatusServiceServer(services, &statusServer{Deps: d})
	pb.RegisterBatchServiceServer(services, &batchServer{Deps: d, pages: pages})
	pb.RegisterRetentionServiceServer(services, &retentionServer{Deps: d})
	pb.RegisterPersonServiceServer(services, &personServer{Deps: d})
	pb.RegisterKeyServiceServer(services, &keyServer{Deps: d})
	pb.RegisterUserServiceServer(services, &userServer{Deps: d})
	pb.RegisterAuditServiceServer(services, &auditServer{Deps: d, pages: pages})
	pb.RegisterRevealServiceServer(services, &revealServer{Deps: d, pages: pages})
	h := health.NewServer()
	healthpb.RegisterHealthServer(services, h)
	reflection.Register(s)
	return s, h
}

// NewGate makes a server with the gate's service alone, health and reflection. Health reports what it
// is told, as that of New does.
func NewGate(d Deps) (*grpc.Server, *health.Server) {
	s, services := d.newServer(grpc.MaxRecvMsgSize(mostSmall)) // none that is larger would be taken
	pb.RegisterGateServiceServer(services, &gateServer{Deps: d})
	h := health.NewServer()
	healthpb.RegisterHealthServer(services, h)
	reflection.Register(s)
	return s, h
}

// newServer makes a server without services, and what registers them.
func (d *Deps) newServer(more ...grpc.ServerOption) (*grpc.Server, registrar) {
	l := newLimits(d)
	s := grpc.NewServer(append(append(l.options(), more...),
		grpc.Creds(d.Credentials), // nil is none, as if it were not said
		grpc.ForceServerCodecV2(newCodec()),
		grpc.ChainUnaryInterceptor(d.unary),
		grpc.ChainStreamInterceptor(d.stream, l.stream, d.guarded),
		// Once Stop is over the database is closed under what would still run.
		grpc.WaitForHandlers(true),
	)...)
	return s, registrar{s, l}
}

func (d *Deps) unary(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (resp any, err error) {
	defer func() { err = statusOf(ctx, d.Logger, info.FullMethod, d.maskError(ctx, d.explain(err))) }()
	defer recovered(&err)
	if method, ok := strings.CutPrefix(info.FullMethod, "/"+pb.GateService_ServiceDesc.ServiceName+"/"); ok {
		began := time.Now() // and not the injected clock, which may stand still
		defer func() { d.Metrics.GateTook(method, time.Since(began)) }()
	}
	ctx, rule, err := d.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	defer func() { d.refused(ctx, info.FullMethod, err) }()
	d.unmask(ctx, req)
	if err := d.bound(ctx, rule, req); err != nil {
		return nil, err
	}
	if resp, err = d.recorded(ctx, rule, req, handler); err == nil {
		d.mask(ctx, resp)
	}
	return resp, err
}

func (d *Deps) stream(
	srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) (err error) {
	ctx := ss.Context()
	defer func() { err = statusOf(ss.Context(), d.Logger, info.FullMethod, d.maskError(ctx, d.explain(err))) }()
	defer recovered(&err)
	if info.FullMethod == healthpb.Health_Watch_FullMethodName {
		var cancel context.CancelFunc
		ss, cancel = d.untilStopping(ss)
		defer cancel()
	}
	var rule access.Rule
	if ctx, rule, err = d.admit(ss.Context(), info.FullMethod); err != nil {
		return err
	}
	standing, end := d.whileAdmitted(ctx, rule, info.FullMethod)
	defer end()
	err = handler(srv, admittedStream{streamWith{ss, standing}})
	if ended := endOf(standing); ended != nil && err != nil {
		return ended
	}
	d.refused(ctx, info.FullMethod, err)
	return err
}

// untilStopping ends the stream's context when the server begins to stop: gRPC's own
// health service would watch on, and a stop would wait for it in vain.
func (d *Deps) untilStopping(ss grpc.ServerStream) (grpc.ServerStream, context.CancelFunc) {
	ctx, cancel := withEnd(ss.Context(), d.Stopping)
	return streamWith{ss, ctx}, cancel
}

// withEnd is a context that ends also when the channel is closed.
func withEnd(ctx context.Context, end <-chan struct{}) (context.Context, context.CancelFunc) {
	within, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-end:
			cancel()
		case <-within.Done():
		}
	}()
	return within, cancel
}

// streamWith is a stream with another context.
type streamWith struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // it stands in for the stream's own
}

// Context implements grpc.ServerStream.
func (s streamWith) Context() context.Context { return s.ctx }

// recovered turns a panic into an error: one bad request must not end the others.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
