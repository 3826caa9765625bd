package main

import (
	"archive/zip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
)

// Periods, holds, and what a person may ask for, from the command line.
func TestRetentionAndPerson(t *testing.T) {
	t.Parallel()
	cfg := demoConfig(t.TempDir())
	cfg.Privacy.Reveal = []string{"dpo"}
	server := startConfigured(t, cfg, app.Options{})
	must := func(args ...string) string {
		t.Helper()
		got := refrain(t, "", append(args, "--server", server, "--as", "dpo")...)
		require.Equal(t, result{0, got.out, ""}, got)
		return got.out
	}
	must("freeze", "add", "13800138002", "--reason", "asked us to")
	require.Eventually(t, func() bool { // what is over is erased at the start, which refuses others meanwhile
		return refrain(t, "", "retention", "run", "--server", server, "--as", "dpo").code == 0
	}, time.Minute, 50*time.Millisecond)
	shown := must("retention", "show")
	require.Regexp(t, `audio +90d +30d\n`, shown)
	require.Regexp(t, `calls +400d`, shown)
	require.Regexp(t, `backups +not told\n`, shown)
	_, over, _ := strings.Cut(shown, "over now:")
	require.Regexp(t, `\naudit +\d+`, over)
	dry := must("retention", "run", "--dry-run")
	require.Contains(t, dry, "nothing was")
	require.Regexp(t, `\naudit +\d+`, dry)
	require.Contains(t, must("retention", "run", "--format", "json"), `{"kind":"audio","count":0,"bytes":0,"held_count":0,"held_bytes":0}`)

	hold := regexp.MustCompile(`holds/\w+`).FindString(must("hold", "add", "--number", "13800138002", "--reason", "a dispute"))
	require.Contains(t, must("hold", "list"), "138****8002")
	got := refrain(t, "", "person", "erase", "13800138002", "--reason", "x", "--server", server, "--as", "dpo")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.errors, "refrain hold release "+hold)
	must("hold", "release", hold, "--reason", "settled")
	require.Equal(t, "no holds\n", must("hold", "list"))

	file := filepath.Join(t.TempDir(), "held.zip")
	must("person", "export", "13800138002", "--reason", "asked to see it", "--out", file)
	z, err := zip.OpenReader(file)
	require.NoError(t, err)
	require.Equal(t, "person.json", z.File[0].Name)
	require.NoError(t, z.Close())
	certificate := must("person", "erase", "13800138002", "--reason", "asked us to")
	require.Contains(t, certificate, "is a pseudonym")
	require.Contains(t, certificate, "A freeze stands")
	require.Contains(t, certificate, "retention.backups")
	require.Contains(t, must("freeze", "export", "--full", "--why", "the list moves"), "pseudonym:")
	require.Contains(t, refrain(t, "", "check", "13800138002", "--server", server).out, "frozen")
	must("freeze", "verify")

	got = refrain(t, "", "person", "export", "13800138002", "--reason", "asked to see it", "--out", file+"2",
		"--server", server, "--as", "dpo")
	require.Equal(t, 0, got.code, got.errors)
	require.Contains(t, got.errors, "this person was erased on ")
	require.Regexp(t, `(?m)^erased +manual`, must("freeze", "list"))
	require.Contains(t, must("freeze", "release", "13800138002", "--reason", "wants loans again"), "138****8002 is released: ")
}
