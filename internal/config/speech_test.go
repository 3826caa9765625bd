package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/keywords"
)

func TestLoadSpeechServer(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("REFRAIN_SPEECH_HTTP_KEY", "sk-secret")
	t.Setenv("REFRAIN_SPEECH_HTTP_PARALLEL", "8")
	c, err := Load(write(t, `
speech:
  engine: http
  agent_track: on
  http: {address: "https://asr.example:8000", model: sense-voice, packs: true, timeout: 5s, retries: 0}
`))
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	require.Equal(t, SpeechServer{Address: "https://asr.example:8000", Key: "sk-secret",
		Model: "sense-voice", Parallel: 8, Packs: true, Timeout: 5 * time.Second}, c.Speech.HTTP)
	require.Equal(t, 8, c.States())
	require.Equal(t, keywords.AgentOn, c.Speech.AgentTrack)

	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Speech.HTTP.Key), "sk-secret")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "speech", c.Speech, "key", c.Speech.HTTP.Key)
	asJSON, err := json.Marshal(c.Speech)
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(c.Speech)
	require.NoError(t, err)
	require.NotContains(t, log.String()+string(asJSON)+string(asYAML), "sk-secret")
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		share, packs        bool
		states, short, long int
	}{
		{true, true, 2, 20, 3}, {true, true, 64, 80, 65}, {true, true, 100, 101, 101},
		{false, true, 2, 3, 3}, {true, false, 2, 3, 3},
	} {
		short, long := Speech{ShareWindows: tt.share}.Recordings(tt.states, tt.packs)
		require.Equal(t, [2]int{tt.short, tt.long}, [2]int{short, long}, "%+v", tt)
	}
}

func TestWindowsAreShared(t *testing.T) { // not parallel: it sets the environment
	require.True(t, Default().Speech.ShareWindows)
	c, err := Load(write(t, "speech: {share_windows: false}\n"))
	require.NoError(t, err)
	require.False(t, c.Speech.ShareWindows)
	t.Setenv("REFRAIN_SPEECH_SHARE_WINDOWS", "true")
	c, err = Load(write(t, "speech: {share_windows: false}\n"))
	require.NoError(t, err)
	require.True(t, c.Speech.ShareWindows)
}

func TestValidateSpeech(t *testing.T) {
	t.Parallel()
	good := Default().Speech
	good.Engine = EngineHTTP
	good.HTTP.Address, good.HTTP.Model = "http://127.0.0.1:8000", "m"
	require.NoError(t, good.Validate())
	require.Equal(t, keywords.AgentShort, good.AgentTrack)
	for want, edit := range map[string]func(*Speech){
		"speech.engine: is \"htpp\"; it must be whisper, http or workers": func(s *Speech) { s.Engine = "htpp" },
		"speech.model: is base (or --model is)":                           func(s *Speech) { s.Model = "base" },
		"speech.http.address: is no address":                              func(s *Speech) { s.HTTP.Address = "" },
		"speech.http.model: is empty":                                     func(s *Speech) { s.HTTP.Model = "" },
		"speech.http.key: has a character":                                func(s *Speech) { s.HTTP.Key = "k\n" },
		"speech.http.parallel: is 0":                                      func(s *Speech) { s.HTTP.Parallel = 0 },
		"speech.http.timeout: is 0s":                                      func(s *Speech) { s.HTTP.Timeout = 0 },
		"speech.agent_track: is \"yes\"; it must be off, short or on": func(s *Speech) {
			s.AgentTrack = "yes"
		},
		"speech.http.retries: is 11": func(s *Speech) { s.HTTP.Retries = 11 },
	} {
		s := good
		edit(&s)
		require.ErrorContains(t, s.Validate(), want)
	}
	ours := Default().Speech
	ours.HTTP = SpeechServer{}
	require.NoError(t, ours.Validate(), "a server that isn't asked may be anything")
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://h:8000":                     "http://h:8000/v1/audio/transcriptions",
		"http://h:8000/":                    "http://h:8000/v1/audio/transcriptions",
		"https://h/v1":                      "https://h/v1/audio/transcriptions",
		"https://h/v1/":                     "https://h/v1/audio/transcriptions",
		"https://h/asr/v2":                  "https://h/asr/v2/audio/transcriptions",
		"http://h/v1/audio/transcriptions/": "http://h/v1/audio/transcriptions",
		"http://[::1]:8000":                 "http://[::1]:8000/v1/audio/transcriptions",
		"":                                  "is no address",
		"h:8000":                            "is no address",
		"ftp://h":                           "is no address",
		"http://:8000":                      "is no address",
		"http://user:hunter2@h":             "speech.http.key",
		"http://h/v1?key=hunter2":           "has a ?",
		"http://user:hunter2@h:port":        "is no address",
		"http://h/v1#x":                     "has a ?",
	} {
		got, err := SpeechServer{Address: address}.Endpoint()
		if err != nil {
			require.ErrorContains(t, err, want, address)
			require.NotContains(t, err.Error(), "hunter2")
			continue
		}
		require.Equal(t, want, got)
	}
}

// Servers that leave hearing to workers need what those find their work in, and their settings do for workers.
func TestWorkersSettings(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Speech.Engine = EngineWorkers
	require.ErrorContains(t, c.Validate(), "set database.url and audio.s3")
	c.Database.URL = "postgres://refrain@localhost/refrain"
	c.Audio.S3.Endpoint, c.Audio.S3.Bucket = "http://localhost:9000", "calls"
	require.NoError(t, c.Validate())
	require.NoError(t, c.ForWorker().ValidateWorker())
	require.Equal(t, EngineWhisper, c.ForWorker().Speech.Engine)
	c.Speech.HTTP.Address, c.Speech.HTTP.Model = "http://localhost:8000", "sense-voice"
	require.NoError(t, c.ForWorker().ValidateWorker())
	require.Equal(t, EngineHTTP, c.ForWorker().Speech.Engine)
	c.Speech.Model = "small"
	require.ErrorContains(t, c.Validate(), "name the one that workers are to hear with")
	c = Default()
	require.Equal(t, c, c.ForWorker())
	require.ErrorContains(t, c.ValidateWorker(), "database.url: is empty")
	require.ErrorContains(t, c.ValidateWorker(), "audio.s3: names no bucket")
}
