package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// speechKey must be told to the speech server and to nobody else.
const speechKey = "sk-very-secret"

// hearsRefusal is a speech server that hears a refusal, in traditional characters, in the first
// window that it gets, and in the others a yes; up tells whether it is there.
func hearsRefusal(t *testing.T, up *atomic.Bool) *httptest.Server {
	t.Helper()
	var windows atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case !up.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Header.Get("Authorization") != "Bearer "+speechKey:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			text := "嗯。"
			if windows.Add(1) == 1 {
				text = "不好意思，我沒興趣，別再打了。"
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"text": text})
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func remoteConfig(dir string, srv *httptest.Server) config.Config {
	c := testConfig(dir)
	c.Speech.Engine, c.Speech.Model = config.EngineHTTP, ""
	c.Speech.HTTP.Address, c.Speech.HTTP.Key, c.Speech.HTTP.Model = srv.URL, speechKey, "sense-voice"
	c.Speech.HTTP.Retries = 0
	return c
}

// A company's own speech server hears calls, and its transcripts say so.
func TestRemoteSpeech(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	up.Store(true)
	srv := hearsRefusal(t, &up)
	s := start(t, remoteConfig(t.TempDir(), srv))
	rec := s.send(t.Context(), t, &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.True(t, rec.GetJudgement().GetSuspect())
	got, err := s.Review.GetSuspect(t.Context(),
		&pb.GetSuspectRequest{Name: rec.GetJudgement().GetSuspectName()})
	require.NoError(t, err)
	heard := got.GetTranscript()
	require.Equal(t, "http "+strings.TrimPrefix(srv.URL, "http://")+"/v1/audio/transcriptions",
		heard.GetEngine())
	require.Equal(t, "sense-voice", heard.GetModel())
	require.False(t, heard.GetDemoModel())
	require.Contains(t, fmt.Sprint(heard.GetSegments()), "我没兴趣", "in simplified characters")
}

// While the speech server is away, the server serves, and recordings wait.
func TestRemoteSpeechAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var up atomic.Bool
	srv := hearsRefusal(t, &up)
	log := apitest.NewLogbook()
	s := start(t, remoteConfig(t.TempDir(), srv), logTo(log))
	wav := sample(t, refusalSample)
	resp, err := s.Upload(ctx, &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT, Sha256: apitest.Sum(wav)}, bytes.NewReader(wav))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	log.Wait(t, 1, "an attempt failed", "SPEECH_UNAVAILABLE")
	got, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, pb.Recording_STATE_QUEUED, got.GetRecording().GetState())
	require.Zero(t, got.GetRecording().GetAttempts())
	require.Equal(t, "SPEECH_UNAVAILABLE", got.GetRecording().GetError().GetReason())
	require.Contains(t, got.GetRecording().GetError().GetMessage(), "503 Service Unavailable")
	require.Equal(t, []bool{true}, s.AskAll(t, "13800138001"))
	require.NoError(t, s.stop())
	require.Empty(t, log.Lines(speechKey))
}
