package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestCellOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line  string
		index int
		want  string
	}{
		{"13800138000\n", 0, "13800138000"},
		{"13800138000\r\n", 0, "13800138000"},
		{" 13800138000 ,x", 0, "13800138000"},
		{"a,13800138000", 1, "13800138000"},
		{"a,\t13800138000", 1, "13800138000"},
		{"a", 1, ""},
		{"a,", 1, ""},
		{"", 0, ""},
		{`"13800138000"`, 0, "13800138000"},
		{` "138 0013 8000",x`, 0, "138 0013 8000"},
		{`"Li, Lei",13800138000`, 1, "13800138000"},
		{`"Li ""W"", Lei","13800138000"`, 1, "13800138000"},
		{`"Li ""W""",x`, 0, `Li "W"`},
		{`"""","13800138000"`, 1, "13800138000"},
		{`"",13800138000`, 1, "13800138000"},
		{`5" screen,13800138000`, 1, "13800138000"},
		{`"Li,13800138000`, 1, ""},
		{`"Li"x,13800138000`, 1, ""},
		{"李雷,13800138000", 1, "13800138000"},
		{"\xc0\xee\xc0\xd7,13800138000", 1, "13800138000"},
		{"1380013\xff8000", 0, "1380013\ufffd8000"},
	} {
		require.Equal(t, tt.want, cellOf(tt.line, tt.index), "%q", tt.line)
	}
}

// What the standard library reads as CSV means the same here; nothing panics or becomes
// what can't be sent.
func FuzzCellOf(f *testing.F) {
	f.Add(`"Li ""W"", Lei", 13800138000,x`, 1)
	f.Add("\"a\",\"b\"\"\"\r\n", 1)
	f.Add(`5" screen,1`, 1)
	f.Add("a,\xff", 1)
	f.Fuzz(func(t *testing.T, line string, index int) {
		line, _, _ = strings.Cut(line, "\n")
		index = min(max(index, 0), 5)
		got := cellOf(line, index)
		require.True(t, utf8.ValidString(got))
		if strings.TrimSpace(line) == "" || strings.Contains(strings.TrimRight(line, "\r"), "\r") {
			return // such lines are dropped, or the library reads another end into them
		}
		row, err := splitCSV(strings.TrimRight(line, "\r"))
		switch {
		case errors.Is(err, csv.ErrBareQuote):
			return // the library is stricter
		case err != nil:
			require.Empty(t, cellOf(line, 1000))
		case index < len(row):
			require.Equal(t, wellFormed(strings.TrimSpace(row[index])), got)
		default:
			require.Empty(t, got)
		}
	})
}

func TestOpenList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, column string
		index              int
		header, problem    string
	}{
		{"plain", "13800138000\n", "", 0, "", ""},
		{"header", "手机号\n13800138000\n", "", 0, "手机号\n", ""},
		{"header alone", "number", "", 0, "number\n", ""},
		{"header with a digit", "phone1,name\r\n13800138000,Li\r\n", "", 0, "phone1,name\r\n", ""},
		{"named", "name,Phone2026010112\nLi,13800138000\n", "phone2026010112", 1, "name,Phone2026010112\n", ""},
		{"counted", "name,phone\nLi,13800138000\n", "2", 1, "name,phone\n", ""},
		{"counted without a header", "Li,13800138000\n", "2", 1, "", ""},
		{"a number elsewhere", "Li,13800138000\n", "", 0, "", ""},
		{"a wide number elsewhere", "Li,１３８００１３８０００\n", "", 0, "", ""},
		{"byte order mark", "\ufeffnumber\n1\n", "number", 0, "number\n", ""},
		{"empty", "", "", 0, "", ""},
		{"empty line", "\n\n", "", 0, "", ""},
		{"empty, named", "", "phone", 0, "", `--column "phone": there is no first line that names it`},
		{"no such column", "name,phone\n", "nummer", 0, "", `--column "nummer": the columns of the first line are name, phone`},
		{"no so many", "name,phone\n", "3", 0, "", "--column 3: the first line has 2 columns"},
		{"none", "name,phone\n", "0", 0, "", "--column 0: the first line has 2 columns"},
		{"semicolons", "phone;name\n", "", 0, "", "not separated by commas"},
		{"tabs", "13800138000\tLi\n", "", 0, "", "not separated by commas"},
		{"quote", "\"a\n", "", 0, "", "its first line is not readable as CSV"},
		{"UTF-16", "\xff\xfe1\x003\x00", "", 0, "", "it is UTF-16; save the file as UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := openList(strings.NewReader(tt.text), tt.column)
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.index, l.index)
			require.Equal(t, tt.header, string(l.header))
		})
	}
}

// Every line that is not empty comes once, whole and in order, with its place.
func TestListFills(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("number,name\r\n\r\n")
	for i := range 2*checkBatch + 1 {
		fmt.Fprintf(&text, "%d,x\r\n \n", 13800000000+i)
	}
	l, err := openList(strings.NewReader(strings.TrimSuffix(text.String(), "\r\n \n")), "number")
	require.NoError(t, err)
	f, seen := &flight{}, 0
	for _, want := range []int{checkBatch, checkBatch, 1, 0} {
		require.NoError(t, l.fill(f))
		require.Len(t, f.numbers, want)
		for i, n := range f.numbers {
			require.Equal(t, fmt.Sprint(13800000000+seen), n)
			require.Equal(t, 3+2*seen, f.places[i])
			end := "\r\n"
			if seen == 2*checkBatch {
				end = "\n" // the last one had none
			}
			require.Equal(t, n+",x"+end, string(f.between(i, i+1)))
			seen++
		}
	}
	require.Equal(t, int64(text.Len())-4, f.read)

	l, err = openList(strings.NewReader("13800138000\n"+strings.Repeat("1", maxRow+1)), "")
	require.NoError(t, err)
	require.ErrorContains(t, l.fill(f), "line 2 is longer than 1048576 bytes")
}

