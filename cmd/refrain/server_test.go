package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/check"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/freeze"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/internal/cli/send"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/internal/config"
)

// startServer runs a server at addr ("127.0.0.1:0" for any port) until the test ends
// and returns its address.
func startServer(t *testing.T, addr string) string {
	t.Helper()
	cfg := config.Default()
	cfg.Speech.Model = "demo"
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = t.TempDir(), addr, "127.0.0.1:0"
	return startConfigured(t, cfg, app.Options{})
}

// copySample puts a sample call where a test may name and change it.
func copySample(t *testing.T, sample, to string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samplesDir, sample))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, 0o600))
}

// The main job by hand: send, look, confirm, ask, release.
func TestFromRecordingToFreezeAndBack(t *testing.T) {
	t.Parallel()
	server := startServer(t, "127.0.0.1:0")
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

	sent := must("send", filepath.Join(samplesDir, "01-not-interested.wav"), "--number",
		"138 0013 8011", "--agent", "a17",
		"--call-id", "4711", "--customer-channel", "right", "--answer-offset", "7", "--wait",
		"--format", "json")
	require.Equal(t, []string{"file", "call_id", "part", "recording", "state", "duplicate", "error",
		"truncated", "replaced", "defects", "set_aside", "suspect", "score", "answered_by"}, keys(t, sent))
	line := lines[send.JudgedLine](t, sent)[0]
	require.Equal(t, "done", *line.State)
	require.False(t, line.Duplicate)
	require.NotNil(t, line.Suspect)
	require.Greater(t, *line.Score, 0.5)

	again := must("send", filepath.Join(samplesDir, "01-not-interested.wav"), "--number",
		"13800138011", "--call-id", "4711", "--answer-offset", "7", "--wait")
	require.Contains(t, again, "done as "+*line.Recording+" (it was there already); "+*line.Suspect)
	corrected := run("send", filepath.Join(samplesDir, "01-not-interested.wav"), "--number",
		"13800138099", "--call-id", "4711", "--answer-offset", "7")
	require.Equal(t, console.ExitFailed, corrected.code)
	require.Contains(t, corrected.errors, "other particulars (number)")
	other := run("send", filepath.Join(samplesDir, "02-not-listening.wav"), "--number",
		"13800138011", "--call-id", "4711")
	require.Equal(t, console.ExitFailed, other.code)
	require.Contains(t, other.errors, `call "4711", part "" is there already with other audio`)

	listed := lines[review.Line](t, must("review", "list", "--state", "open", "--format", "json"))
	require.Len(t, listed, 1)
	require.Equal(t, []string{*line.Suspect, "open", "not_interested", "138****8011", "a17"},
		[]string{listed[0].Suspect, listed[0].State, listed[0].Class, listed[0].Number,
			listed[0].Agent})
	id := review.SuspectID(*line.Suspect)
	require.Contains(t, must("review", "list", "--class", "not_interested", "--limit", "1"), id)
	require.Equal(t, 1, strings.Count(must("review", "list"), id))
	require.Equal(t, "no suspects\n", must("review", "list", "--state", "confirmed"))
	shown := lines[review.ShownLine](t, must("review", "show", *line.Suspect, "--format",
		"json"))[0]
	require.NotEmpty(t, shown.Transcript.Segments)
	require.Equal(t, "customer", shown.Transcript.Track)
	require.Contains(t, must("review", "show", id), "【没兴趣】")

	require.Equal(t, "13800138011 may be called\n", must("check", "13800138011"))
	require.Contains(t, must("review", "confirm", id, "--note", "twice", "--as", "li"),
		"confirmed as not_interested: 138****8011 is frozen (freezes/")
	require.Equal(t, "no suspects wait for a decision; see those decided with --all\n",
		must("review", "list"))
	require.Empty(t, must("review", "list", "--format", "json"))
	require.Contains(t, must("review", "list", "--all"), id)
	twice := run("review", "confirm", id, "--as", "wang")
	require.Equal(t, console.ExitFailed, twice.code)
	require.Contains(t, twice.errors, "li")

	asked := run("check", "13800138011", "nonsense", "13800138015", "--format", "json")
	require.Equal(t, console.ExitFailed, asked.code)
	require.Contains(t, asked.errors, "refrain: nonsense: not a telephone number")
	require.Equal(t, []string{"number", "allowed", "reason", "until", "class", "freeze", "rule",
		"sentence", "sentence_en"}, keys(t, asked.out))
	answers := lines[check.Answer](t, asked.out)
	require.Len(t, answers, 3)
	require.Equal(t, []any{false, "frozen"}, []any{answers[0].Allowed, answers[0].Reason})
	until, err := time.Parse(time.RFC3339, *answers[0].Until)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().AddDate(0, 0, 60), until, time.Hour)
	require.Equal(t, check.Answer{Number: "nonsense", Reason: "invalid_number"}, answers[1])
	require.Equal(t, check.Answer{Number: "13800138015", Allowed: true, Reason: "none"}, answers[2])
	later := until.Add(time.Minute).Format(time.RFC3339)
	require.Equal(t, "13800138011 may be called\n", must("check", "13800138011", "--at", later))
	require.Regexp(t, `^13800138011 may not be called: This number is frozen until \d{4}-`,
		must("check", "13800138011"))

	frozen := lines[freeze.Line](t, must("freeze", "list", "--format", "json"))
	require.Len(t, frozen, 1)
	require.Equal(t, []any{"138****8011", true, "li", "4711"},
		[]any{frozen[0].Number, frozen[0].Active, frozen[0].Actor, frozen[0].CallID})
	require.Contains(t, must("review", "revert", id, "--reason", "wrong customer", "--as", "wang"),
		"is open again, in round 2")
	require.Equal(t, "no freezes\n", must("freeze", "list"))
	require.Contains(t, must("freeze", "list", "--all", "--number", "13800138011"),
		"released by wang")

	must("review", "confirm", id, "--class", "stop_calling", "--as", "李雷")
	require.Equal(t, "13800138011 may not be called: This number is frozen until somebody "+
		"releases it, because the customer refused (stop calling). Do not call it.\n",
		must("check", "13800138011"))
	require.Contains(t, must("review", "show", id), "李雷")
	require.Contains(t, must("freeze", "release", "13800138011", "--reason", "asked for a call",
		"--as", "ops"), "138****8011 is released: freezes/")
	got := refrain(t, "13800138011\n\n 13800138015\r\n", "check", "-", "--server", server)
	require.Equal(t, result{0, "13800138011 may be called\n13800138015 may be called\n", ""}, got)

	missing := run("review", "dismiss", "01K3ABCDEFGHJKMNPQRSTVWXYZ")
	require.Equal(t, console.ExitFailed, missing.code)
	require.Regexp(t, `^refrain: [^\n]*suspects/01K3ABCDEFGHJKMNPQRSTVWXYZ[^\n]*\n$`,
		missing.errors)
}

