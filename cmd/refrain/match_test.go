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
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

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
	"c2,13800138001,坐席(1001),您需要贷款吗\n" +
	"c2,13800138001,客户1,没有\n" +
	"c3,13800138001,客户,没有\n" +
	"c3,13800138001,客户,\n" +
	"c4,13800138002,客户,不是没兴趣，就是现在忙\n"

func TestMatchTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "texts.csv")
	require.NoError(t, os.WriteFile(path, []byte(texts), 0o600))
	got := refrain(t, "", "match", path)
	require.Equal(t, result{0, got.out, "refrain: " + path + ": text is the column 识别结果, call_id is the column 通话ID, " +
		"speaker is the column 角色\n"}, got)
	golden(t, "match-table.txt", got.out)

	got = refrain(t, "", "match", path, "--format", "json")
	golden(t, "match-table.jsonl", got.out)
	for line := range strings.Lines(got.out) {
		require.Equal(t, []string{"row", "call_id", "text", "hits", "suspect", "score"}, keys(t, line))
	}
}

// The result is UTF-8 whatever the table is, and an earlier one's verdicts give way.
func TestMatchTableOut(t *testing.T) {
	t.Parallel()
	in := func(e encoding.Encoding) []byte {
		text, err := e.NewEncoder().String(texts)
		require.NoError(t, err)
		return []byte(text)
	}
	book := excelize.NewFile()
	for i, line := range strings.Split(strings.TrimSpace(texts), "\n") {
		cells := strings.Split(strings.ReplaceAll(strings.ReplaceAll(line, `, 别`, "\x00别"), `"`, ""), ",")
		for k, cell := range cells {
			at, err := excelize.CoordinatesToCellName(k+1, i+1)
			require.NoError(t, err)
			require.NoError(t, book.SetCellStr("Sheet1", at, strings.ReplaceAll(cell, "\x00", ", ")))
		}
	}
	var xlsx bytes.Buffer
	require.NoError(t, book.Write(&xlsx))
	for name, text := range map[string][]byte{"utf8.csv": []byte(texts), "gb.csv": in(simplifiedchinese.GB18030),
		"utf16.csv": in(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)), "book.xlsx": xlsx.Bytes()} {
		path, out := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "judged.csv")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		got := refrain(t, "", "match", path, "--out", out, "--format", "json")
		require.Equal(t, 0, got.code, got.errors)
		require.JSONEq(t, fmt.Sprintf(`{"file":%q,"rows":7,"suspects":2,"failed":0,"out":%q}`, path, out), got.out)
		judged, err := os.ReadFile(out)
		require.NoError(t, err)
		golden(t, "match-table.csv", strings.TrimPrefix(string(judged), "\ufeff"))

		again := filepath.Join(t.TempDir(), "again.csv")
		require.Equal(t, 0, refrain(t, "", "match", out, "--out", again).code)
		twice, err := os.ReadFile(again)
		require.NoError(t, err)
		require.Equal(t, string(judged), string(twice))
		require.Contains(t, refrain(t, "", "match", path, "--out", out).errors, "is there already")
	}
}

// No row is lost of which nothing can be made: it stands in the result with the reason.
func TestMatchTableKeepsRows(t *testing.T) {
	t.Parallel()
	path, out := filepath.Join(t.TempDir(), "t.csv"), filepath.Join(t.TempDir(), "judged.csv")
	require.NoError(t, os.WriteFile(path, []byte("speaker,text\n客户,别打了\n客户,\"好, 别\n客户,别,打了\n未知,请按一\n,\n坐席,您需要贷款吗\n客户,\n"+
		"客户,没有\n,没兴趣\n"), 0o600))
	got := refrain(t, "", "match", path, "--out", out)
	require.Equal(t, 1, got.code)
	require.Equal(t, "9 rows, 2 suspect, 4 not judged, in "+out+"\n", got.out)
	require.Contains(t, got.errors, `t.csv:5: the speaker "未知" is neither`)
	require.Contains(t, got.errors, "4 of 9 failed")
	judged, err := os.ReadFile(out)
	require.NoError(t, err)
	golden(t, "match-kept.csv", string(judged))
}

