package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/console"
)

// Certificates are made, a server requires them, and a profile makes daily commands short.
func TestOverTLS(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir := filepath.Join(home, "tls")
	at := func(c *console.Console) {
		c.Getenv = func(name string) string { return map[string]string{"HOME": home}[name] }
	}
	run := func(args ...string) result {
		t.Helper()
		return refrainWith(t, at, "", args...)
	}
	must := func(args ...string) string {
		t.Helper()
		got := run(args...)
		require.Equal(t, result{0, got.out, ""}, got)
		return got.out
	}
	require.Contains(t, must("tls", "init", "--out", dir, "--host", "refrain.internal,127.0.0.1"), "require_client_certificate: true")
	must("tls", "client", "li", "--out", dir)
	for _, again := range [][]string{{"init", "--host", "a"}, {"server", "--host", "a"}, {"client", "li"}} {
		got := run(append([]string{"tls"}, append(again, "--out", dir)...)...)
		require.Equal(t, console.ExitFailed, got.code)
		require.Contains(t, got.errors, "is there already")
	}
	for args, want := range map[string]string{
		"init":                     "--host is missing",
		"init --host a:1":          "neither a name nor an IP address",
		"init --host a..b":         "neither a name nor an IP address",
		"client ../li":             "can't be a client's name",
		"client server":            "can't be a client's name",
		"client":                   "give one name",
		"server --host a --out no": "refrain tls init",
	} {
		got := run(append([]string{"tls"}, strings.Fields(args)...)...)
		require.NotZero(t, got.code, args)
		require.Contains(t, got.errors, want, args)
	}
	require.NoDirExists(t, "tls")

	cfg := demoConfig(t.TempDir())
	cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.ClientCA = filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"), filepath.Join(dir, "ca.crt")
	cfg.TLS.RequireClientCertificate = true
	server := startConfigured(t, cfg, app.Options{})
	trust := []string{"--server", server, "--ca", filepath.Join(dir, "ca.crt")}
	mine := slices.Concat(trust, []string{"--cert", filepath.Join(dir, "li.crt"), "--cert-key", filepath.Join(dir, "li.key")})
	require.Contains(t, must(append([]string{"check", "13800138001"}, mine...)...), "may be called")
	for _, args := range [][]string{{"--server", server}, trust} {
		got := run(append([]string{"check", "13800138001"}, args...)...)
		require.Equal(t, console.ExitFailed, got.code, "%v", args)
		require.NotContains(t, got.out, "may be called")
	}

	profiles := filepath.Join(home, ".config", "refrain")
	require.NoError(t, os.MkdirAll(profiles, 0o700))
	text := "server: '" + server + "'\nca: ~/tls/ca.crt\ncert: " + dir + "/li.crt\ncert_key: ../../tls/li.key\nas: li\n"
	text = strings.Replace(text, "~/tls", dir, 1)
	require.NoError(t, os.WriteFile(filepath.Join(profiles, "office.yaml"), []byte(text), 0o600))
	must("freeze", "add", "13800138001", "--reason", "asked us to", "--profile", "office")
	require.NoError(t, os.Rename(filepath.Join(profiles, "office.yaml"), filepath.Join(profiles, "default.yaml")))
	require.Contains(t, must("freeze", "list"), "li")
	require.Contains(t, run("doctor", "--data", cfg.Data).out, "the server's certificate")
}

func TestRotateKeyByHand(t *testing.T) {
	t.Parallel()
	cfg := demoConfig(t.TempDir())
	server := startConfigured(t, cfg, app.Options{})
	require.Zero(t, refrain(t, "", "freeze", "add", "13800138001", "--reason", "asked us to", "--server", server).code)
	got := refrain(t, "", "ledger", "rotate-key", "--data", cfg.Data)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "in use by process")
	empty := t.TempDir()
	got = refrain(t, "", "ledger", "rotate-key", "--data", empty)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "nothing to rotate")
}
