package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/replica"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// unopenedOutpost is a gate of which nothing is open.
func unopenedOutpost(cfg config.Config, o Options) *App {
	a := &App{cfg: cfg, log: slog.New(masked{o.Logger.Handler()}), now: o.Now, every: o.Every, version: o.Version,
		stopping: make(chan struct{})}
	if a.now == nil {
		a.now = time.Now
	}
	if a.every == nil {
		a.every = every
	}
	return a
}

// ownKey is shown to the server with each request.
type ownKey string

func newOwnKey(text []byte) (ownKey, error) {
	token := strings.TrimSpace(string(text))
	if !strings.HasPrefix(token, "refrain_") || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("it is no key of Refrain, which begins with refrain_; an admin makes one with: " +
			"refrain key add NAME --role gate")
	}
	return ownKey(token), nil
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (k ownKey) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(k)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials: connect sees to that.
func (ownKey) RequireTransportSecurity() bool { return false }

// gateGuard knows who asks a gate, once it was told anything.
type gateGuard struct {
	*access.Guard

	replica *replica.Replica
}

// Admit is that of access.Guard, but that before anything is known nobody is called unknown.
func (g gateGuard) Admit(ctx context.Context, c access.Caller, r access.Rule, what string) (access.Principal, error) {
	if !r.Open && g.replica.Plan() == nil {
		return access.Principal{From: c.From}, &fault.Error{Op: "access.Admit", Kind: fault.Unavailable, Reason: "NOTHING_KNOWN",
			Message: "this gate has heard nothing of its server yet, and has no snapshot: it can't tell who may be called, " +
				"nor who asks"}
	}
	return g.Guard.Admit(ctx, c, r, what)
}

// reportOf is what the server is told of what was answered.
func reportOf(counts map[figures.GateCount]int64, uses map[string]time.Time) *pb.ReportChecksRequest {
	req := &pb.ReportChecksRequest{}
	for c, n := range counts {
		req.Counts = append(req.Counts, &pb.CheckCount{Day: c.Day, Kind: c.What, Count: n})
	}
	for prefix, at := range uses {
		req.KeyUses = append(req.KeyUses, &pb.KeyUse{Prefix: prefix, Time: timestamppb.New(at)})
	}
	return req
}

// AsOf implements gate.Behind.
func (p *Outpost) AsOf() time.Time { return p.replica.AsOf() }

// Stale implements gate.Behind.
func (p *Outpost) Stale(line string) (stale, open bool) {
	if p.replica.Lag() <= p.cfg.Follow.StaleAfter {
		return false, false
	}
	return true, p.cfg.Follow.Answer(line) == config.Open
}

// unready is why the gate is not ready, nil where it is. It answers all the same, where it knows anything.
func (p *Outpost) unready() error {
	select {
	case <-p.stopping:
		return errors.New("stopping")
	default:
	}
	s := p.replica.State()
	switch {
	case !s.Loaded && s.Problem != nil:
		return fmt.Errorf("nothing was heard of the server yet: %w", s.Problem)
	case !s.Loaded:
		return errors.New("nothing was heard of the server yet")
	case s.Lag > p.cfg.Follow.MaxLag && s.Problem != nil:
		return fmt.Errorf("the gate knows what happened until %s only, %s ago: %w", s.AsOf.UTC().Format(time.RFC3339),
			s.Lag.Round(time.Second), s.Problem)
	case s.Lag > p.cfg.Follow.MaxLag:
		return fmt.Errorf("the gate knows what happened until %s only, %s ago", s.AsOf.UTC().Format(time.RFC3339),
			s.Lag.Round(time.Second))
	}
	return nil
}

// warnings are what does not work as it should and doesn't make the gate unready.
func (p *Outpost) warnings() (notes []string) {
	s := p.replica.State()
	if s.FileProblem != nil {
		notes = append(notes, "what the gate knows can't be kept in its snapshot: "+s.FileProblem.Error())
	}
	if s.Connected && (s.Offset > maxStep || s.Offset < -maxStep) {
		notes = append(notes, fmt.Sprintf("the server's clock is %s ahead of this machine's; freezes end and calling hours begin "+
			"by this one: set it right", s.Offset.Round(time.Second)))
	}
	return append(notes, p.certNotes()...)
}

// tellHealthOf tells whoever watches by gRPC whether the gate is ready.
func (p *Outpost) tellHealthOf() {
	is := healthpb.HealthCheckResponse_SERVING
	if p.unready() != nil {
		is = healthpb.HealthCheckResponse_NOT_SERVING
	}
	p.health.SetServingStatus("", is)
	p.health.SetServingStatus(forGate, is)
}

// following is how the gate follows its server, for the metrics.
func (p *Outpost) following() metrics.Following {
	s := p.replica.State()
	return metrics.Following{Loaded: s.Loaded, Connected: s.Connected, SnapshotFails: s.FileProblem != nil, Lag: s.Lag,
		Offset: s.Offset, Sequence: s.Sequence, Snapshots: s.Snapshots}
}