// Calls that take turns in a table don't take each other's questions.
func TestMatchTableCalls(t *testing.T) {
	t.Parallel()
	const rows = `{"call_id":"a","speaker":"agent","text":"您需要贷款吗"}
{"call_id":"b","speaker":"agent","text":"您还有问题吗"}
{"call_id":"a","speaker":"customer","text":"没有"}
{"call_id":"b","speaker":"customer","text":"没有"}
{"call_id":"a","speaker":"customer","text":"没有"}
`
	path := filepath.Join(t.TempDir(), "t.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(rows), 0o600))
	var suspects []int
	for _, l := range lines[match.Row](t, refrain(t, "", "match", path, "--format", "json").out) {
		if l.Suspect {
			suspects = append(suspects, l.Row)
		}
	}
	require.Equal(t, []int{3}, suspects)
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
		{"figures for sides", "t.csv", "text,speaker\n您好,0\n没兴趣,1\n好,0\n", nil, 1,
			`the column speaker has "0" (2), "1" (1); say which of them is the customer's with --customer`, ""},
		{"the customer's figure", "t.csv", "text,speaker\n没兴趣,0\n我没兴趣,１\n", []string{"--customer", "1"}, 0, "",
			"     3  suspect 0.99  我【没兴趣】\n"},
		{"two customers", "t.csv", "text,speaker\n没兴趣,张\n我没兴趣,李\n", []string{"--customer", "张", "--customer", "李"}, 0, "",
			"     2  suspect"},
		{"nobody of that name", "t.csv", "text,speaker\n没兴趣,张\n", []string{"--customer", "李"}, 1, `has "张" (1); say which`, ""},
		{"no side", "t.csv", "text,speaker\n没兴趣,\n我没兴趣,1\n", []string{"--customer", "1"}, 1, "1 of 2 failed", "我【没兴趣】"},
		{"no column of sides", "t.csv", "text\n没兴趣\n", []string{"--customer", "1"}, 2,
			"--customer is about a column speaker", ""},
		{"a number for an id", "t.csv", "call_id,text\n20261128-13912345678,没兴趣\n", nil, 0, "", "(20261128-139****5678)"},
		{"lines", "t.txt", "没兴趣\n", nil, 1, "lines of text without columns go to standard input", ""},
		{"text", "", "", nil, 1, "text itself goes to standard input", ""},
		{"other columns", "t.csv", "id,words\n1,没兴趣\n", nil, 1, "--map text=NAME", ""},
		{"named", "t.csv", "id,words\n1,我没兴趣\n", []string{"--map", "text=words"}, 0, "", "我【没兴趣】"},
		{"a broken row", "t.csv", "text,id\n\"没兴趣,1\n我没兴趣,2\n", nil, 1, "t.csv:2: is not readable as CSV", "我【没兴趣】"},
		{"JSON", "t.jsonl", "{\"text\":\"我没兴趣\"}\n{\"text\":null}\n{\"call_id\":\"x\"}\n", nil, 1,
			"t.jsonl:3: text is missing", "我【没兴趣】"},
		{"JSON without a side", "t.jsonl", "{\"text\":\"我没兴趣\",\"role\":\"客户\"}\n{\"text\":\"没兴趣\"}\n", nil, 1,
			"t.jsonl:2: the speaker is not named", "我【没兴趣】"},
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

// Where it is interrupted there is no result that looks like a whole one.
func TestMatchTableInterrupted(t *testing.T) {
	t.Parallel()
	path, out := filepath.Join(t.TempDir(), "t.csv"), filepath.Join(t.TempDir(), "judged.csv")
	require.NoError(t, os.WriteFile(path, []byte(texts), 0o600))
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var screen, errors bytes.Buffer
	code := run(ctx, console.New(strings.NewReader(""), &screen, &errors), []string{"match", path, "--out", out})
	require.Equal(t, console.ExitFailed, code)
	require.Contains(t, errors.String(), "interrupted")
	require.NoFileExists(t, out)
}
