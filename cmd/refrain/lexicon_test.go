package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

func TestLexicon(t *testing.T) {
	t.Parallel()
	shown := refrain(t, "", "lexicon", "show")
	require.Equal(t, console.ExitDone, shown.code, shown.errors)
	good := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(good,
		[]byte(strings.Replace(shown.out, "version: ", "version: mine-", 1)), 0o600))
	checked := refrain(t, "", "lexicon", "check", good)
	require.Equal(t, console.ExitDone, checked.code, checked.errors)
	require.Contains(t, checked.out, "is good: version mine-")

	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("version: x\nclases: []\n"), 0o600))
	refused := refrain(t, "", "lexicon", "check", bad, good)
	require.Equal(t, console.ExitFailed, refused.code)
	require.Contains(t, refused.errors, "bad.yaml:2: ")
	require.Contains(t, refused.out, "is good", "the others are checked all the same")

	server := startServer(t, "127.0.0.1:0")
	require.Contains(t, refrain(t, "", "lexicon", "list", "--server", server).out,
		"none was activated")
	active := refrain(t, "", "lexicon", "activate", good, "--as", "li", "--server", server)
	require.Equal(t, console.ExitDone, active.code, active.errors)
	require.Regexp(t, `^mine-\S+  activated .* by li  \(active\)\n$`, active.out)
	back := refrain(t, "", "lexicon", "activate", "--version", "default", "--server", server)
	require.Equal(t, console.ExitDone, back.code, back.errors)
	listed := refrain(t, "", "lexicon", "list", "--server", server, "--format", "json")
	require.Len(t, lines[output.Activation](t, listed.out), 2)
	require.Equal(t, console.ExitUsage, refrain(t, "", "lexicon", "activate", "--server",
		server).code)
	require.Equal(t, console.ExitFailed,
		refrain(t, "", "lexicon", "activate", bad, "--server", server).code)
}

func TestMatchExplains(t *testing.T) {
	t.Parallel()
	got := refrain(t, "不是没兴趣，我在开车\n", "match", "--explain")
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.out, "没兴趣")
	require.Contains(t, got.out, "negated")
	require.Contains(t, refrain(t, "我没兴趣\n", "match", "--explain", "--format", "json").out,
		`"steps"`)
}
