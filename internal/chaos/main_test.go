package chaos_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/serve"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// clockEnv makes the test binary Refrain itself, whose clock is off by so many nanoseconds. Further
// offsets come on its standard input, a line each; where that ends, so does the program.
const clockEnv = "CHAOS_CLOCK"

func TestMain(m *testing.M) {
	whisper.ExitIfChild()
	if text, ok := os.LookupEnv(clockEnv); ok {
		os.Exit(program(text))
	}
	os.Exit(pgtest.Main(m))
}

// program is cmd/refrain with a clock that is set from outside.
func program(offset string) int {
	clock := &offClock{}
	if err := clock.set(offset); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return console.ExitUsage
	}
	go clock.follow(os.Stdin)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, console.New(nil, os.Stdout, os.Stderr), cli.Parts{
		Version: "chaos", Engine: whisper.EngineName(), Databases: app.Databases{},
		OpenServer: func(ctx context.Context, cfg config.Config, l *slog.Logger) (serve.Server, error) {
			return app.New(ctx, cfg, app.Options{Logger: l, Version: "chaos", Now: clock.now})
		},
		OpenGate: func(ctx context.Context, cfg config.Config, l *slog.Logger) (serve.Server, error) {
			return app.OpenOutpost(ctx, cfg, app.Options{Logger: l, Version: "chaos"})
		},
		OpenWorker: func(ctx context.Context, cfg config.Config, l *slog.Logger) (serve.Server, error) {
			return app.OpenWorker(ctx, cfg, app.Options{Logger: l, Version: "chaos"})
		},
	}, os.Args[1:])
}

// offClock is off by so many nanoseconds.
type offClock struct{ off atomic.Int64 }

func (c *offClock) now() time.Time { return time.Now().Add(time.Duration(c.off.Load())) }

func (c *offClock) set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%s is %q; it must be nanoseconds", clockEnv, text)
	}
	c.off.Store(n)
	return nil
}

// follow sets the clock as it is told, and ends the program with whoever told it.
func (c *offClock) follow(in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if err := c.set(lines.Text()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(console.ExitFailed)
}