// With many files a bad one is reported and the rest go on.
func TestSendManyFiles(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	copySample(t, "07-silent.wav", filepath.Join(dir, "c1_13800138000.wav"))
	copySample(t, "05-interested.wav", filepath.Join(dir, "c2_13800138001.wav"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c3_13800138002.wav"), []byte("no sound"),
		0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no sound"), 0o600))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	args := append([]string{"send", "--server", server, "--format", "json", "--template",
		"{call_id}_{number}.wav"}, files...)
	got := refrain(t, "", append(args, filepath.Join(dir, "gone_1.wav"), dir+"_1.wav")...)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "4 of 6 failed")
	all := lines[send.Line](t, got.out)
	require.Len(t, all, 6)
	for i, problem := range []string{"", "", "not", "does not fit the template", "no such file",
		"no such file"} {
		if problem == "" {
			require.Nil(t, all[i].Error)
			require.NotNil(t, all[i].Recording)
			continue
		}
		require.Contains(t, *all[i].Error, problem)
		require.Nil(t, all[i].Recording)
	}
	require.NotContains(t, got.out, "suspect", "only --wait tells of that")

	manifest := filepath.Join(dir, "m.csv")
	require.NoError(t, os.WriteFile(manifest, []byte("file,call_id,number\n"+
		"c1_13800138000.wav,c1,13800138000\nc2_13800138001.wav,c2,13800138001\n,c4,1\n"), 0o600))
	got = refrain(t, "", "send", "--server", server, "--manifest", manifest, "--wait")
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "refrain: line 4: names no file\n")
	require.Regexp(t,
		`^c1_13800138000.wav: done as recordings/\w+ \(it was there already\); no suspect \(0.00\)\nc2`, got.out)
}

// A server that comes back is waited for.
func TestSendWaitsForTheServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	pauses := 0
	got := refrainWith(t, func(c *console.Console) {
		c.Pause = func(context.Context, time.Duration) error {
			if pauses++; pauses == 2 {
				startServer(t, addr)
			}
			return nil
		}
	}, "", "send", filepath.Join(samplesDir, "07-silent.wav"), "--number", "13800138000",
		"--call-id", "1", "--server", addr, "--wait")
	require.Equal(t, result{console.ExitDone, got.out, "refrain: waiting for the server at " +
		addr + "\n"}, got)
	require.Equal(t, 2, pauses)
}

// One that does not come back is not waited for once for every file.
func TestSendGivesUp(t *testing.T) {
	t.Parallel()
	pauses := 0
	got := refrainWith(t, func(c *console.Console) {
		c.Pause = func(context.Context, time.Duration) error { pauses++; return nil }
	}, "", "send", "--manifest", filepath.Join(samplesDir, "manifest.csv"), "--server", nowhere,
		"--format", "json")
	require.Equal(t, console.ExitFailed, got.code)
	require.Equal(t, 4, pauses)
	require.Equal(t, 1, strings.Count(got.errors, "waiting for the server at "+nowhere))
	all := lines[send.Line](t, got.out)
	require.Len(t, all, 8)
	require.Contains(t, *all[0].Error, "no server can be reached")
	require.Contains(t, *all[7].Error, "not sent: no server can be reached")
}

