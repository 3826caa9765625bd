package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/backup"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/config"
)

func demoConfig(dir string) config.Config {
	cfg := config.Default()
	cfg.Speech.Model = "demo"
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = dir, "127.0.0.1:0", "127.0.0.1:0"
	return cfg
}

// A backup that is made while freezes and uploads come in is checked, put back, and served.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir, root := t.TempDir(), t.TempDir()
	server := startConfigured(t, demoConfig(dir), app.Options{})
	must := func(args ...string) string {
		t.Helper()
		got := refrain(t, "", args...)
		require.Equal(t, result{0, got.out, ""}, got)
		return got.out
	}
	call := filepath.Join(samplesDir, "01-not-interested.wav")
	must("send", call, "--number", "13800138001", "--call-id", "before", "--server", server)
	must("freeze", "add", "13800138002", "--reason", "asked us to", "--server", server)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 10 {
			refrain(t, "", "send", call, "--number", "13800138003", "--call-id", fmt.Sprint("during-", i),
				"--server", server)
			refrain(t, "", "freeze", "add", fmt.Sprintf("1390013%04d", i), "--reason", "x", "--server", server)
		}
	})
	first, second := filepath.Join(root, "1"), filepath.Join(root, "2")
	out := must("backup", first, "--data", dir)
	require.Contains(t, out, "ledger.key is not in it")
	wg.Wait()
	var line backup.Line
	require.NoError(t, json.Unmarshal([]byte(must("backup", second, "--data", dir, "--previous", first,
		"--with-key", "--format", "json")), &line))
	require.EqualValues(t, 11, line.Entries)
	require.EqualValues(t, 11, line.Recordings)
	require.Positive(t, line.Linked)
	require.EqualValues(t, 11, line.Linked+line.Copied)

	key := filepath.Join(dir, "ledger.key")
	require.Contains(t, must("backup", "verify", first), "the ledger was not verified")
	require.Contains(t, must("backup", "verify", first, "--key", key), "the ledger too")
	require.Contains(t, must("backup", "verify", second), "the ledger too")
	if sha256sum, err := exec.LookPath("sha256sum"); err == nil {
		cmd := exec.CommandContext(t.Context(), sha256sum, "-c", "--quiet", "SHA256SUMS")
		cmd.Dir = second
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
	}

	got := refrain(t, "", "restore", second, "--data", dir)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "is not empty")
	restored := filepath.Join(root, "restored")
	require.Contains(t, must("restore", second, "--data", restored),
		"the ledger is whole and unchanged")
	server = startConfigured(t, demoConfig(restored), app.Options{})
	require.Contains(t, must("freeze", "verify", "--server", server), "11 entries, whole and unchanged")
	got = refrain(t, "", "check", "13800138002", "--server", server)
	require.Contains(t, got.out, "may not be called")

	damage(t, second)
	got = refrain(t, "", "backup", "verify", second)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.out, "wrong: audio/")
	got = refrain(t, "", "restore", second, "--data", filepath.Join(root, "again"))
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "wrong: audio/")
	require.NoDirExists(t, filepath.Join(root, "again"))
}

// A backup that lets somebody in is put back only by who says how that is to be, and then tells of whom.
func TestRestoreAsksWhomToLetIn(t *testing.T) {
	t.Parallel()
	dir, root := t.TempDir(), t.TempDir()
	server := startConfigured(t, demoConfig(dir), app.Options{})
	got := refrain(t, "", "key", "add", "boss", "--role", "admin", "--server", server)
	require.Zero(t, got.code, got.errors)
	to, restored := filepath.Join(root, "1"), filepath.Join(root, "restored")
	require.Zero(t, refrain(t, "", "backup", to, "--data", dir, "--with-key").code)
	got = refrain(t, "", "key", "revoke", "boss", "--reason", "leaked", "--data", dir)
	require.Zero(t, got.code, got.errors)

	got = refrain(t, "", "restore", to, "--data", restored)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "let in: key boss, admin")
	require.Contains(t, got.errors, "--former DIR")
	require.NoDirExists(t, restored)
	got = refrain(t, "", "restore", to, "--data", restored, "--former", dir, "--keep-access")
	require.NotZero(t, got.code)
	got = refrain(t, "", "restore", to, "--data", restored, "--former", dir)
	require.Zero(t, got.code, got.errors)
	require.NotContains(t, got.out, "boss")
	got = refrain(t, "", "restore", to, "--data", filepath.Join(root, "again"), "--keep-access")
	require.Zero(t, got.code, got.errors)
	require.Contains(t, got.out, "let in: key boss, admin")
	require.Contains(t, got.out, "works again")
}

// damage changes a file of audio in a backup.
func damage(t *testing.T, dir string) {
	t.Helper()
	var one string
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, "audio"),
		func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				one = path
			}
			return err
		}))
	b, err := os.ReadFile(one)
	require.NoError(t, err)
	b[len(b)/2] ^= 1
	require.NoError(t, os.WriteFile(one, b, 0o600))
}

// A configured data directory is backed up where none is named; and wrong use is told.
func TestBackupUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "refrain.yaml")
	require.NoError(t, os.WriteFile(file, []byte("data: "+filepath.Join(dir, "none")+"\n"), 0o600))
	got := refrain(t, "", "backup", filepath.Join(dir, "b"), "--config", file)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "there is no database in the data directory "+
		filepath.Join(dir, "none"))
	for _, args := range []string{"backup", "backup a b", "backup verify", "restore", "restore a b",
		"backup a --keys x", "serve --accept everything"} {
		got := refrain(t, "", strings.Fields(args)...)
		require.Equal(t, console.ExitUsage, got.code, args)
	}
}
