package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/recording"
	"github.com/refrain-asr/refrain/internal/cli/status"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// What can't be heard is parked, shown, and tried again by name and all at once.
func TestRecordingsAndStatus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, err := os.ReadFile(testcall.ModelPath())
	require.NoError(t, err)
	cfg := config.Default()
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = dir, "127.0.0.1:0", "127.0.0.1:0"
	cfg.Speech.Model = filepath.Join(dir, "ggml-broken.bin")
	require.NoError(t, os.WriteFile(cfg.Speech.Model, model[:len(model)*2/3], 0o600))
	server := startConfigured(t, cfg, app.Options{Version: "1.2.3"})
	run := func(args ...string) result {
		t.Helper()
		return refrain(t, "", append(args, "--server", server)...)
	}
	must := func(args ...string) string {
		t.Helper()
		got := run(args...)
		require.Equal(t, result{0, got.out, ""}, got)
		return got.out
	}
	file := filepath.Join(samplesDir, "01-not-interested.wav")
	manifest := filepath.Join(dir, "calls.csv")
	abs, err := filepath.Abs(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(manifest, []byte("file,call_id,number,source,line,priority\n"+
		abs+",c1,13800138001,a,trunk-7,backlog\n"+abs+",c2,13800138002,a,,\n"), 0o600))
	require.Equal(t, 1, run("send", "--manifest", manifest, "--source", "b", "--wait").code)
	got := run("send", file, "--number", "13800138003", "--call-id", "c3", "--priority", "backlog",
		"--line", "trunk-8", "--source", "b", "--wait")
	require.Contains(t, got.errors, "it can't be transcribed")

	type row struct{ call, source, line, priority, state, reason string }
	list := func(args ...string) (rows []row, names []string) {
		t.Helper()
		for _, l := range lines[recording.Line](t, must(append([]string{"recording", "list", "--format",
			"json"}, args...)...)) {
			rows = append(rows, row{l.CallID, l.Source, l.Line, l.Priority, l.State, *l.Reason})
			names = append(names, l.Recording)
		}
		return rows, names
	}
	c1 := row{"c1", "a", "trunk-7", "backlog", "parked", "SPEECH_FAILED"}
	c2 := row{"c2", "a", "", "live", "parked", "SPEECH_FAILED"}
	c3 := row{"c3", "b", "trunk-8", "backlog", "parked", "SPEECH_FAILED"}
	for _, tt := range []struct {
		args []string
		want []row
	}{
		{nil, []row{c3, c2, c1}},
		{[]string{"--state", "parked", "--limit", "2"}, []row{c3, c2}},
		{[]string{"--state", "done"}, nil},
		{[]string{"--source", "a"}, []row{c2, c1}},
		{[]string{"--line", "trunk-7"}, []row{c1}},
		{[]string{"--priority", "backlog"}, []row{c3, c1}},
		{[]string{"--reason", "SPEECH_FAILED", "--call-id", "c2"}, []row{c2}},
	} {
		got, _ := list(tt.args...)
		require.Equal(t, tt.want, got, "%v", tt.args)
	}
	_, names := list()
	require.Contains(t, must("recording", "list"), "SPEECH_FAILED")
	require.Equal(t, "no recordings\n", must("recording", "list", "--state", "running"))
	require.Contains(t, must("recording", "show", names[0]), "ggml-broken.bin")
	require.Equal(t, c3.line, lines[recording.Line](t, must("recording", "show", names[0], "--format",
		"json"))[0].Line)
	require.Contains(t, must("recording", "show", "c3"), names[0], "by its call, as audio takes it")
	require.Contains(t, must("recording", "show", "c3", "--transcript"), "What was said is shown once it is done.")
	require.Contains(t, must("recording", "show", "c3", "--transcript", "--format", "json"),
		`"hits":null,"transcript":null,"agent_transcript":null`)
	unknown := run("recording", "show", "none")
	require.Equal(t, 1, unknown.code)
	require.Contains(t, unknown.errors, "there is no such recording; see those that there are with: refrain recording list")
	require.Contains(t, run("review", "show", "none").errors, "with: refrain review list")

	got = run("recording", "retry", names[0], "none")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.out, names[0]+": queued")
	require.Contains(t, got.errors, "none: ")
	require.Contains(t, must("send", file, "--number", "13800138003", "--call-id", "c3", "--source", "b"),
		"it was there already")
	require.Equal(t, "0 parked recordings are queued again\n",
		must("recording", "retry", "--all-parked", "--reason", "SPEECH_PROCESS_DIED"))
	require.Equal(t, `{"retried":2}`+"\n",
		must("recording", "retry", "--all-parked", "--source", "a", "--format", "json"))
	got = run("recording", "retry", "--all-parked", "--reason", "broken")
	require.Contains(t, got.errors, "SPEECH_PROCESS_DIED")

	out := must("status", "--format", "json")
	require.Equal(t, []string{"version", "model", "lexicon", "started_at", "uptime_seconds", "waiting",
		"running", "parked", "open_suspects", "not_ready", "speech", "disk"}, keys(t, out))
	l := lines[status.Line](t, out)[0]
	require.Equal(t, "1.2.3", l.Version)
	require.Len(t, l.Waiting, 3)
	require.Contains(t, must("status"), "waiting, backlog")

	for _, tt := range []struct {
		args    []string
		problem string
	}{
		{[]string{"recording", "list", "--state", "lost"}, "use queued, running, done or parked"},
		{[]string{"recording", "list", "--priority", "Live"}, "must be live, backlog or rejudge"},
		{[]string{"recording", "retry"}, "say --all-parked"},
		{[]string{"recording", "retry", "x", "--all-parked"}, "leave \"x\" out"},
		{[]string{"recording", "retry", "x", "--reason", "y"}, "add that"},
		{[]string{"send", file, "--number", "1", "--call-id", "1", "--priority", "soon"},
			`--priority "soon" must be live`},
	} {
		got := run(tt.args...)
		require.Equal(t, 2, got.code, "%v", tt.args)
		require.Contains(t, got.errors, tt.problem)
	}
}

// What was said in a recording is shown as long as it is kept.
func TestTranscriptIsErased(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.must("send", filepath.Join(samplesDir, "05-interested.wav"), "--number", "13800138015", "--call-id", "c1", "--wait",
		"--customer-channel", "right")
	show := []string{"recording", "show", "c1", "--transcript"}
	heard := lines[recording.Said](t, u.must(append(show, "--format", "json")...))[0]
	require.NotEmpty(t, heard.Transcript.Segments)
	require.Contains(t, u.must(show...), heard.Transcript.Segments[0].Text)

	u.clock.Add(200 * 24 * 3600) // transcripts are kept for 180 days
	u.must("retention", "run")
	require.Contains(t, u.must(show...), "is not kept any more")
	require.Contains(t, u.must(append(show, "--format", "json")...), `"transcript":null`)
}