const demoWarning = "refrain: the demo model is for trying and testing only; it does not " +
	"understand real calls\n"

func TestTranscribe(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	broken := filepath.Join(t.TempDir(), "broken.wav")
	require.NoError(t, os.WriteFile(broken, []byte("no sound"), 0o600))
	got := refrain(t, "", "transcribe", "--model", "demo", "--format", "json",
		filepath.Join(samplesDir, "01-not-interested.wav"), broken,
		filepath.Join(samplesDir, "07-silent.wav"))
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, broken+": ")
	require.Contains(t, got.errors, "1 of 3 failed")
	require.Equal(t, []string{"file", "duration", "track", "segments", "hits", "suspect", "score",
		"answered_by", "model", "demo_model", "truncated", "defects", "agent_transcript"},
		keys(t, got.out))
	all := lines[transcribe.Line](t, got.out)
	require.Len(t, all, 2)
	heard, silent := all[0], all[1]
	require.True(t, heard.Suspect)
	require.Equal(t, "customer", heard.Track)
	require.NotEmpty(t, heard.Segments)
	require.Equal(t, "not_interested", heard.Hits[0].Class)
	require.Greater(t, heard.Hits[0].Start, 17.0, "seconds, not characters")
	require.Nil(t, heard.Hits[0].Veto)
	require.Empty(t, silent.Segments)
	require.False(t, silent.Suspect)
	require.Contains(t, got.out,
		`"segments":[],"hits":[],"suspect":false,"score":0,"answered_by":"nobody","model":"refrain-demo-zh","demo_model":true,"truncated":false,"defects":[],"agent_transcript":null}`)
	require.Equal(t, 1, strings.Count(got.errors, demoWarning))

	got = refrain(t, "", "transcribe", "--model", "demo", filepath.Join(samplesDir, "01-not-interested.wav"),
		"--answer-offset", "25")
	require.Equal(t, result{0, got.out, demoWarning}, got)
	require.Contains(t, got.out, "does not count: before_answer")
	got = refrain(t, "", "transcribe", "--model", "demo", filepath.Join(samplesDir, "01-not-interested.wav"),
		"--answer-offset", "99")
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "--answer-offset is 1m39s, but the audio ends at")
}

// A file that was cut off is heard as far as it goes, and told of.
func TestCutOff(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "cut.wav")
	copySample(t, "07-silent.wav", file)
	require.NoError(t, os.Truncate(file, 4000))
	server := startServer(t, "127.0.0.1:0")
	send := []string{"send", file, "--number", "13800138000", "--call-id", "1", "--wait",
		"--server", server}
	for _, args := range [][]string{{"transcribe", file}, send} {
		got := refrain(t, "", args...)
		require.Regexp(t, `no suspect \(0\.00\); the file is cut off: 0\.\d s could be read\n`,
			got.out)
		require.Contains(t, refrain(t, "", append(args, "--format", "json")...).out,
			`"truncated":true`)
	}
}

// A channel that the file has not got is answered with what to say instead.
func TestTranscribeChannels(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	stereo, mono := filepath.Join(samplesDir, "07-silent.wav"),
		filepath.Join(t.TempDir(), "mono.wav")
	wav := append([]byte("RIFF\x24\x10\x00\x00WAVEfmt "+
		"\x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x10\x00\x00"),
		make([]byte, 4096)...)
	require.NoError(t, os.WriteFile(mono, wav, 0o600))
	for _, tt := range []struct{ file, channel, message string }{
		{stereo, "mono", "--customer-channel is mono, but the file has two channels; say " +
			"--customer-channel left or right\n"},
		{mono, "left", "--customer-channel is left, but the file has one channel; if it is the " +
			"customer's, say --customer-channel mono\n"},
	} {
		got := refrain(t, "", "transcribe", "--model", "demo", tt.file, "--customer-channel", tt.channel)
		require.Equal(t, result{console.ExitFailed, "", demoWarning + "refrain: " + tt.file + ": " +
			tt.message}, got)
	}
	require.Equal(t, console.ExitDone, refrain(t, "", "transcribe", "--model", "demo", mono).code)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	got := refrain(t, "", "demo", "--model", "demo", "--samples", samplesDir)
	require.Equal(t, result{0, got.out, ""}, got)
	require.Regexp(t, `sample-01 .*【没兴趣】。 +not_interested +0\.\d\d +suspect\n`, got.out)
	require.Contains(t, got.out, "13800138011 may not be called: This number is frozen until ")
	require.Contains(t, got.out, "13800138015 may be called")
	require.NotContains(t, got.out, "\x1b")
}
