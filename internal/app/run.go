package app

import (
	"context"
	"errors"

	"github.com/oklog/run"
)

// Run serves until ctx ends or a part fails, then stops in order: no new calls,
// running calls and jobs get the configured grace period, what is left of them is
// broken off or handed back to the queue, and everything is closed. It may be called
// once. The error is nil after a stop that was asked for.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g run.Group
	a.addAPI(&g, a.grpc, a.grpcListener, a.bridge.Listener(), a.adminSocket)
	a.addGate(&g)
	keepCtx, stopUpkeep := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return a.upkeep(keepCtx) }, func(error) { stopUpkeep() })
	g.Add(func() error { return a.watchGround(keepCtx) }, func(error) { stopUpkeep() })
	if a.bucket != nil {
		g.Add(func() error { return a.watchBucket(keepCtx) }, func(error) { stopUpkeep() })
	}
	if !a.onlyChecks() {
		a.addWork(ctx, &g)
		g.Add(func() error { return a.retain(keepCtx) }, func(error) { stopUpkeep() })
		if !a.alone() {
			g.Add(func() error { return a.lead(keepCtx) }, func(error) { stopUpkeep() })
			g.Add(func() error { return a.judgeHeard(keepCtx) }, func(error) { stopUpkeep() })
		}
		g.Add(func() error { a.checkDatabase(keepCtx); <-keepCtx.Done(); return nil },
			func(error) { stopUpkeep() })
	}
	g.Add(func() error { <-ctx.Done(); a.announceStop(); return nil }, func(error) { cancel() })
	a.addHTTP(&g, a.http, a.httpListener)
	a.addHTTP(&g, a.gate.serve, a.gate.http)
	a.tellHealth()
	gateGRPC, gateHTTP := a.GateAddrs()
	a.log.InfoContext(ctx, "refrain is serving", "grpc", a.GRPCAddr(), "http", a.HTTPAddr(), "data",
		a.cfg.Data, "gate_grpc", gateGRPC, "gate_http", gateHTTP)
	a.sayWhoMay(ctx)
	err := g.Run()
	a.announceStop()
	if a.bucket != nil {
		a.leading(context.WithoutCancel(ctx), a.lastBucketHead)
	}
	err = errors.Join(err, a.flushTally(context.WithoutCancel(ctx)), a.Close())
	if err == nil { // else whoever called tells
		a.log.InfoContext(context.WithoutCancel(ctx), "refrain has stopped")
	}
	return err
}

// addWork works on recordings.
func (a *App) addWork(ctx context.Context, g *run.Group) {
	jobCtx, stopJobs := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return a.runner.Run(jobCtx) }, func(error) { stopJobs() })
	againCtx, stopAgain := context.WithCancel(context.WithoutCancel(ctx))
	g.Add(func() error { return a.rejudgeAsLeader(againCtx) }, func(error) { stopAgain() })
}

// announceStop tells balancers and streams that the server is going away.
func (a *App) announceStop() {
	a.announced.Do(func() { // the signal and a part that fails may come at the same time
		a.health.Shutdown()
		if h := a.gate.health; h != nil {
			h.Shutdown()
		}
		close(a.stopping)
	})
}
