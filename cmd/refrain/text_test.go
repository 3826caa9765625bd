package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestTableLinesUpWideCharacters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tab := table{rows: [][]string{{"CALL", "SAID", "SCORE"}, {"c-1", "我没兴趣", "0.90"}, {"c-22", "", "0.00"}, {"c-3", "ok，再见", ""}}}
	require.NoError(t, tab.write(&out))
	require.Equal(t, "CALL  SAID      SCORE\nc-1   我没兴趣  0.90\nc-22            0.00\nc-3   ok，再见\n", out.String())
}

func TestShortened(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		cells int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"我没兴趣", 8, "我没兴趣"},
		{"我没兴趣了", 8, "我没兴…"},
		{"", 1, ""},
	} {
		require.Equal(t, tt.want, shortened(tt.text, tt.cells))
	}
}

func TestMarked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		marks      []mark
		want       string
	}{
		{"none", "你好", nil, "你好"},
		{"one", "我没兴趣。", []mark{{1, 4, false}}, "我【没兴趣】。"},
		{"out of order", "不要，没兴趣", []mark{{3, 6, false}, {0, 2, false}}, "【不要】，【没兴趣】"},
		{"vetoed", "不是没兴趣", []mark{{2, 5, true}}, "不是〔没兴趣〕"},
		{"what counts wins", "别再打了", []mark{{0, 3, true}, {1, 4, false}}, "别【再打了】"},
		{"overlapping", "再打我就投诉你", []mark{{2, 6, false}, {0, 4, false}, {1, 2, false}}, "【再打我就投诉】你"},
		{"touching", "别打了没兴趣", []mark{{0, 3, false}, {3, 6, false}}, "【别打了】【没兴趣】"},
		{"overlapping vetoed", "不是没兴趣", []mark{{2, 5, true}, {1, 3, true}}, "不〔是没兴趣〕"},
		{"beyond the text", "你好", []mark{{1, 5, false}, {-1, 1, false}, {1, 1, false}}, "你好"},
	} {
		require.Equal(t, tt.want, marked(tt.text, tt.marks), tt.name)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0:00.0", 950 * time.Millisecond: "0:01.0", 62340 * time.Millisecond: "1:02.3", time.Hour: "60:00.0",
	} {
		require.Equal(t, want, clock(d))
	}
}

func TestReadableErrors(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	require.Equal(t, plain, readable(plain, "a:1"))
	details := status.New(codes.InvalidArgument, "the request is not valid; number is empty")
	details, err := details.WithDetails(&errdetails.ErrorInfo{Reason: "INVALID_REQUEST"},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "number", Description: "is empty"}, {Field: "agent", Description: "has 200 bytes"}}})
	require.NoError(t, err)
	stopping, err := status.New(codes.Unavailable, "the server is stopping").WithDetails(&errdetails.ErrorInfo{Reason: "STOPPING"})
	require.NoError(t, err)
	for _, tt := range []struct {
		name, want string
		err        error
		passes     bool
	}{
		{"fields", "number is empty; agent has 200 bytes", details.Err(), false},
		{"refused connection", "no server can be reached at a:1 (connection refused); start one with: refrain serve, or name another with --server ADDRESS",
			status.Error(codes.Unavailable, `connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`), true},
		{"the server's own word", "the server is stopping", stopping.Err(), true},
		{"other version", "the server at a:1 doesn't know this request; is it a Refrain of another version?",
			status.Error(codes.Unimplemented, "unknown method X"), false},
		{"interrupted", "interrupted", status.Error(codes.Canceled, "context canceled"), false},
	} {
		got := readable(tt.err, "a:1")
		require.EqualError(t, got, tt.want, tt.name)
		require.Equal(t, tt.passes, mayPass(got), tt.name)
	}
}

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
	fits := strings.Repeat("a", maxLine)
	got := refrain(t, fits+"\r\n"+fits+"b\n"+strings.Repeat("c", 3*maxLine)+"\n没兴趣", "match", "--format", "json")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.errors, "line 2 is longer than 1048576 bytes")
	require.Contains(t, got.errors, "line 3 is longer")
	require.Contains(t, got.errors, "2 of 4 failed")
	all := lines[matchLine](t, got.out)
	require.Len(t, all, 2)
	require.Len(t, all[0].Text, maxLine)
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
	go func() { done <- run(ctx, newConsole(lines, screen, &errors), []string{"match", "--format", "json"}) }()
	_, err := io.WriteString(typing, "没兴趣\n")
	require.NoError(t, err)
	answer, err := bufio.NewReader(answers).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, answer, `"suspect":true`)
	interrupt()
	require.Equal(t, exitFailed, <-done)
	require.Equal(t, "refrain: interrupted\n", errors.String())
}

// Lines come back as they were written, whatever is in them.
func FuzzReadLine(f *testing.F) {
	f.Add([]byte("a\r\n\nb"))
	f.Add([]byte("\xff\r\r\n\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		in := bufio.NewReaderSize(bytes.NewReader(text), 16)
		for line := range bytes.Lines(text) {
			got, err := readLine(in)
			require.NoError(t, err)
			require.Equal(t, string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))), got)
		}
		_, err := readLine(in)
		require.ErrorIs(t, err, io.EOF)
	})
}
