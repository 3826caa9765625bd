package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
