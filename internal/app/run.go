package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/oklog/run"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Run serves until ctx ends or a part fails, then stops in order: no new calls,
// running calls and jobs get the configured grace period, what is left of them is
// broken off or handed back to the queue, and everything is closed. It may be called
// once. The error is nil after a stop that was asked for.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g run.Group
	a.addAPI(&g)
	jobCtx, stopJobs := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return a.runner.Run(jobCtx) }, func(error) { stopJobs() })
	keepCtx, stopUpkeep := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return a.upkeep(keepCtx) }, func(error) { stopUpkeep() })
	againCtx, stopAgain := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return a.rejudging(againCtx) }, func(error) { stopAgain() })
	g.Add(func() error { a.checkDatabase(keepCtx); <-keepCtx.Done(); return nil },
		func(error) { stopUpkeep() })
	g.Add(func() error { <-ctx.Done(); a.announceStop(); return nil }, func(error) { cancel() })
	a.addHTTP(&g) // the last, because stopping it takes its time, and all share one grace period
	a.health.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
	a.log.InfoContext(ctx, "refrain is serving", "grpc", a.GRPCAddr(), "http", a.HTTPAddr(), "data",
		a.cfg.Data)
	a.sayWhoMay(ctx)
	err := g.Run()
	a.announceStop()
	err = errors.Join(err, a.flushTally(context.WithoutCancel(ctx)), a.Close())
	if err == nil { // else whoever called tells
		a.log.InfoContext(context.WithoutCancel(ctx), "refrain has stopped")
	}
	return err
}

// announceStop tells balancers and streams that the server is going away.
func (a *App) announceStop() {
	a.announced.Do(func() { // the signal and a part that fails may come at the same time
		a.health.Shutdown()
		close(a.stopping)
	})
}

// addAPI serves gRPC on its listener, to the bridge, and on the admin socket. Serve returns when the stop is
// over.
func (a *App) addAPI(g *run.Group) {
	var once sync.Once
	stop := func(error) { once.Do(func() { go a.stopAPI() }) }
	listeners := []net.Listener{a.grpcListener, a.bridge.Listener()}
	if a.adminSocket != nil {
		listeners = append(listeners, a.adminSocket)
	}
	for _, l := range listeners {
		g.Add(func() error { return a.grpc.Serve(l) }, stop)
	}
}

// stopAPI lets running calls finish for the grace period.
func (a *App) stopAPI() {
	a.announceStop()
	late := time.AfterFunc(a.cfg.ShutdownGrace, a.grpc.Stop)
	defer late.Stop()
	a.grpc.GracefulStop()
}

func (a *App) addHTTP(g *run.Group) {
	g.Add(func() error {
		if err := a.http.Serve(a.httpListener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), a.cfg.ShutdownGrace)
		defer cancel()
		if a.http.Shutdown(ctx) != nil {
			_ = a.http.Close()
		}
	})
}
