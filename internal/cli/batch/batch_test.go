package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/batch/record"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// sensitive is an engine whose words depend on all that is in a window, as those of a real one do a
// little. It breaks down after so many windows.
type sensitive struct {
	left *atomic.Int64
}

func (e sensitive) Open(context.Context) (asr.Transcriber, error) { return e, nil }
func (e sensitive) Close() error                                  { return nil }

func (e sensitive) Traits() asr.Traits {
	return asr.Traits{Model: asr.Model{Name: "sensitive", SHA256: "abc", Packs: true}, Engine: "test", Language: "zh", Parallel: 3}
}

var words = []string{"我没兴趣", "不需要", "你说吧", "好的", "别再打了", "多少钱"}

func (e sensitive) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	if e.left.Add(-1) < 0 {
		return nil, asr.ErrClosed
	}
	h := sha256.New()
	if err := binary.Write(h, binary.LittleEndian, w.Samples); err != nil {
		return nil, err
	}
	sum := h.Sum(nil)
	var out []asr.Phrase
	length := time.Duration(len(w.Samples)) * time.Second / asr.SampleRate
	for at := time.Duration(0); at+time.Second < length; at += 2 * time.Second {
		b := sum[int(at/time.Second)%len(sum)]
		out = append(out, asr.Phrase{Span: asr.Span{Start: at, End: at + time.Second}, Text: words[int(b)%len(words)],
			MeanLogProb: -float64(b) / 256})
	}
	return out, ctx.Err()
}

// archiveOf makes so many calls as files in a folder.
func archiveOf(t *testing.T, calls int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range calls {
		wav, err := testcall.Make(uint64(i), time.Duration(2+i%4)*time.Second)
		require.NoError(t, err)
		name := fmt.Sprintf("20261127-0915%02d_138001380%02d_8001-all.wav", i%60, i)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), wav, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "20261127-091599_13800138099.wav"), []byte("<html>"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "list.txt"), []byte("calls"), 0o600))
	return dir
}

// shares configures an engine of which calls share windows.
func shares(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{"ENGINE": "http", "HTTP_ADDRESS": "http://127.0.0.1:1", "HTTP_MODEL": "m",
		"HTTP_PACKS": "true"} {
		t.Setenv("REFRAIN_SPEECH_"+name, value)
	}
}

// ran is what a run left.
type ran struct {
	err         error
	out, errors string
}

// runBatch runs the command with an engine that hears so many windows.
func runBatch(t *testing.T, windows int64, args ...string) ran {
	t.Helper()
	var out, errors bytes.Buffer
	c := console.New(strings.NewReader(""), &out, &locked{b: &errors})
	left := new(atomic.Int64)
	left.Store(windows)
	cmd := New(c, func(string, asr.Model, config.Speech) (asr.Engine, error) { return sensitive{left}, nil })
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(t.Context())
	return ran{err, out.String(), errors.String()}
}

type locked struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

const endless = 1 << 40

// sortedLines are a file's lines in order.
func sortedLines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	slices.Sort(lines)
	return lines
}

// However often a run breaks down, and wherever its journal is cut off: the lines at the end are those of a run that
// went through.
func TestResumedRunsEqualOneThatWentThrough(t *testing.T) {
	shares(t)
	dir, out := archiveOf(t, 40), t.TempDir()
	args := func(file string) []string {
		return []string{dir, "--preset", "vicidial", "--out", filepath.Join(out, file)}
	}
	whole := runBatch(t, endless, args("whole.jsonl")...)
	require.ErrorContains(t, whole.err, "1 of 41 failed")
	want := sortedLines(t, filepath.Join(out, "whole.jsonl"))
	require.Len(t, want, 40)
	again := runBatch(t, endless, args("again.jsonl")...)
	require.Error(t, again.err)
	require.Equal(t, want, sortedLines(t, filepath.Join(out, "again.jsonl")), "two runs are alike")

	random := rand.New(rand.NewPCG(7, 7))
	for try := range 3 {
		file := fmt.Sprintf("broken-%d.jsonl", try)
		path := filepath.Join(out, file)
		for range 4 {
			got := runBatch(t, 1+random.Int64N(60), args(file)...)
			require.Error(t, got.err)
			cutOff(t, path, random)
		}
		require.ErrorContains(t, runBatch(t, endless, args(file)...).err, "1 of 41 failed")
		require.Equal(t, want, sortedLines(t, path), file)
	}
}

