package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/config"
)

// A campaign list is scrubbed as it stands.
func TestScrub(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, n := range []string{"13800138000", "13800138001"} {
		require.Zero(t, refrain(t, "", "freeze", "add", n, "--reason", "test", "--server",
			server).code)
	}
	require.Zero(t, refrain(t, "", "freeze", "add", "13800138002", "--line", "loans", "--reason",
		"test", "--server", server).code)
	list := "name,Phone,note\r\n" +
		"\"Li, Lei\",13800138000,frozen\r\n" +
		"\"Wang \"\"W\"\"\",138 0013 8010,\"fine, thanks\"\r\n" +
		"\r\n" +
		"x,\"+86 13800138001\",frozen\n" +
		"y,13800138002,a line's\n" +
		"z,１３８００１３８０１１,fine"
	require.NoError(t, os.WriteFile(file("list.csv"), []byte("\ufeff"+list), 0o600))
	scrub := func(args ...string) result {
		return refrain(t, "", append([]string{"check", "--server", server, "--file",
			file("list.csv")}, args...)...)
	}
	got := scrub("--column", "phone", "--out", file("allowed.csv"), "--refused",
		file("refused.csv"))
	require.Equal(t, result{0, "5 numbers, 2 may be called, 3 refused (frozen)\n", ""}, got)
	read := func(name string) string {
		b, err := os.ReadFile(file(name))
		require.NoError(t, err)
		return string(b)
	}
	require.Equal(t, "name,Phone,note\r\n\"Wang \"\"W\"\"\",138 0013 8010,\"fine, thanks\"\r\n"+
		"z,１３８００１３８０１１,fine\n", read("allowed.csv"))
	require.Equal(t, "name,Phone,note\r\n\"Li, Lei\",13800138000,frozen\r\n"+
		"x,\"+86 13800138001\",frozen\ny,13800138002,a line's\n", read("refused.csv"))
	got = scrub("--column", "2", "--line", "sales", "--out", file("sales.csv"), "--format", "json")
	require.Equal(t, result{0, `{"file":"` + file("list.csv") +
		`","numbers":5,"allowed":3,"refused":{"frozen":2}}` + "\n", ""}, got)
	require.Contains(t, read("sales.csv"), "13800138002")

	got = scrub("--column", "NAME", "--out", file("wrong.csv"))
	require.Equal(t, console.ExitFailed, got.code)
	require.Equal(t, "5 numbers, 0 may be called, 5 refused (invalid_number)\n", got.out)
	require.Contains(t, got.errors,
		"list.csv:2: Li, Lei: not a telephone number: it contains 'L'\n")
	require.Contains(t, got.errors, "list.csv:5: x: ")
	require.Contains(t, got.errors, "5 of 5 numbers were not understood, so they are not in "+
		file("wrong.csv"))
	require.Equal(t, "name,Phone,note\r\n", read("wrong.csv"))

	got = scrub("--out", file("allowed.csv"))
	require.Equal(t, result{console.ExitFailed, "", "refrain: " + file("allowed.csv") +
		" is there already; move it away or name another file\n"}, got)
	got = scrub("--out", file("one.csv"), "--refused", file("one.csv"))
	require.Equal(t, console.ExitFailed, got.code)
	require.NoFileExists(t, file("one.csv"))
}

// What fails leaves no list behind that looks like a whole one.
func TestScrubFails(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	out, refused := filepath.Join(dir, "out"), filepath.Join(dir, "refused")
	long := filepath.Join(dir, "long")
	require.NoError(t, os.WriteFile(long,
		bytes.Join([][]byte{bytes.Repeat([]byte("13800138000\n"), 20_000),
			bytes.Repeat([]byte("1"), files.MaxRow+1)}, nil), 0o600))
	for _, tt := range []struct{ file, server, problem string }{
		{long, server, "long: line 20001 is longer than 1048576 bytes"},
		{long, nowhere, "no server can be reached"},
		{filepath.Join(dir, "none"), server, "no such file"},
		{dir, server, "is a directory"},
	} {
		got := refrain(t, "", "check", "--file", tt.file, "--out", out, "--refused", refused,
			"--server", tt.server)
		require.Equal(t, console.ExitFailed, got.code)
		require.Contains(t, got.errors, tt.problem)
		require.Empty(t, got.out)
		require.NoFileExists(t, out)
		require.NoFileExists(t, refused)
	}
}

// Many bad lines are counted, but not all told one by one.
func TestScrubTellsOfSome(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	list, out := filepath.Join(dir, "list"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(list, []byte(strings.Repeat("12345\n13800138000\n", 3000)),
		0o600))
	got := refrain(t, "", "check", "--file", list, "--out", out, "--server", server)
	require.Equal(t, console.ExitFailed, got.code)
	require.Equal(t, "6000 numbers, 3000 may be called, 3000 refused (invalid_number)\n", got.out)
	told := slices.Collect(strings.Lines(got.errors))
	require.Len(t, told, console.MaxErrors+2)
	require.Contains(t, told[console.MaxErrors], "more lines have no number")
	require.Contains(t, told[console.MaxErrors+1], "3000 of 6000 numbers were not understood")
}

// Before 08:00 a campaign's list isn't emptied: somebody is asked for when it is.
func TestScrubOutsideOfTheHours(t *testing.T) {
	t.Parallel()
	u := newUser(t, func(c *config.Config) {
		require.NoError(t, yaml.Unmarshal([]byte("hours: {enabled: true}"), &c.Rules))
	})
	u.clock.Add(-3 * 3600) // 07:00 in Beijing
	require.Zero(t, u.run("freeze", "add", "13800138000", "--reason", "said no").code)
	u.write("list.csv", "13800138001\n13800138000\n13800138002\n")
	scrub := func(out string, args ...string) result {
		return u.run(append([]string{"check", "--file", "@list.csv", "--out", "@" + out}, args...)...)
	}
	got := scrub("now.csv")
	require.Equal(t, console.ExitUsage, got.code)
	require.Contains(t, got.errors, "outside of the calling hours now")
	require.Contains(t, got.errors, "--at 2026-03-05T")
	require.NoFileExists(t, u.path("now.csv"))

	got = scrub("ten.csv", "--at", "2026-03-05T10:00:00+08:00")
	require.Zero(t, got.code)
	require.Equal(t, "3 numbers, 2 may be called, 1 refused (frozen)\n", got.out)
	require.Equal(t, "13800138001\n13800138002\n", u.read("ten.csv"))

	got = scrub("night.csv", "--at", "2026-03-05T22:00:00+08:00")
	require.Zero(t, got.code)
	require.Equal(t, "3 numbers, 0 may be called, 1 refused (frozen), 2 refused (hours)\n", got.out)
	require.Contains(t, got.errors, "2 of 3 numbers are refused by the calling hours alone")
	require.Contains(t, u.run("check", "13800138000").out, "is frozen")
	require.Contains(t, u.run("check", "13800138001").out, "calling hours")
}
