package remote_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/remote"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// endpoint is where whisper-server is told to serve what OpenAI serves there.
const endpoint = "/v1/audio/transcriptions"

// whisperServer is the path of Debian's whisper-server.
func whisperServer(t *testing.T) string {
	t.Helper()
	script := filepath.Join(testcall.Root(), "scripts", "whisper-server.sh")
	out, err := exec.CommandContext(t.Context(), script).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("SKIPPED, no server was tried: there is no whisper-server: %v", err)
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// serve runs whisper-server with the demo model until the test ends, and tells its address.
func serve(t *testing.T) string {
	t.Helper()
	program := whisperServer(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, "--model", testcall.ModelPath(), "--host", host,
		"--port", port, "--inference-path", endpoint, "--threads", "2", "--language", "zh",
		// The demo model knows a shorter context: no utterance here takes ten seconds.
		"--audio-ctx", "512", "--beam-size", "1", "--best-of", "1")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("whisper-server said: %s", said.String())
		}
	})
	return address
}

// open waits until the server answers.
func open(t *testing.T, address string, packs bool) *remote.Engine {
	t.Helper()
	e := remote.NewEngine(remote.Config{
		URL: "http://" + address + endpoint, Model: asr.Model{Name: "demo", Packs: packs},
		Language: "zh", Parallel: 2, Timeout: time.Minute, Retries: 2,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond, "whisper-server doesn't listen")
	_, err := e.Open(t.Context())
	require.NoError(t, err)
	return e
}

// A real server, which is not ours, hears what customers say word for word, and when.
func TestWhisperServer(t *testing.T) {
	t.Parallel()
	e := open(t, serve(t), false)
	said := map[string]string{}
	for _, row := range testcall.Table(t, testcall.Spoken("texts.tsv")) {
		if row["side"] == string(asr.Customer) {
			said[row["call_id"]] += row["text"]
		}
	}
	for _, call := range testcall.Table(t, testcall.Spoken("manifest.csv")) {
		f, err := os.Open(testcall.Spoken(call["file"]))
		require.NoError(t, err)
		heard, _, err := asr.Hear(t.Context(), e, asr.Config{}, asr.Track{Side: asr.Customer,
			Audio: f, Channel: audio.Channel(call["customer_channel"])})
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, testcall.Words(said[call["call_id"]]), testcall.Words(heard.Text()), call["file"])
		for _, s := range heard.Segments {
			requireTimed(t, s)
		}
	}
}

// requireTimed checks that a segment's words lie where it was spoken.
func requireTimed(t *testing.T, s asr.Segment) {
	t.Helper()
	const padding = 500 * time.Millisecond
	require.Greater(t, s.Confidence(), 0.3)
	require.Less(t, s.NoSpeechProb, 0.6)
	require.Greater(t, len(s.Tokens), 1, "a token a word")
	for _, token := range s.Tokens {
		require.GreaterOrEqual(t, token.Start, s.Utterance.Start-padding)
		require.LessOrEqual(t, token.End, s.Utterance.End+padding)
	}
}