// cutOff cuts a journal off somewhere, as a crash of the machine does.
func cutOff(t *testing.T, path string, random *rand.Rand) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	if info.Size() > 0 && random.IntN(3) > 0 {
		require.NoError(t, os.Truncate(path, info.Size()-random.Int64N(min(info.Size(), 20_000))))
	}
}

// What is there is not heard again, but where that is asked for; what a new name tells is told without that.
func TestWhatIsHeardAgain(t *testing.T) {
	shares(t)
	dir, out := archiveOf(t, 5), filepath.Join(t.TempDir(), "calls.jsonl")
	summary := func(args ...string) Summary {
		got := runBatch(t, endless, append(args, dir, "--out", out, "--format", "json")...)
		require.ErrorContains(t, got.err, "1 of 6 failed")
		var s Summary
		require.NoError(t, json.Unmarshal([]byte(got.out), &s), got.out)
		return s
	}
	first := summary()
	require.Equal(t, []int{6, 5, 0, 0, 1}, []int{first.Calls, first.Heard, first.Rejudged, first.Kept, first.NotAudio})
	require.Equal(t, map[string]int{"not_audio": 1}, first.Errors)
	require.Positive(t, first.Windows)

	kept := summary()
	require.Equal(t, []int{0, 0, 5}, []int{kept.Heard, kept.Rejudged, kept.Kept})
	require.Zero(t, kept.Windows)

	named := summary("--preset", "vicidial")
	require.Equal(t, []int{0, 5, 0}, []int{named.Heard, named.Rejudged, named.Kept})
	lines := decoded(t, out)
	require.Len(t, lines, 5, "what was replaced is gone")
	require.Equal(t, "138****8000", *lines[0].Number)
	require.NotContains(t, strings.Join(sortedLines(t, out), ""), "13800138000", "nor in the names of files")
	require.Equal(t, "2026-11-27T09:15:00+08:00", *lines[0].Start)
	require.Equal(t, "8001", *lines[0].Agent)

	shown := summary("--preset", "vicidial", "--full-numbers")
	require.Equal(t, []int{0, 5, 0}, []int{shown.Heard, shown.Rejudged, shown.Kept})
	require.Equal(t, "+8613800138000", *decoded(t, out)[0].Number)

	other := summary("--preset", "vicidial", "--agent-track", "off")
	require.Equal(t, []int{5, 0, 0}, []int{other.Heard, other.Rejudged, other.Kept})
	forced := summary("--preset", "vicidial", "--agent-track", "off", "--force")
	require.Equal(t, []int{5, 0, 0}, []int{forced.Heard, forced.Rejudged, forced.Kept})
}

