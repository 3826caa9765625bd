package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/batch/record"
	"github.com/refrain-asr/refrain/internal/cli/batch/table"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/send"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// asProgram is set for a test's own binary to be the program, so that it can be killed.
const asProgram = "REFRAIN_TEST_PROGRAM"

// program readies the program as a process of its own, which ends with ctx as by kill -9.
func program(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

func sortedFile(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := slices.Collect(strings.Lines(string(b)))
	slices.Sort(lines)
	return lines
}

// generated writes calls of some seconds, half of them into a folder and half into a zip archive.
func generated(t *testing.T, calls int) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "more.zip"))
	require.NoError(t, err)
	z := zip.NewWriter(f)
	for i := range calls {
		wav, err := testcall.Make(uint64(1000+i), 3*time.Second+time.Duration(i%3)*time.Second)
		require.NoError(t, err)
		name := fmt.Sprintf("out-138001380%02d-8001-20261127-0915%02d-1764.%d.wav", i%100, i%60, i)
		if i%2 == 0 {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), wav, 0o600))
			continue
		}
		m, err := z.Create(name)
		require.NoError(t, err)
		_, err = m.Write(wav)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	return dir
}

// A run that is killed again and again ends with the lines of one that isn't.
func TestBatchIsKilled(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	const calls = 40
	dir, out := generated(t, calls), t.TempDir()
	args := func(name string) []string {
		return []string{"batch", dir, "--model", "demo", "--preset", "asterisk-mixmonitor", "--out", filepath.Join(out, name)}
	}
	begun := time.Now()
	text, err := program(t.Context(), t, args("whole.jsonl")...).CombinedOutput()
	require.NoError(t, err, string(text))
	took := time.Since(begun)
	want := sortedFile(t, filepath.Join(out, "whole.jsonl"))
	require.Len(t, want, calls)

	random := rand.New(rand.NewPCG(3, 1))
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), took/8+time.Duration(random.Int64N(int64(took/8))))
		_ = program(ctx, t, args("killed.jsonl")...).Run() // it is killed, or was done already
		cancel()
	}
	text, err = program(t.Context(), t, args("killed.jsonl")...).CombinedOutput()
	require.NoError(t, err, string(text))
	require.Equal(t, want, sortedFile(t, filepath.Join(out, "killed.jsonl")))
}

// What batch tells of a call is what transcribe does, and more; the tables say the same.
func TestBatchTables(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	run := func(args ...string) result {
		got := refrain(t, "", append(args, "--model", "demo")...)
		require.Equal(t, console.ExitDone, got.code, got.errors)
		return got
	}
	heard := run("transcribe", "--format", "json", filepath.Join(samplesDir, "01-not-interested.wav"))
	want := lines[transcribe.Line](t, heard.out)[0]
	run("batch", samplesDir, "--out", filepath.Join(dir, "calls.jsonl"))
	kept, err := os.ReadFile(filepath.Join(dir, "calls.jsonl"))
	require.NoError(t, err)
	all := lines[record.Line](t, string(kept))
	i := slices.IndexFunc(all, func(l record.Line) bool { return l.File == want.File })
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, lines[transcribe.Line](t, heard.out)[0], all[i].Line)
	require.Equal(t, "not_interested", *all[i].Class)

	compared := plainly(t, "lexicon", "backtest", filepath.Join(testcall.Root(), "keywords", "lexicon", "zh"),
		filepath.Join(dir, "calls.jsonl"))
	require.Contains(t, compared.out, fmt.Sprintf("%d recordings judged again", len(all)))

	run("batch", samplesDir, "--out", filepath.Join(dir, "calls.csv"))
	text, err := os.ReadFile(filepath.Join(dir, "calls.csv"))
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, len(all)+1)

	run("batch", samplesDir, "--out", filepath.Join(dir, "calls.parquet"))
	table, err := parquet.ReadFile[table.Row](filepath.Join(dir, "calls.parquet"))
	require.NoError(t, err)
	require.Len(t, table, len(all))
	for n, row := range table {
		require.Equal(t, rows[n+1][0], row.File, "both are in the order of the files")
	}
	require.Equal(t, want.Score, table[0].Score)
	require.Len(t, table[0].Segments, len(want.Segments))
	require.Len(t, table[0].Hits, len(want.Hits))
}

