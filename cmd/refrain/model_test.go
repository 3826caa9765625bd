package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/model"
)

func TestModelList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := refrain(t, "", "model", "list", "--dir", dir, "--format", "json")
	require.Equal(t, result{0, got.out, ""}, got)
	all := lines[model.Line](t, got.out)
	require.Greater(t, len(all), 10)
	require.True(t, all[0].Demo && all[0].Downloaded)
	inside := 0
	for _, l := range all[1:] {
		require.NotZero(t, *l.Size)
		require.Len(t, l.SHA256, 64)
		require.Equal(t, l.Default, l.Downloaded)
		if l.Default {
			inside++
			require.Equal(t, "base-q8_0", l.Name)
		}
	}
	require.Equal(t, 1, inside)
	require.Contains(t, refrain(t, "", "model", "list", "--dir", dir).out, "large-v3-turbo-q5_0")
}

func TestModelGetTellsOfTheMirror(t *testing.T) {
	t.Parallel()
	mirror := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(mirror.Close)
	got := refrain(t, "", "model", "get", "tiny", "--dir", t.TempDir(), "--from", mirror.URL)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "the server has no such file")
}

func TestModelVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "ggml-tiny.bin")
	require.NoError(t, os.WriteFile(broken, []byte("not a model"), 0o600))
	got := refrain(t, "", "model", "verify", "tiny", "../../models/ggml-refrain-demo-zh.bin",
		"--dir", dir, "--format", "json")
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, broken)
	require.Contains(t, got.errors, "1 of 2 failed")
	all := lines[model.Verification](t, got.out)
	require.Len(t, all, 2)
	require.False(t, all[0].OK)
	require.NotNil(t, all[0].Error)
	require.True(t, all[1].OK && all[1].Published)
}
