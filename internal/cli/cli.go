package cli

import (
	"context"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/ledger"
	"github.com/refrain-asr/refrain/internal/cli/migrate"
	"github.com/refrain-asr/refrain/internal/cli/serve"
)

// Parts are what commands need and only the whole program can make.
type Parts struct {
	// Version and Engine are what the program and its speech engine call themselves, for --version.
	Version, Engine string
	// OpenServer and NewEngine make what serve, demo and transcribe run.
	OpenServer serve.OpenServer
	NewEngine  hearing.NewEngine
	// OpenGate makes what gate runs.
	OpenGate serve.OpenServer
	// OpenWorker makes what worker runs.
	OpenWorker serve.OpenServer
	// Databases does what backup and restore do with database files.
	Databases backup.Database
	// Migrate is what is done with PostgreSQL.
	Migrate migrate.Parts
	// RotateKey rotates the ledger's key.
	RotateKey ledger.Rotate
}

// Run carries out args and returns the exit code.
func Run(ctx context.Context, c *console.Console, p Parts, args []string) int {
	root := newRoot(c, p)
	root.SetArgs(args)
	root.SetIn(c.In)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	cmd, err := root.ExecuteContextC(ctx)
	return c.Exit(ctx, cmd, err)
}
