package config

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), FileName)
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestLoad(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("REFRAIN_SPEECH_MODEL", "base")
	t.Setenv("REFRAIN_REVIEW_LEASE", "3m")
	c, err := Load(write(t, `
data: /srv/refrain
grpc: {address: "127.0.0.1:9000"}
speech: {model: tiny, states: 3}
intake:
  sources:
    freeswitch: {customer_channel: left}
review: {lease: 1m}
`))
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	require.Equal(t, "/srv/refrain", c.Data)
	require.Equal(t, "127.0.0.1:9000", c.GRPC.Address)
	require.Equal(t, "127.0.0.1:7431", c.HTTP.Address, "what is left out keeps its default")
	require.Equal(t, "base", c.Speech.Model, "the environment wins over the file")
	require.Equal(t, 3*time.Minute, c.Review.Lease)
	require.Equal(t, 3, c.States())
	require.Equal(t, audio.Left, c.Defaults().Sources["freeswitch"])
	require.Equal(t, "/srv/refrain/audio", c.Path("audio"))
}

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	require.NoError(t, new(Config).unknownVariables([]string{"PATH=x", "REFRAIN_SERVER=a",
		"REFRAIN_SPEECH_MODEL=tiny", "REFRAIN_SHUTDOWN_GRACE=1s"}))
	err := new(Config).unknownVariables([]string{"REFRAIN_SPEECH_MODUL=tiny"})
	require.ErrorContains(t, err, "REFRAIN_SPEECH_MODUL")
	require.ErrorContains(t, err, "REFRAIN_SPEECH_MODEL")
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"unknown key": {"data: x\nvoice: {}\n", "line 2"},
		"wrong type":  {"speech: {states: many}\n", "line 1"},
		"no yaml":     {"data: [\n", "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(write(t, tt.text))
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, FileName)
		})
	}
	_, err := Load(filepath.Join(t.TempDir(), "absent.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Load(write(t, ""))
	require.NoError(t, err, "an empty file sets nothing")
}

func TestValidateTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	c := Default()
	require.NoError(t, c.Validate())
	c.Data = ""
	c.GRPC.Address, c.HTTP.Address = "0.0.0.0:7430", "nonsense"
	c.Speech.Threads = 0
	c.Judging.Threshold = 2
	c.Review.Lease = 0
	c.ShutdownGrace = -1
	c.Intake.CustomerChannel = "middle"
	c.Intake.Region = "cn"
	c.Intake.Sources = map[string]Source{"pbx": {}}
	err := c.Validate()
	for _, want := range []string{"data", "grpc.address", "without TLS", "http.address", "speech",
		"judging.threshold", "review.lease",
		"shutdown_grace", "intake.customer_channel", "intake.region", "intake.sources.pbx"} {
		require.ErrorContains(t, err, want)
	}
	c = Default()
	c.Review.Lease = 9 * time.Hour // every claim without a lease of its own would fail
	require.ErrorContains(t, c.Validate(), "review.lease")
}

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	for addr, ok := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "127.9.9.9:0": true,
		"0.0.0.0:1": false, ":1": false, "10.0.0.1:1": false, "refrain.example:1": false,
		"127.0.0.1": false,
	} {
		require.Equal(t, ok, TLS{}.checkAddress(addr) == nil, addr)
		_, _, err := net.SplitHostPort(addr)
		require.Equal(t, err == nil && !ok, Config{Gate: Gate{HTTP: addr}}.Reached(), addr)
		require.Equal(t, err == nil, TLS{Cert: "c", Key: "k"}.checkAddress(addr) == nil, "with TLS: %s", addr)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("data: x\n")
	f.Add("speech: {states: 1}\nintake: {sources: {a: {customer_channel: left}}}")
	f.Add("{a: &a [*a]}")
	f.Add("rules: {hours: {enabled: true}}\ncalls: {codes: {sip: {480: busy}}}")
	f.Add("rules: &r {zone: UTC, hours: *r, rules: [*r]}")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(dir, FileName)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		c := Default()
		if c.readFile(name) == nil {
			_ = c.Validate() // whatever it says, it must not panic
		}
	})
}

func TestAudioFiles(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "ffmpeg")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700))
	files, err := Audio{FFmpeg: program}.Files("dir")
	require.NoError(t, err)
	require.NotNil(t, files.Decoder)
	require.Equal(t, "dir", files.Dir)
	files, err = Audio{FFmpeg: "off"}.Files("")
	require.NoError(t, err)
	require.Nil(t, files.Decoder)
	_, err = Audio{FFmpeg: "/absent/ffmpeg"}.Files("")
	require.ErrorContains(t, err, "audio.ffmpeg")
}
