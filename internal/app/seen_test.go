package app_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// What there is to see of a server that works is there, and no number in full.
func TestSeen(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	base := "http://" + s.app.HTTPAddr()
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Data, "last-backup"), nil, 0o600))
	rec := s.send(t.Context(), t, &pb.RecordingMetadata{CallId: "1", Number: "13800138001", Line: "trunk-13912345678",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState())
	code, _ := fetch(t, "GET", base+"/check?number=13800138001", nil)
	require.Equal(t, http.StatusOK, code)
	_, text := fetch(t, "GET", base+"/metrics", url.Values(nil))
	for _, pattern := range []string{
		`refrain_suspects_open 1`, `refrain_gate_seconds_count\{method="CheckNumber"\} 1`,
		`refrain_heard_audio_seconds_total [1-9]`, `refrain_hearing_seconds_total [0-9.]+`,
		`refrain_disk_free_bytes [1-9]`, `refrain_disk_size_bytes [1-9]`, `refrain_database_bytes [1-9]`,
		`refrain_database_wal_bytes [0-9]`, `refrain_clock_seconds 1\.[0-9]+e\+09`, `refrain_last_backup_seconds 1\.[0-9]+e\+09`,
		`refrain_recordings_judged_total\{line="trunk-139\*\*\*\*5678",source=""\} 1`,
	} {
		require.Regexp(t, `(?m)^`+pattern, text)
	}
	require.NotContains(t, text, "13912345678")
}

// A name of any script says who acts, escaped or as it is.
func TestRESTActorInAnyScript(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	for _, name := range []string{"王", "%E7%8E%8B"} {
		code, got := rest(t, "POST", "http://"+s.app.HTTPAddr()+"/v1/freezes", name, `{"number":"13800138003","reason":"x","period":"60s"}`)
		require.Equal(t, http.StatusOK, code, "%v", got)
		require.Equal(t, "王", dig(t, got, "freeze", "actor"))
	}
	code, _ := rest(t, "POST", "http://"+s.app.HTTPAddr()+"/v1/freezes", "\xcd\xf5", `{"number":"13800138003","reason":"x"}`)
	require.Equal(t, http.StatusBadRequest, code)
}
