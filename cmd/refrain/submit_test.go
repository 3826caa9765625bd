package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/batch"
	"github.com/refrain-asr/refrain/internal/cli/recording"
	"github.com/refrain-asr/refrain/internal/config"
)

// An archive is handed to a server as if recorders had sent it: once, in place where the server knows the
// place, behind what is live, and nothing outside of the data directory changes.
func TestSubmit(t *testing.T) {
	t.Parallel()
	dir := generated(t, 6) // three files, and three in an archive
	elsewhere := filepath.Join(t.TempDir(), "out-13800138077-8001-20261127-091500-1764.77.wav")
	one, err := os.ReadFile(filepath.Join(dir, "out-13800138000-8001-20261127-091500-1764.0.wav"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(elsewhere, one, 0o600))
	before := snapshot(t, dir)

	cfg := config.Default()
	cfg.Speech.Model, cfg.Data = "demo", t.TempDir()
	cfg.GRPC.Address, cfg.HTTP.Address = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Intake.Archives = []string{dir}
	cfg.Intake.MostBacklog = 2 // so that it has to wait again and again
	server := startConfigured(t, cfg, app.Options{})
	submit := func() (each []batch.Submitted, sum batch.SubmitSummary) {
		got := refrain(t, "", "batch", dir, elsewhere, "--preset", "asterisk-mixmonitor", "--submit",
			"--server", server, "--format", "json")
		require.Zero(t, got.code, got.errors)
		text := strings.TrimSpace(got.out)
		at := strings.LastIndex(text, "\n")
		return lines[batch.Submitted](t, text[:at+1]), lines[batch.SubmitSummary](t, text[at+1:])[0]
	}
	each, sum := submit()
	require.Equal(t, batch.SubmitSummary{Calls: 7, New: 7, InPlace: 3}, sum)
	require.Len(t, each, 7)
	for _, e := range each {
		require.Nil(t, e.Error)
		require.Equal(t, e.Member == nil && e.File != elsewhere, e.InPlace, e.File)
	}
	_, sum = submit()
	require.Equal(t, batch.SubmitSummary{Calls: 7, Known: 7}, sum, "it is there already")

	listed := lines[recording.Line](t, refrain(t, "", "recording", "list", "--server", server,
		"--format", "json").out)
	require.Len(t, listed, 7)
	for _, r := range listed {
		require.Equal(t, "backlog", r.Priority)
		require.Equal(t, "archive", r.Source)
	}
	require.Equal(t, before, snapshot(t, dir), "the archive stays as it is")
	unnamed := refrain(t, "", "batch", dir, "--submit", "--server", server)
	require.Equal(t, 1, unnamed.code)
	require.Contains(t, unnamed.errors, "name a --preset")
	require.Equal(t, 2, refrain(t, "", "batch", dir, "--submit", "--out", "x.jsonl").code)
}

// snapshot is what lies in a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var b []byte
			b, err = os.ReadFile(path)
			all[path] = string(b)
		}
		return err
	}))
	return all
}
