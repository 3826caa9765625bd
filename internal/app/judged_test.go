package app_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// A recorder that breaks is told of once, and stays told of over a restart.
func TestSourceAlarm(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), newLogbook()
	s := start(t, testConfig(dir), logTo(log))
	dead := append([]byte("RIFF\x24\x7d\x00\x00WAVEfmt "+
		"\x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00data\x00\x7d\x00\x00"), make([]byte, 32_000)...)
	const said = "the recordings of a source broke"
	for i := range recording.AlarmWindow + 1 {
		s.send(t.Context(), t, &pb.RecordingMetadata{CallId: fmt.Sprint(i), Number: "13800138001",
			Source: "pbx"}, dead)
	}
	require.Len(t, log.Lines(said, "source=pbx"), 1)
	page := func(s *server, path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://"+s.app.HTTPAddr()+path, http.NoBody)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(text)
	}
	const warning = "ready\nwarning: source \"pbx\": 20 of its last 20 recordings"
	require.Contains(t, page(s, "/readyz"), warning)
	require.Contains(t, page(s, "/metrics"), `refrain_source_alarm{source="pbx"} 1`)
	require.NoError(t, s.stop())
	s = start(t, testConfig(dir), logTo(log))
	require.Contains(t, page(s, "/readyz"), warning)
}
