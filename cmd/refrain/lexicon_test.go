package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/lexicon"
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
	tried := refrain(t, "", "reprocess", "--try", good, "--server", server)
	require.Equal(t, console.ExitDone, tried.code, tried.errors)
	require.Contains(t, tried.out, "judged again by lexicon mine-")
	require.Contains(t, refrain(t, "", "reprocess", "list", "--format", "json", "--server", server).out, `"trial":true`)
	require.Equal(t, console.ExitUsage, refrain(t, "", "reprocess", "--try", good, "--apply", "--server", server).code)
	require.Contains(t, refrain(t, "", "reprocess", "--try", bad, "--server", server).errors, "lexicon_source")
	require.Contains(t, refrain(t, "", "lexicon", "list", "--server", server).out, "none was activated")
	active := refrain(t, "", "lexicon", "activate", good, "--as", "li", "--server", server)
	require.Equal(t, console.ExitDone, active.code, active.errors)
	require.Regexp(t, `^mine-\S+  activated .* by li  \(active\)\n$`, active.out)
	back := refrain(t, "", "lexicon", "activate", "--version", "default", "--server", server)
	require.Equal(t, console.ExitDone, back.code, back.errors)
	listed := refrain(t, "", "lexicon", "list", "--server", server, "--format", "json")
	require.Len(t, lines[output.Activation](t, listed.out), 2)
	require.Equal(t, console.ExitUsage, refrain(t, "", "lexicon", "activate", "--server",
		server).code)
	wrong := refrain(t, "", "lexicon", "activate", bad, "--server", server)
	require.Equal(t, console.ExitFailed, wrong.code)
	require.Contains(t, wrong.errors, bad+": ")
}

// folder writes files of a lexicon into a folder of their own.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

const (
	head   = "version: v1\nlearned: off\n"
	noNeed = "id: no_need\nlabel: 不需要\nfreeze: 60d\nphrases:\n" +
		"  - {text: 不需要, finds: 我不需要, skips: 需要一个}\n  - {text: 够了, finds: 够了够了}\n"
	labels = "text\tlabel\tclass\tkind\n我不需要\trefusal\tno_need\tplain\n够了\tother\t\tplain\n"
)

func TestLexiconFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"lexicon.yaml": head, "no_need.yaml": noNeed})
	checked := refrain(t, "", "lexicon", "check", dir)
	require.Equal(t, console.ExitDone, checked.code, checked.errors)
	require.Contains(t, checked.out, "2 phrases and patterns, 3 sentences found or skipped")

	server := startServer(t, "127.0.0.1:0")
	active := refrain(t, "", "lexicon", "activate", dir, "--server", server)
	require.Equal(t, console.ExitDone, active.code, active.errors)
	require.Contains(t, active.out, "v1+")

	wrong := strings.Replace(noNeed, "finds: 我不需要", "finds: 好的", 1)
	bad := folder(t, map[string]string{"lexicon.yaml": head, "no_need.yaml": wrong})
	refused := refrain(t, "", "lexicon", "check", bad)
	require.Equal(t, console.ExitFailed, refused.code)
	require.Contains(t, refused.errors, filepath.Join(bad,
		"no_need.yaml")+`:5: problem: phrase "不需要"`)
	none := refrain(t, "", "lexicon", "check", t.TempDir())
	require.Equal(t, console.ExitFailed, none.code)
	require.Contains(t, none.errors, "the folder has no lexicon.yaml")
}

func TestLexiconMeasure(t *testing.T) {
	t.Parallel()
	talk := folder(t, map[string]string{"a.txt": strings.Repeat("好的\n够了\n", 10),
		"b.tsv": labels})
	measure := func(name string, more ...string) result {
		args := []string{"lexicon", "measure", name, "--labelled", talk, "--ordinary", talk}
		return refrain(t, "", append(args, more...)...)
	}
	dir := folder(t, map[string]string{"lexicon.yaml": head, "no_need.yaml": noNeed})
	file := filepath.Join(folder(t, nil), "one.yaml")
	joined := head + "classes:\n  -\n    " + strings.ReplaceAll(noNeed, "\n", "\n    ") + "\n"
	require.NoError(t, os.WriteFile(file, []byte(joined), 0o600))
	for _, name := range []string{dir, file, file} { // a second time counts the same
		got := measure(name)
		require.Equal(t, console.ExitDone, got.code, got.errors)
		require.Contains(t, got.out, "weighs 0.17, found in 0 refusals, 1 others and 10 lines")
		require.Contains(t, got.out, "2 phrases measured in 1 refusals, 1 others and 20 lines")
		checked := refrain(t, "", "lexicon", "check", name)
		require.Equal(t, console.ExitDone, checked.code, checked.errors)
		require.Contains(t, checked.out, "measured in 22 lines")
	}
	counts := lines[lexicon.CountLine](t, measure(dir, "--format", "json").out)
	require.Len(t, counts, 2)
	require.Equal(t, 1, counts[0].Refusals)
	require.Equal(t, 5, counts[0].Line)
	require.Equal(t, console.ExitUsage, refrain(t, "", "lexicon", "measure", dir, "--labelled",
		talk).code)
	require.Equal(t, console.ExitFailed, measure(filepath.Join(dir, "nonesuch")).code)
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
