package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
)

// What a speech server hears is judged like what whisper.cpp hears.
func TestTranscribeBySpeechServer(t *testing.T) { // not parallel: it sets the environment
	file := filepath.Join(samplesDir, "01-not-interested.wav")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sk-secret" {
			http.Error(w, "wrong key: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"text":"我没兴趣。"}`))
	}))
	t.Cleanup(srv.Close)
	t.Setenv("REFRAIN_SPEECH_ENGINE", "http")
	t.Setenv("REFRAIN_SPEECH_HTTP_ADDRESS", srv.URL)
	t.Setenv("REFRAIN_SPEECH_HTTP_MODEL", "sense-voice")
	t.Setenv("REFRAIN_SPEECH_HTTP_KEY", "sk-secret")
	got := refrain(t, "", "transcribe", "--format", "json", file)
	require.Equal(t, result{console.ExitDone, got.out, ""}, got)
	line := lines[transcribe.Line](t, got.out)[0]
	require.True(t, line.Suspect)
	require.Equal(t, "sense-voice", line.Model)
	require.False(t, line.DemoModel)

	got = refrain(t, "", "transcribe", "--model", "demo", file)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "speech.http.model")

	t.Setenv("REFRAIN_SPEECH_HTTP_KEY", "sk-other")
	got = refrain(t, "", "transcribe", file)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, ": wrong key: Bearer ***; set its key, ")
	require.Contains(t, got.errors, "answers 401 ")

	srv.Close()
	got = refrain(t, "", "transcribe", file)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "the speech server "+strings.TrimPrefix(srv.URL, "http://"))
	require.Contains(t, got.errors, "can't be reached")

	t.Setenv("REFRAIN_SPEECH_HTTP_ADDRESS", "")
	got = refrain(t, "", "transcribe", file)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "speech.http.address: is no address of a server")
}
