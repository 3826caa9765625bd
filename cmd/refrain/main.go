package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
)

// version is set by the build.
var version = "unknown"

func main() {
	whisper.ExitIfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, newConsole(os.Stdin, os.Stdout, os.Stderr), os.Args[1:]))
}

// run is the program: it carries out args and returns the exit code.
func run(ctx context.Context, c *console, args []string) int {
	return runProgram(ctx, c, parts{
		Version: version, Engine: whisper.EngineName(), OpenServer: newServer, OpenEngine: newEngine,
	}, args)
}

// newServer opens a server; it implements openServer.
func newServer(ctx context.Context, cfg config.Config, logger *slog.Logger) (server, error) {
	return app.New(ctx, cfg, app.Options{Logger: logger})
}

// newEngine starts the speech process; it implements openEngine.
func newEngine(ctx context.Context, cfg engineConfig) (engine, error) {
	return whisper.Start(ctx, whisper.Config{
		ModelPath: cfg.ModelPath, Model: cfg.Model, States: cfg.States, Threads: cfg.Threads,
		Language: cfg.Language,
	})
}
