package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // an image of refrain alone knows no authorities
	"google.golang.org/grpc/grpclog"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/ledger"
	"github.com/refrain-asr/refrain/internal/cli/migrate"
	"github.com/refrain-asr/refrain/internal/cli/serve"
	"github.com/refrain-asr/refrain/internal/config"
)

// version is set by the build.
var version = "unknown"

func main() {
	whisper.ExitIfChild()
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, serve.LibraryLog{})) // before gRPC is used
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, console.New(os.Stdin, os.Stdout, os.Stderr), os.Args[1:]))
}

// run is the program: it carries out args and returns the exit code.
func run(ctx context.Context, c *console.Console, args []string) int {
	return cli.Run(ctx, c, cli.Parts{
		Version: version, Engine: whisper.EngineName(), OpenServer: newServer, OpenGate: newGate, OpenWorker: newWorker,
		NewEngine: newEngine, Databases: app.Databases{},
		RotateKey: rotateKey,
		Migrate:   migrate.Parts{Move: move, Prepare: app.PrepareDatabase, Roles: app.DatabaseRoles},
	}, args)
}

// newServer is a serve.OpenServer.
func newServer(ctx context.Context, cfg config.Config, logger *slog.Logger) (serve.Server, error) {
	app.LimitMemory(ctx, cfg, logger)
	return app.New(ctx, cfg, app.Options{Logger: logger, Version: version})
}

// newGate is a serve.OpenServer for a gate.
func newGate(ctx context.Context, cfg config.Config, logger *slog.Logger) (serve.Server, error) {
	return app.OpenOutpost(ctx, cfg, app.Options{Logger: logger, Version: version})
}

// newWorker is a serve.OpenServer for a worker.
func newWorker(ctx context.Context, cfg config.Config, logger *slog.Logger) (serve.Server, error) {
	app.LimitMemory(ctx, cfg.ForWorker(), logger)
	return app.OpenWorker(ctx, cfg, app.Options{Logger: logger, Version: version})
}

// rotateKey is a ledger.Rotate.
func rotateKey(ctx context.Context, cfg config.Config) (ledger.Rotation, error) {
	r, err := app.RotateKey(ctx, cfg, app.Options{Logger: slog.New(slog.DiscardHandler), Version: version})
	return ledger.Rotation(r), err
}

// move moves a data directory: migrate.Parts.Move.
func move(
	ctx context.Context, cfg config.Config, from string, progress func(step string, done, whole int64),
) (migrate.Moved, error) {
	m, err := app.Migrate(ctx, cfg, app.Migration{From: from, Progress: progress},
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: version})
	out := migrate.Moved{Database: m.Database, Bucket: m.Bucket, Compared: m.Compared, Entries: m.Entries, Records: m.Records,
		Files: m.Files, Sampled: m.Sampled, Waiting: m.Waiting, Before: m.Before, Doubts: m.Doubts, Tables: map[string]int64{}}
	for _, t := range m.Tables {
		out.Tables[t.Table] = t.Rows
		out.Rows += t.Rows
	}
	return out, err
}

// newEngine is a hearing.NewEngine.
func newEngine(path string, m asr.Model, s config.Speech) (asr.Engine, error) {
	return app.NewEngine(path, m, s, app.Options{})
}
