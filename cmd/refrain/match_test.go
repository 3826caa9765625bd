package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/match"
)

func TestMatchGolden(t *testing.T) {
	t.Parallel()
	text := "\ufeff我没兴趣，别再打了\n\n不需要押金吗\r\nhello <&> \xff\n没有换行"
	got := refrain(t, text, "match", "--format", "json")
	require.Equal(t, result{0, got.out, ""}, got)
	golden(t, "match.jsonl", got.out)
	for line := range strings.Lines(got.out) {
		require.Equal(t, []string{"text", "hits", "suspect", "score"}, keys(t, line))
	}
	got = refrain(t, text, "match")
	require.Equal(t, result{0, got.out, ""}, got)
	golden(t, "match.txt", got.out)
}

func TestMatchLineLengths(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("a", files.MaxLine)
	got := refrain(t, fits+"\r\n"+fits+"b\n"+strings.Repeat("c", 3*files.MaxLine)+"\n没兴趣",
		"match", "--format", "json")
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "line 2 is longer than 1048576 bytes")
	require.Contains(t, got.errors, "line 3 is longer")
	require.Contains(t, got.errors, "2 of 4 failed")
	all := lines[match.Line](t, got.out)
	require.Len(t, all, 2)
	require.Len(t, all[0].Text, files.MaxLine)
	require.True(t, all[1].Suspect)
}

// An answer does not wait for the next line, and waiting for one ends with a Ctrl-C.
func TestMatchAnswersAtOnce(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	lines, typing := io.Pipe()
	answers, screen := io.Pipe()
	var errors bytes.Buffer
	done := make(chan int)
	go func() {
		done <- run(ctx, console.New(lines, screen, &errors), []string{"match", "--format", "json"})
	}()
	_, err := io.WriteString(typing, "没兴趣\n")
	require.NoError(t, err)
	answer, err := bufio.NewReader(answers).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, answer, `"suspect":true`)
	interrupt()
	require.Equal(t, console.ExitFailed, <-done)
	require.Equal(t, "refrain: interrupted\n", errors.String())
}

// texts are as services that transcribe write them: the sides by turns, and others' columns.
const texts = "通话ID,手机号,角色,识别结果\n" +
	"c1,13800138000,坐席,您好，您对我们的贷款产品感兴趣吗\n" +
	"c1,13800138000,客户,\"不感兴趣, 别再打了\"\n" +
	"c2,13800138001,坐席1,您需要贷款吗\n" +
	"c2,13800138001,客户1,没有\n" +
	"c3,13800138001,客户,没有\n" +
	"c3,13800138001,客户,\n" +
	"c4,13800138002,客户,不是没兴趣，就是现在忙\n"

func TestMatchTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "texts.csv")
	require.NoError(t, os.WriteFile(path, []byte(texts), 0o600))
	got := refrain(t, "", "match", path)
	require.Equal(t, result{0, got.out, "refrain: " + path + ": columns that are passed over: 手机号\n"}, got)
	golden(t, "match-table.txt", got.out)

	got = refrain(t, "", "match", path, "--format", "json")
	golden(t, "match-table.jsonl", got.out)
	for line := range strings.Lines(got.out) {
		require.Equal(t, []string{"row", "call_id", "text", "hits", "suspect", "score"}, keys(t, line))
	}

	for _, gb := range []bool{false, true} { // the result is UTF-8, whatever the table is
		in, out := path, filepath.Join(t.TempDir(), "judged.csv")
		if gb {
			in = filepath.Join(t.TempDir(), "gb.csv")
			text, err := simplifiedchinese.GB18030.NewEncoder().String(texts)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(in, []byte(text), 0o600))
		}
		got = refrain(t, "", "match", in, "--out", out, "--format", "json")
		require.Equal(t, 0, got.code, got.errors)
		require.JSONEq(t, fmt.Sprintf(`{"file":%q,"rows":7,"suspects":2,"failed":0,"out":%q}`, in, out), got.out)
		judged, err := os.ReadFile(out)
		require.NoError(t, err)
		golden(t, "match-table.csv", strings.TrimPrefix(string(judged), "\ufeff"))

		again := filepath.Join(t.TempDir(), "again.csv")
		require.Equal(t, 0, refrain(t, "", "match", out, "--out", again).code)
		twice, err := os.ReadFile(again)
		require.NoError(t, err)
		require.Equal(t, string(judged), string(twice), "an earlier verdict gives way")
		require.Contains(t, refrain(t, "", "match", in, "--out", out).errors, "is there already")
	}
}

// What can't be judged is said with its line, and what could be meant.
func TestMatchTableErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, text string
		args             []string
		code             int
		errors, out      string
	}{
		{"figures for sides", "t.csv", "text,speaker\n没兴趣,1\n", nil, 1,
			`line 2 has the speaker "1"; say what the column says of the customer, such as --customer "1"`, ""},
		{"the customer's figure", "t.csv", "text,speaker\n没兴趣,0\n我没兴趣,1\n", []string{"--customer", "1"}, 0, "",
			"     3  suspect 0.99  我【没兴趣】\n"},
		{"no side", "t.csv", "text,speaker\n没兴趣,\n", []string{"--customer", "1"}, 1, "line 2 doesn't say who is speaking", ""},
		{"no column of sides", "t.csv", "text\n没兴趣\n", []string{"--customer", "1"}, 2,
			"--customer is about a column speaker", ""},
		{"lines", "t.txt", "没兴趣\n", nil, 1, "lines of text, without columns, go to standard input", ""},
		{"no file", "", "", nil, 1, "no such file", ""},
		{"other columns", "t.csv", "id,words\n1,没兴趣\n", nil, 1, "--map text=NAME", ""},
		{"named", "t.csv", "id,words\n1,我没兴趣\n", []string{"--map", "text=words"}, 0, "", "我【没兴趣】"},
		{"a broken row", "t.csv", "text,id\n\"没兴趣,1\n我没兴趣,2\n", nil, 1, "line 2 is not readable as CSV", "我【没兴趣】"},
		{"JSON", "t.jsonl", "{\"text\":\"我没兴趣\"}\n{\"text\":null}\n{\"call_id\":\"x\"}\n", nil, 1,
			"line 3 text is empty, and was not judged", "我【没兴趣】"},
		{"JSON into CSV", "t.jsonl", "{}\n", []string{"--out", "x.csv"}, 2, "--out writes CSV", ""},
		{"into a workbook", "t.csv", "text\n", []string{"--out", "x.xlsx"}, 2, "--out writes CSV", ""},
		{"explained", "t.csv", "text\n", []string{"--explain"}, 2, "--explain is for lines of standard input", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), cmp.Or(tt.file, "none.csv"))
			if tt.file != "" {
				require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
			}
			got := refrain(t, "", append([]string{"match", path}, tt.args...)...)
			require.Equal(t, tt.code, got.code, got)
			require.Contains(t, got.errors, tt.errors)
			require.Contains(t, got.out, tt.out)
		})
	}
}
