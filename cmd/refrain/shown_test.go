package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/config"
)

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Names from outside are shown: they neither steer a terminal nor tell a number. JSON keeps them.
func TestNamesFromOutside(t *testing.T) {
	t.Parallel()
	const full = "13912345678"
	cfg, log := config.Default(), &safeBuffer{}
	cfg.Speech.Model = "demo"
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
	server := startConfigured(t, cfg, app.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	run := func(args ...string) string {
		t.Helper()
		got := refrain(t, "", append(args, "--server", server)...)
		require.Equal(t, console.ExitDone, got.code, "%q: %s", args, got.errors)
		return got.out
	}
	const evil, bidi = "\x1b[31m\u009b2J", "\u202eabc\u2066"
	call, agent, line := "20261128-"+full+"-1", "agent "+full+bidi, "trunk-"+full+bidi
	start := time.Now().Add(-time.Minute).Format(time.RFC3339)
	texts := run("call", "report", call, "--number", full, "--start", start, "--outcome", "rejected", "--agent", agent, "--line", line)
	texts += run("send", filepath.Join(samplesDir, "02-not-listening.wav"), "--number", full, "--call-id", call,
		"--agent", agent, "--line", line, "--customer-channel", "right", "--wait")
	shown := run("review", "list", "--format", "json")
	texts += run("review", "list") + run("call", "list") + run("recording", "list") + run("call", "show", call)
	var suspect struct{ Suspect, Agent, Line string }
	require.NoError(t, json.Unmarshal([]byte(shown), &suspect))
	require.Equal(t, []string{agent, line}, []string{suspect.Agent, suspect.Line}, "JSON is what it is")
	texts += run("review", "show", suspect.Suspect)
	texts += run("review", "confirm", suspect.Suspect, "--note", "said so"+bidi) + run("review", "show", suspect.Suspect)
	texts += run("freeze", "add", full, "--reason", "x"+bidi, "--line", line, "--for", "1h") + run("freeze", "list")
	texts += run("freeze", "export")
	for _, raw := range []string{"\x1b", "\u009b", "\u202e", "\u2066", full} {
		require.NotContains(t, texts, raw)
		require.NotContains(t, log.String(), raw)
	}
	for _, raw := range []string{"\x1b", "\u009b", "\u202e", "\u2066"} {
		require.NotContains(t, shown, raw)
	}
	require.Contains(t, texts, "20261128-139****5678-1")
	require.Contains(t, texts, `trunk-139****5678\u202eabc\u2066`)
	require.Contains(t, log.String(), "call=20261128-139****5678-1")
	failed := refrain(t, "", "call", "show", "x"+evil, "--server", server)
	require.Equal(t, console.ExitFailed, failed.code)
	require.NotContains(t, failed.errors, "\x1b")
	require.Contains(t, failed.errors, `\u001b[31m`)
}

// What a server judges by is what it shows.
func TestShowsTheLexiconInForce(t *testing.T) {
	t.Parallel()
	server, mine := startServer(t, "127.0.0.1:0"), filepath.Join(t.TempDir(), "mine.yaml")
	run := func(args ...string) result { return refrain(t, "", append(args, "--server", server)...) }
	shipped := refrain(t, "", "lexicon", "show", "--shipped")
	require.Equal(t, shipped.out, run("lexicon", "show").out)
	require.NoError(t, os.WriteFile(mine, []byte(strings.Replace(shipped.out, "version: ", "version: acme-1", 1)), 0o600))
	require.Equal(t, console.ExitDone, run("lexicon", "activate", mine).code)
	got := run("lexicon", "show")
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.out, "version: acme-1")
	require.Contains(t, run("lexicon", "show", "--format", "json").out, `"version":"acme-1`)
	require.Equal(t, console.ExitDone, run("lexicon", "activate", "--version", "default").code)
	require.Equal(t, console.ExitDone, run("lexicon", "activate", mine).code)
	require.Equal(t, 1, strings.Count(run("lexicon", "list").out, "(active)"))
	gone := refrain(t, "", "lexicon", "show", "--server", "127.0.0.1:1")
	require.Equal(t, console.ExitFailed, gone.code, "whoever names a server wants its lexicon")
	require.Empty(t, gone.out)
}

// The doctor says what is wrong and what to do.
func TestDoctor(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	well := refrain(t, "", "doctor", "--server", server, "--data", dir)
	require.Equal(t, console.ExitDone, well.code, well.out+well.errors)
	require.Regexp(t, `(?m)^ok +server +\S`, well.out)
	require.Regexp(t, `(?m)^warning +backup +nobody tells of one; make backups with refrain backup, or touch`, well.out)
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "refrain.db"), []byte("x"), 0o600))
	ill := refrain(t, "", "doctor", "--server", "127.0.0.1:1", "--data", dir)
	require.Equal(t, console.ExitFailed, ill.code)
	require.Regexp(t, `(?m)^wrong +data directory .* can be written by others .*; chmod 700 `, ill.out)
	require.Regexp(t, `(?m)^wrong +ledger.key +is missing.*; put it back from where you keep a copy`, ill.out)
	require.Regexp(t, `(?m)^wrong +server +no server can be reached`, ill.out)
	broken := filepath.Join(dir, "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("nothing: x"), 0o600))
	unread := refrain(t, "", "doctor", "--server", server, "--config", broken)
	require.Contains(t, unread.out, "; mend "+broken+" or the environment")
	require.Regexp(t, `(?m)^warning +data directory, model, ffmpeg +were not looked at`, unread.out)
	require.Equal(t, 3, strings.Count(refrain(t, "", "doctor", "--server", "127.0.0.1:1", "--data", dir, "--format", "json").out, `"wrong"`))
}

// What the README does in five minutes needs only what is shipped.
func TestShippedTables(t *testing.T) {
	t.Parallel()
	server, out := startServer(t, "127.0.0.1:0"), filepath.Join(t.TempDir(), "allowed.csv")
	run := func(args ...string) {
		t.Helper()
		got := refrain(t, "", append(args, "--server", server)...)
		require.Equal(t, console.ExitDone, got.code, "%q: %s%s", args, got.out, got.errors)
	}
	run("call", "import", "../../samples/cdr.csv")
	run("check", "--file", "../../samples/campaign.csv", "--out", out)
	run("complaint", "import", "../../samples/complaints.csv")
}
