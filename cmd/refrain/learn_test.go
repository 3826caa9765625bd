package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/lexicon"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/internal/cli/send"
)

// decided is a table of what a delivery company's reviewer decided, so many times.
func decided(t *testing.T, times int) string {
	t.Helper()
	rows := "师傅，东西放门口，不用了\tother\t\tplain\n楼道窄，不用了\tother\t\tplain\n" +
		"师傅，不要了\tother\t\tplain\n不需要，谢谢\trefusal\tno_need\tplain\n" +
		"我没兴趣，别再打了\trefusal\tstop_calling\tplain\n好的\tother\t\tplain\n"
	name := filepath.Join(t.TempDir(), "decided.tsv")
	require.NoError(t, os.WriteFile(name,
		[]byte("text\tlabel\tclass\tkind\n"+strings.Repeat(rows, times)), 0o600))
	return name
}

func TestLearn(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "mine.yaml")
	got := refrain(t, "", "lexicon", "learn", "--from", decided(t, 10), "--out", out)
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.out, "WEIGHT  CONFIRMED  DISMISSED  WHAT\n")
	require.Contains(t, got.out, "learned from 20 confirmed and 30 dismissed suspects of zh-")
	require.Contains(t, got.out, "of 30 false suspects 0 would remain; of 20 true ones 0 would")
	require.Contains(t, got.out, "refrain lexicon backtest "+out+"\n")
	require.Contains(t, got.out, "refrain lexicon activate "+out+"\n")

	checked := refrain(t, "", "lexicon", "check", out)
	require.Equal(t, console.ExitDone, checked.code, checked.errors)
	require.Contains(t, checked.out, "learned from 50 decisions here")
	source, err := os.ReadFile(out)
	require.NoError(t, err)
	off := filepath.Join(t.TempDir(), "off.yaml")
	require.NoError(t, os.WriteFile(off, []byte(strings.Replace(string(source), "enabled: true",
		"enabled: false", 1)), 0o600))
	require.Contains(t, refrain(t, "", "lexicon", "check", off).out, "here (off)")

	again := refrain(t, "", "lexicon", "learn", "--from", decided(t, 10), "--lexicon", out,
		"--format", "json")
	require.Equal(t, console.ExitDone, again.code, again.errors)
	all := strings.Split(strings.TrimSpace(again.out), "\n")
	sum := lines[lexicon.Learned](t, all[len(all)-1])[0]
	require.Equal(t, []int{20, 30, len(all) - 1},
		[]int{sum.Confirmed, sum.Dismissed, sum.Items})
	require.Empty(t, sum.File)
	require.Len(t, lines[lexicon.ItemLine](t, strings.Join(all[:len(all)-1], "\n")), sum.Items)
}

func TestLearnFromDialogues(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "calls.jsonl")
	calls := strings.Repeat(`{"turns":[["agent","不用了吧"],["customer","师傅，放门口，不用了"]]}
{"turns":[["customer","不需要，谢谢"]],"refusal":{"turn":0,"class":"no_need"}}
`, 20)
	require.NoError(t, os.WriteFile(name, []byte(calls), 0o600))
	got := refrain(t, "", "lexicon", "learn", "--from", name)
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.out, "from 20 confirmed and 20 dismissed suspects")
	require.Contains(t, got.out, "nothing was written; write the lexicon with --out FILE")
}

func TestLearnMistakes(t *testing.T) {
	t.Parallel()
	few, dir := decided(t, 2), t.TempDir()
	bad := filepath.Join(dir, "bad.tsv")
	require.NoError(t, os.WriteFile(bad, []byte("text\tlabel\n"), 0o600))
	off := filepath.Join(dir, "off.yaml")
	require.NoError(t, os.WriteFile(off, []byte(otherLexicon), 0o600))
	for _, tt := range []struct {
		args    []string
		code    int
		message string
	}{
		{[]string{"--from", few}, 1, "4 confirmed and 6 dismissed suspects of zh-"},
		{[]string{"--from", few}, 1, "too few: wait for 20 dismissed ones"},
		{[]string{"--from", few, "--force"}, 0, ""},
		{[]string{"--from", "calls.wav"}, 2, "give a .tsv with labelled utterances or a .jsonl"},
		{[]string{"--from", bad}, 1, "line 1"},
		{[]string{"--from", filepath.Join(dir, "none.tsv")}, 1, "no such file"},
		{[]string{"--from", few, "--lexicon", "none.yaml"}, 1, "read the lexicon none.yaml"},
		{[]string{"--from", few, "--lexicon", off}, 1, "there is nothing to correct"},
		{[]string{"--from", few, "--force", "--out", dir}, 2, "is a folder; name a file"},
		{[]string{"--from", few, "--shift", "-4"}, 2, "it must be from -3 to 3"},
		{[]string{"--server", nowhere}, 1, nowhere},
		{[]string{"more"}, 2, "more"},
	} {
		got := refrain(t, "", append([]string{"lexicon", "learn"}, tt.args...)...)
		require.Equal(t, tt.code, got.code, "%s: %s", tt.args, got.errors)
		require.Contains(t, got.errors, tt.message)
	}
}

// TestLearnFromTheServer: decide, learn, try, switch on, and back.
func TestLearnFromTheServer(t *testing.T) {
	t.Parallel()
	server := startServer(t, "127.0.0.1:0")
	run := func(args ...string) result {
		t.Helper()
		return refrain(t, "", append(args, "--server", server)...)
	}
	none := run("lexicon", "learn")
	require.Equal(t, console.ExitFailed, none.code)
	require.Contains(t, none.errors, "none of 0 decisions dismisses a suspect")
	for sample, decision := range map[string]string{
		"01-not-interested.wav": "confirm", "03-stop-calling.wav": "dismiss",
	} {
		sent := run("send", filepath.Join(samplesDir, sample), "--number", "13800138011",
			"--call-id", sample, "--customer-channel", "right", "--answer-offset", "7", "--wait",
			"--format", "json")
		require.Equal(t, console.ExitDone, sent.code, sent.errors)
		suspect := lines[send.JudgedLine](t, sent.out)[0].Suspect
		require.NotNil(t, suspect, sample)
		done := run("review", decision, review.SuspectID(*suspect), "--as", "li")
		require.Equal(t, console.ExitDone, done.code, done.errors)
	}
	require.Contains(t, run("lexicon", "learn").errors, "1 confirmed and 1 dismissed suspects")
	out := filepath.Join(t.TempDir(), "mine.yaml")
	got := run("lexicon", "learn", "--force", "--out", out)
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.out, "from 1 confirmed and 1 dismissed suspects of zh-")
	tried := run("lexicon", "backtest", out)
	require.Equal(t, console.ExitDone, tried.code, tried.errors)
	require.Contains(t, tried.out, "2 recordings judged again")
	active := run("lexicon", "activate", out)
	require.Equal(t, console.ExitDone, active.code, active.errors)
	again := run("lexicon", "learn", "--force", "--format", "json")
	require.Equal(t, console.ExitDone, again.code, again.errors)
	require.Equal(t, console.ExitDone, run("lexicon", "activate", "--version", "default").code)
}
