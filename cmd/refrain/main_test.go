package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/cli/console"
)

// The test binary is its own speech process.
func TestMain(m *testing.M) {
	whisper.ExitIfChild()
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(runTests(m))
}

// runTests runs them, and ends what they share.
var runTests = (*testing.M).Run

var update = flag.Bool("update", false, "write what came out to the golden files")

const samplesDir = "../../internal/testcall/spoken"

// result is what a run of the program left.
type result struct {
	code        int
	out, errors string
}

// refrain runs the program with an environment of its own, in which pauses end at once.
func refrain(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return refrainWith(t, func(*console.Console) {}, stdin, args...)
}

func refrainWith(t *testing.T, change func(*console.Console), stdin string, args ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	c := console.New(strings.NewReader(stdin), &out, &errors)
	c.Getenv = func(string) string { return "" }
	c.Pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	change(c)
	code := run(t.Context(), c, args)
	return result{code, out.String(), errors.String()}
}

// golden compares text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// lines reads JSON lines.
func lines[T any](t *testing.T, text string) (all []T) {
	t.Helper()
	for line := range strings.Lines(text) {
		var v T
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&v), line)
		all = append(all, v)
	}
	return all
}

// keys are the fields of each JSON line, in their order.
func keys(t *testing.T, line string) (names []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	_, err := d.Token()
	require.NoError(t, err)
	for d.More() {
		name, err := d.Token()
		require.NoError(t, err)
		names = append(names, name.(string))
		var skip json.RawMessage
		require.NoError(t, d.Decode(&skip))
	}
	return names
}