// A lexicon that came since judges what was heard, as if it had been there then.
func TestAnotherLexiconHearsNothing(t *testing.T) {
	shares(t)
	t.Setenv("REFRAIN_SPEECH_SECOND_LOOK", "false")
	dir, out := archiveOf(t, 12), t.TempDir()
	before := filepath.Join(out, "before.jsonl")
	require.Error(t, runBatch(t, endless, dir, "--out", before, "--agent-track", "on").err)
	lexicon := filepath.Join(out, "other.yaml")
	require.NoError(t, os.WriteFile(lexicon, []byte("version: other-1\nlearned: off\nclasses:\n"+
		"- {id: stop_calling, label: 别再打, freeze: 1d, phrases: [好的]}\n"), 0o600))
	t.Setenv("REFRAIN_JUDGING_LEXICON", lexicon)
	require.Error(t, runBatch(t, 0, dir, "--out", before, "--agent-track", "on").err)
	fresh := filepath.Join(out, "fresh.jsonl")
	require.Error(t, runBatch(t, endless, dir, "--out", fresh, "--agent-track", "on").err)
	rejudged, heard := decoded(t, before), decoded(t, fresh)
	require.Len(t, rejudged, 12)
	suspects := 0
	for i, l := range rejudged {
		require.NotEmpty(t, l.HeardLexicon)
		l.HeardLexicon, l.Kept, heard[i].Kept = "", "", ""
		require.Equal(t, heard[i], l)
		if l.Suspect {
			suspects++
		}
	}
	require.Positive(t, suspects)
}

// decoded are a journal's lines in the order of the files.
func decoded(t *testing.T, path string) (lines []record.Line) {
	t.Helper()
	for _, text := range sortedLines(t, path) {
		l, err := record.Decode([]byte(text))
		require.NoError(t, err)
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b record.Line) int { return strings.Compare(a.Order(), b.Order()) })
	return lines
}

func TestErrorsAreToldAndTriedAgain(t *testing.T) {
	shares(t)
	dir, out := archiveOf(t, 2), filepath.Join(t.TempDir(), "calls.csv")
	got := runBatch(t, endless, dir, "--out", out, "--preset", "vicidial")
	require.ErrorContains(t, got.err, "1 of 3 failed")
	require.Contains(t, got.errors, "the file is text")
	text, err := os.ReadFile(out + ".errors.jsonl")
	require.NoError(t, err)
	var failure Failure
	require.NoError(t, json.Unmarshal(text, &failure))
	require.Equal(t, "not_audio", failure.Kind)

	wav, err := testcall.Make(99, 3*time.Second)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "20261127-091599_13800138099.wav"), wav, 0o600))
	require.NoError(t, runBatch(t, endless, dir, "--out", out, "--preset", "vicidial").err)
	require.NoFileExists(t, out+".errors.jsonl")
	table, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(string(table), "\n"))
	require.True(t, strings.HasPrefix(string(table), "file,member,agent_file,"))
	require.Len(t, decoded(t, out+".journal.jsonl"), 3)
}

func TestWrongUse(t *testing.T) {
	shares(t)
	dir := archiveOf(t, 1)
	for _, tt := range []struct {
		args    []string
		problem string
	}{
		{[]string{dir}, "--out FILE.jsonl"},
		{[]string{dir, "--out", "calls.xlsx"}, "write .jsonl, .csv or .parquet"},
		{[]string{"--out", "calls.jsonl"}, "name a folder"},
		{[]string{dir, "--out", "calls.jsonl", "--preset", "avaya"}, "--preset"},
		{[]string{filepath.Join(dir, "absent"), "--out", "calls.jsonl"}, "no such file"},
		{[]string{dir, "--manifest", "m.csv", "--out", "calls.jsonl"}, "leave"},
		{[]string{dir, "--jobs", "-1", "--out", "calls.jsonl"}, "--jobs"},
		{[]string{dir, "--out", filepath.Join(dir, "list.txt.jsonl"), "--customer-channel", "up"}, "--customer-channel"},
	} {
		require.ErrorContains(t, runBatch(t, endless, tt.args...).err, tt.problem)
	}
	notOurs := filepath.Join(t.TempDir(), "notes.jsonl")
	require.NoError(t, os.WriteFile(notOurs, []byte("my notes\n"), 0o600))
	require.ErrorContains(t, runBatch(t, endless, dir, "--out", notOurs).err, "no line of refrain batch")
	text, err := os.ReadFile(notOurs)
	require.NoError(t, err)
	require.Equal(t, "my notes\n", string(text))
}
