package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/oklog/run"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/grpcapi"
	"github.com/refrain-asr/refrain/internal/httpapi"
	"github.com/refrain-asr/refrain/internal/limit"
)

// limits are what callers share.
type limits struct {
	config.Limits
	// atGate is how many connections there may be at each of the gate's own addresses.
	atGate  int
	memory  *limit.Memory
	uploads *limit.Places
}

// openLimits goes by how many files the process may have open.
func (a *App) openLimits(context.Context) error {
	files := limit.Files()
	l := &a.limits
	l.Limits, l.atGate = a.cfg.Limits.ByFiles(files)
	if all := 2*(l.Connections+l.atGate) + l.Uploads; files > 0 && all > files*7/8 {
		return fmt.Errorf("limits: %d connections at each address and %d uploads need more files than the %d that "+
			"this process may have open: lower limits.connections or limits.uploads, or raise the limit "+
			"(ulimit -n, LimitNOFILE in a systemd unit)", l.Connections, l.Uploads, files)
	}
	l.memory = limit.NewMemory(int64(l.Memory) << 20)
	began := time.Now()
	l.uploads = limit.NewPlaces(l.Uploads, func() time.Time { return began.Add(time.Since(began)) })
	return nil
}

// parts are what HTTP serves besides the API.
func (a *App) parts() httpapi.Parts {
	return httpapi.Parts{Guard: a.guard, Metrics: a.metrics.Handler(), AnswersTo: a.answersTo,
		Readiness: httpapi.Readiness{Purposes: purposes, Ready: a.ready, Notes: a.notes},
		Limits:    httpapi.Limits{Memory: a.limits.memory, Idle: a.limits.Idle, Limited: a.metrics.Limited},
		People: httpapi.People{SignIns: a.people.signIns, Provider: a.people.provider, Public: a.cfg.SignIn.Public(), Explain: a.explain,
			Logger: a.log}}
}

// listenAt listens at an address, where so many connections may be open.
func (a *App) listenAt(ctx context.Context, what, flag, address string, most int) (net.Listener, error) {
	l, err := bind(ctx, what, flag, address)
	if err != nil {
		return nil, err
	}
	l = limit.Listen(l, most, func() { a.metrics.Limited("connections") })
	a.onClose(ignoreClosed(l.Close))
	return l, nil
}

func bind(ctx context.Context, what, flag, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w; is another server running? %s takes another address", what,
			err, flag)
	}
	return l, nil
}

// checkPorts finds out that an address is taken before the model is loaded. They are listened to once
// there is somebody to answer.
func (a *App) checkPorts(ctx context.Context) error {
	for _, at := range []struct{ what, flag, address string }{
		{"gRPC", "--grpc", a.cfg.GRPC.Address}, {"HTTP", "--http", a.cfg.HTTP.Address},
	} {
		l, err := bind(ctx, at.what, at.flag, at.address)
		if err != nil {
			return err
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("close what listened at %s: %w", at.address, err)
		}
	}
	return nil
}

// Limits of HTTP for each connection, beside those that httpapi keeps.
const (
	mostHeaders    = 32 << 10
	headerPatience = 10 * time.Second
	// keptAlive is how long a connection may wait for its next request.
	keptAlive = time.Minute
)

// newHTTP makes a server for HTTP.
func (a *App) newHTTP(h http.Handler) *http.Server {
	s := &http.Server{Handler: h, ReadHeaderTimeout: headerPatience, IdleTimeout: keptAlive,
		MaxHeaderBytes: mostHeaders, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	if a.certs != nil {
		s.TLSConfig = a.certs.Server("h2", "http/1.1")
	}
	return s
}

// gateAPI is the gate at addresses of its own. What is not configured is nil.
type gateAPI struct {
	server *grpc.Server
	health *health.Server
	bridge *httpapi.Bridge
	grpc   net.Listener
	http   net.Listener
	serve  *http.Server
}

// openGate listens for the gate alone where that is configured.
func (a *App) openGate(ctx context.Context, d grpcapi.Deps) error {
	at := a.cfg.Gate
	if at == (config.Gate{}) {
		return nil
	}
	parts := a.parts()
	parts.Metrics = nil // which are at the whole API's
	g := &a.gate
	g.server, g.health = grpcapi.NewGate(d)
	var err error
	if g.bridge, err = httpapi.NewBridge(); err != nil {
		return err
	}
	a.onClose(g.bridge.Close)
	if at.GRPC != "" {
		if g.grpc, err = a.listenAt(ctx, "the gate's gRPC", "gate.grpc", at.GRPC, a.limits.atGate); err != nil {
			return err
		}
	}
	if at.HTTP == "" {
		return nil
	}
	if g.http, err = a.listenAt(ctx, "the gate's HTTP", "gate.http", at.HTTP, a.limits.atGate); err != nil {
		return err
	}
	parts.Readiness = httpapi.Readiness{ // for nothing else is asked here
		Purposes: []string{forGate},
		Ready:    func(string) error { return a.ready(forGate) },
		Notes:    func(string) []string { return a.notes(forGate) },
	}
	h, err := httpapi.GateHandler(ctx, g.bridge, parts)
	if err != nil {
		return err
	}
	g.serve = a.newHTTP(h)
	return nil
}

// GateAddrs are where the gate alone is asked over gRPC and over HTTP, "" where it isn't.
func (a *App) GateAddrs() (overGRPC, overHTTP string) {
	if l := a.gate.grpc; l != nil {
		overGRPC = l.Addr().String()
	}
	if l := a.gate.http; l != nil {
		overHTTP = l.Addr().String()
	}
	return overGRPC, overHTTP
}

// addAPI serves a gRPC server on its listeners. Serve returns when the stop is over.
func (a *App) addAPI(g *run.Group, s *grpc.Server, at ...net.Listener) {
	var once sync.Once
	stop := func(error) { once.Do(func() { go a.stopAPI(s) }) }
	for _, l := range at {
		if l != nil {
			g.Add(func() error { return s.Serve(l) }, stop)
		}
	}
}

// addGate serves the gate where it has addresses of its own.
func (a *App) addGate(g *run.Group) {
	if a.gate.server != nil {
		a.addAPI(g, a.gate.server, a.gate.grpc, a.gate.bridge.Listener())
	}
}

// stopAPI lets running calls finish for the grace period.
func (a *App) stopAPI(s *grpc.Server) {
	a.announceStop()
	late := time.AfterFunc(a.cfg.ShutdownGrace, s.Stop)
	defer late.Stop()
	s.GracefulStop()
}

// addHTTP serves HTTP, where there is a server. It ends when the stop is over.
func (a *App) addHTTP(g *run.Group, s *http.Server, at net.Listener) {
	if s == nil {
		return
	}
	stopped := make(chan struct{})
	g.Add(func() error {
		serve := s.Serve
		if s.TLSConfig != nil {
			serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
		}
		if err := serve(at); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		<-stopped
		return nil
	}, func(error) {
		go func() {
			defer close(stopped)
			ctx, cancel := context.WithTimeout(context.Background(), a.cfg.ShutdownGrace)
			defer cancel()
			if s.Shutdown(ctx) != nil {
				_ = s.Close()
			}
		}()
	})
}
