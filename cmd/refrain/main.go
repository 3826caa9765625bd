package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/serve"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/internal/config"
)

// version is set by the build.
var version = "unknown"

func main() {
	whisper.ExitIfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, console.New(os.Stdin, os.Stdout, os.Stderr), os.Args[1:]))
}

// run is the program: it carries out args and returns the exit code.
func run(ctx context.Context, c *console.Console, args []string) int {
	return cli.Run(ctx, c, cli.Parts{
		Version: version, Engine: whisper.EngineName(), OpenServer: newServer,
		OpenEngine: newEngine,
	}, args)
}

// newServer is a serve.OpenServer.
func newServer(ctx context.Context, cfg config.Config, logger *slog.Logger) (serve.Server, error) {
	return app.New(ctx, cfg, app.Options{Logger: logger})
}

// newEngine is a transcribe.OpenEngine: it starts the speech process.
func newEngine(ctx context.Context, cfg transcribe.EngineConfig) (transcribe.Engine, error) {
	return whisper.Start(ctx, whisper.Config{
		ModelPath: cfg.ModelPath, Model: cfg.Model, States: cfg.States, Threads: cfg.Threads,
		Language: cfg.Language,
	})
}
