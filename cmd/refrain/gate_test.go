package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
)

// A gate beside a dialler, as its operator starts it and its dialler asks it.
func TestGate(t *testing.T) {
	t.Parallel()
	server := startServer(t, "127.0.0.1:0")
	key := func(name, role string, args ...string) string {
		t.Helper()
		got := refrain(t, "", append([]string{"key", "add", name, "--role", role, "--server", server}, args...)...)
		require.Zero(t, got.code, got.errors)
		return strings.TrimSpace(got.out)
	}
	admin := key("ops", "admin")
	dialler := key("pbx-1", "dialler", "--key", admin)
	dir := t.TempDir()
	file := filepath.Join(dir, "gate.key")
	require.NoError(t, os.WriteFile(file, []byte(key("gate-1", "gate", "--key", admin)+"\n"), 0o600))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		done <- run(ctx, console.New(strings.NewReader(""), &bytes.Buffer{}, &log), []string{"gate", "--server", server,
			"--key-file", file, "--snapshot", filepath.Join(dir, "gate.db"), "--grpc", addr, "--http", "127.0.0.1:0"})
	}()
	defer func() {
		stop()
		require.Zero(t, <-done, log.String())
	}()
	frozen := refrain(t, "", "freeze", "add", "13800138001", "--reason", "asked for it", "--server", server, "--key", admin)
	require.Zero(t, frozen.code, frozen.errors)
	ask := func(number string) result {
		return refrain(t, "", "check", number, "--server", addr, "--key", dialler)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(ask("13800138001").out, "asked for it") ||
			strings.Contains(ask("13800138001").out, "frozen")
	}, time.Minute, 10*time.Millisecond)
	got := ask("13800138002")
	require.Zero(t, got.code, got.errors)
	require.NotContains(t, got.out, "frozen")
}
