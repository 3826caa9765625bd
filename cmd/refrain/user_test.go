package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/app/apptest"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/config"
)

// user is somebody at a console, in an empty directory and with a server of their own.
// Both have the same clock, which goes on by a minute with each command.
type user struct {
	t           *testing.T
	server, dir string
	clock       atomic.Int64
	// log is what was typed and what came out, without what is another in every run.
	log strings.Builder
}

// begun is when a user sits down: 10:00 on a Thursday, in Beijing.
var begun = time.Date(2026, 3, 5, 2, 0, 0, 0, time.UTC)

func newUser(t *testing.T, change func(*config.Config)) *user {
	t.Helper()
	u := &user{t: t, dir: t.TempDir()}
	u.clock.Store(begun.Unix())
	cfg := config.Default()
	cfg.Speech.Model = "demo"
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
	if change != nil {
		change(&cfg)
	}
	u.server = startConfigured(t, cfg, app.Options{Now: u.now})
	return u
}

func (u *user) now() time.Time { return time.Unix(u.clock.Load(), 0) }

// run runs a command. What begins with @ is a file of the user's.
func (u *user) run(args ...string) result {
	u.t.Helper()
	typed := strings.Join(args, " ")
	for i, arg := range args {
		if name, ok := strings.CutPrefix(arg, "@"); ok {
			args[i] = u.path(name)
		}
	}
	u.clock.Add(60)
	got := refrainWith(u.t, func(c *console.Console) { c.Now = u.now }, "",
		append(args, "--server", u.server)...)
	fmt.Fprintf(&u.log, "$ refrain %s\n%s%s", u.plain(typed), u.plain(got.out), u.plain(got.errors))
	if got.code != console.ExitDone {
		fmt.Fprintf(&u.log, "-> %d\n", got.code)
	}
	u.log.WriteString("\n")
	return got
}

// must runs a command that has nothing to complain of.
func (u *user) must(args ...string) string {
	u.t.Helper()
	got := u.run(args...)
	require.Equal(u.t, result{console.ExitDone, got.out, ""}, got)
	return got.out
}

var (
	ulids = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{26}\b`)
	macs  = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	// clocks are times on this machine's clock, and not those with a zone.
	clocks = regexp.MustCompile(`\b20\d\d-\d\d-\d\d \d\d:\d\d\b( \(Beijing time\)|（北京时间）)?`)
)

// plain leaves out what is another in every run, or on every machine.
func (u *user) plain(text string) string {
	text = strings.ReplaceAll(text, u.dir+string(filepath.Separator), "")
	text = ulids.ReplaceAllString(text, "01ULIDULIDULIDULIDULIDULID")
	text = macs.ReplaceAllString(text, "MAC")
	return clocks.ReplaceAllStringFunc(text, func(at string) string {
		const hidden = "2026-MM-DD hh:mm"
		if len(at) > len(hidden) {
			return at
		}
		return hidden
	})
}

func (u *user) path(name string) string { return filepath.Join(u.dir, name) }

func (u *user) write(name, text string) {
	u.t.Helper()
	require.NoError(u.t, os.WriteFile(u.path(name), []byte(text), 0o600))
}

func (u *user) read(name string) string {
	u.t.Helper()
	b, err := os.ReadFile(u.path(name))
	require.NoError(u.t, err)
	return string(b)
}

// show puts a file into the log.
func (u *user) show(name string) {
	u.t.Helper()
	fmt.Fprintf(&u.log, "$ cat %s\n%s\n", name, u.plain(u.read(name)))
}

// golden compares the log with a file in testdata.
func (u *user) golden(name string) {
	u.t.Helper()
	golden(u.t, name, u.log.String())
}

// startConfigured runs a server until the test ends, and returns its address.
func startConfigured(t *testing.T, cfg config.Config, o app.Options) string {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(),
			&slog.HandlerOptions{Level: slog.LevelError}))
	}
	if o.Through == nil {
		o.Through = apitest.HearOnce
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	apptest.Tables(t, cfg)
	a, err := app.New(ctx, cfg, o)
	if err != nil {
		cancel()
		require.NoError(t, err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return a.GRPCAddr()
}