func plainly(t *testing.T, args ...string) result {
	t.Helper()
	got := refrain(t, "", args...)
	require.Equal(t, console.ExitDone, got.code, got.errors)
	return got
}

// halves writes the two sides of a sample as files of their own, 8-bit mu-law without a header.
func halves(t *testing.T, sample, agent, customer string) {
	t.Helper()
	b, err := os.ReadFile(sample)
	require.NoError(t, err)
	_, sound, ok := bytes.Cut(b, []byte("data"))
	require.True(t, ok)
	var sides [2][]byte
	for i, v := range sound[4:] { // after the chunk's size
		sides[i%2] = append(sides[i%2], v)
	}
	require.NoError(t, os.WriteFile(agent, sides[0], 0o600))
	require.NoError(t, os.WriteFile(customer, sides[1], 0o600))
}

// A call that lies in two files is heard as the one with two channels is; what is left of a pair is told.
func TestBatchJoinsSides(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	sample, name := filepath.Join(samplesDir, "02-not-listening.wav"), "out-13800138000-8001-20261127-091500-1764.11"
	halves(t, sample, filepath.Join(dir, name+"-in.ulaw"), filepath.Join(dir, name+"-out.ulaw"))
	require.NoError(t, os.Link(filepath.Join(dir, name+"-in.ulaw"), filepath.Join(dir, "lone-in.ulaw")))
	got := refrain(t, "", "batch", dir, "--model", "demo", "--preset", "asterisk-monitor", "--out",
		filepath.Join(dir, "calls.jsonl"))
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "lone-in.ulaw: it is the agent's side alone")
	kept, err := os.ReadFile(filepath.Join(dir, "calls.jsonl"))
	require.NoError(t, err)
	all := lines[record.Line](t, string(kept))
	require.Len(t, all, 1)
	heard := plainly(t, "transcribe", "--model", "demo", "--format", "json", sample)
	want := lines[transcribe.Line](t, heard.out)[0]
	require.Equal(t, want.Suspect, all[0].Suspect)
	require.Equal(t, want.Segments[0].Text, all[0].Segments[0].Text)
	require.NotNil(t, all[0].AgentTranscript)
	require.Equal(t, "1764.11", *all[0].CallID)
	require.Contains(t, all[0].File, "-out.ulaw")
	require.Contains(t, all[0].AgentFile, "138****8000")
	require.InDelta(t, want.Duration, all[0].Duration, 0.001)
}

// Ways to name files serve refrain send, too.
func TestSendByPreset(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	name := "out-13800138000-8001-20261127-091500-1764.11"
	halves(t, filepath.Join(samplesDir, "02-not-listening.wav"), u.path(name+"-t.ulaw"), u.path(name+"-r.ulaw"))
	got := u.run("send", "--preset", "asterisk-mixmonitor", "@"+name+"-r.ulaw", "@"+name+"-t.ulaw", "--format", "json")
	require.Equal(t, console.ExitDone, got.code, got.errors)
	require.Contains(t, got.errors, "1 files that hold the agent's side alone are not sent")
	sent := lines[send.Line](t, got.out)
	require.Len(t, sent, 1)
	require.Equal(t, []string{"1764.11", "r"}, []string{sent[0].CallID, sent[0].Part})

	u.write("more.jsonl", `{"file":"`+name+`-r.ulaw","call_id":"c2","number":13800138000,"customer_channel":"mono"}`+"\n\n{}\n[1]\n"+
		`{"file":"a.wav","phone":"1"}`+"\n")
	got = u.run("send", "--manifest", "@more.jsonl", "--format", "json")
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "has none of the fields")
	require.Contains(t, got.errors, "is no JSON object")
	require.Contains(t, got.errors, "call_id is empty")
	require.Contains(t, got.errors, "3 of 4 failed")
}
