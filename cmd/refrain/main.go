package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/refrain-asr/refrain/asr/whisper"
)

// version is set by the build.
var version = "unknown"

func main() {
	whisper.ExitIfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program: it carries out args and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return newConsole(stdin, stdout, stderr).run(ctx, args)
}