// A campaign list is scrubbed as it stands.
func TestScrub(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, n := range []string{"13800138000", "13800138001"} {
		require.Zero(t, refrain(t, "", "freeze", "add", n, "--reason", "test", "--server", server).code)
	}
	require.Zero(t, refrain(t, "", "freeze", "add", "13800138002", "--line", "loans", "--reason", "test", "--server", server).code)
	list := "name,Phone,note\r\n" +
		"\"Li, Lei\",13800138000,frozen\r\n" +
		"\"Wang \"\"W\"\"\",138 0013 8010,\"fine, thanks\"\r\n" +
		"\r\n" +
		"x,\"+86 13800138001\",frozen\n" +
		"y,13800138002,a line's\n" +
		"z,１３８００１３８０１１,fine"
	require.NoError(t, os.WriteFile(file("list.csv"), []byte("\ufeff"+list), 0o600))
	scrub := func(args ...string) result {
		return refrain(t, "", append([]string{"check", "--server", server, "--file", file("list.csv")}, args...)...)
	}
	got := scrub("--column", "phone", "--out", file("allowed.csv"), "--refused", file("refused.csv"))
	require.Equal(t, result{0, "5 numbers, 2 may be called, 3 refused (frozen)\n", ""}, got)
	read := func(name string) string {
		b, err := os.ReadFile(file(name))
		require.NoError(t, err)
		return string(b)
	}
	require.Equal(t, "name,Phone,note\r\n\"Wang \"\"W\"\"\",138 0013 8010,\"fine, thanks\"\r\nz,１３８００１３８０１１,fine\n", read("allowed.csv"))
	require.Equal(t, "name,Phone,note\r\n\"Li, Lei\",13800138000,frozen\r\nx,\"+86 13800138001\",frozen\ny,13800138002,a line's\n", read("refused.csv"))
	got = scrub("--column", "2", "--line", "sales", "--out", file("sales.csv"), "--format", "json")
	require.Equal(t, result{0, `{"file":"` + file("list.csv") + `","numbers":5,"allowed":3,"refused":{"frozen":2}}` + "\n", ""}, got)
	require.Contains(t, read("sales.csv"), "13800138002")

	got = scrub("--out", file("wrong.csv"))
	require.Equal(t, exitFailed, got.code)
	require.Equal(t, "5 numbers, 0 may be called, 5 refused (invalid_number)\n", got.out)
	require.Contains(t, got.errors, "list.csv:2: Li, Lei: not a telephone number: it contains 'L'\n")
	require.Contains(t, got.errors, "list.csv:5: x: ")
	require.Contains(t, got.errors, "5 of 5 numbers were not understood, so they are not in "+file("wrong.csv"))
	require.Equal(t, "name,Phone,note\r\n", read("wrong.csv"))

	got = scrub("--out", file("allowed.csv"))
	require.Equal(t, result{exitFailed, "", "refrain: " + file("allowed.csv") + " is there already; move it away or name another file\n"}, got)
	got = scrub("--out", file("one.csv"), "--refused", file("one.csv"))
	require.Equal(t, exitFailed, got.code)
	require.NoFileExists(t, file("one.csv"))
}

// What fails leaves no list behind that looks like a whole one.
func TestScrubFails(t *testing.T) {
	t.Parallel()
	server, dir := startServer(t, "127.0.0.1:0"), t.TempDir()
	out, refused := filepath.Join(dir, "out"), filepath.Join(dir, "refused")
	long := filepath.Join(dir, "long")
	require.NoError(t, os.WriteFile(long, bytes.Join([][]byte{bytes.Repeat([]byte("13800138000\n"), 20_000), bytes.Repeat([]byte("1"), maxRow+1)}, nil), 0o600))
	for _, tt := range []struct{ file, server, problem string }{
		{long, server, "long: line 20001 is longer than 1048576 bytes"},
		{long, nowhere, "no server can be reached"},
		{filepath.Join(dir, "none"), server, "no such file"},
		{dir, server, "is a directory"},
	} {
		got := refrain(t, "", "check", "--file", tt.file, "--out", out, "--refused", refused, "--server", tt.server)
		require.Equal(t, exitFailed, got.code)
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
	require.NoError(t, os.WriteFile(list, []byte(strings.Repeat("12345\n13800138000\n", 3000)), 0o600))
	got := refrain(t, "", "check", "--file", list, "--out", out, "--server", server)
	require.Equal(t, exitFailed, got.code)
	require.Equal(t, "6000 numbers, 3000 may be called, 3000 refused (invalid_number)\n", got.out)
	told := slices.Collect(strings.Lines(got.errors))
	require.Len(t, told, maxComplaints+2)
	require.Contains(t, told[maxComplaints], "more lines have no number")
	require.Contains(t, told[maxComplaints+1], "3000 of 6000 numbers were not understood")
}
