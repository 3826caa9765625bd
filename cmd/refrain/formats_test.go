package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/send"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/internal/config"
)

// ffmpegs are the settings to try: what another format needs may be absent.
func ffmpegs(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ffmpeg is not installed")
		}
		t.Log("SKIPPED in part: ffmpeg is not installed, so other formats are only refused")
		return []string{"off"}
	}
	return []string{"off", "auto"}
}

// customerULaw is a sample's customer as sound without a header, 8 kHz mu-law.
func customerULaw(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samplesDir, "02-not-listening.wav"))
	require.NoError(t, err)
	_, sound, ok := bytes.Cut(b, []byte("data"))
	require.True(t, ok)
	var right []byte
	for i := 4 + 1; i < len(sound); i += 2 { // after the chunk's size
		right = append(right, sound[i])
	}
	return right
}

// A file without a header is transcribed, and sent, by what its name says.
func TestFilesWithoutAHeader(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("call.ulaw", string(customerULaw(t)))
	heard := refrain(t, "", "transcribe", "--model", "demo", "--format", "json", u.path("call.ulaw"))
	require.Equal(t, console.ExitDone, heard.code, heard.errors)
	require.True(t, lines[transcribe.Line](t, heard.out)[0].Suspect)

	for range 2 { // the same again is the same
		got := u.must("send", "@call.ulaw", "--number", "13800138000", "--call-id", "c1",
			"--customer-channel", "mono", "--wait", "--format", "json")
		require.NotNil(t, lines[send.JudgedLine](t, got)[0].Suspect)
	}
	u.write("call.raw", string(customerULaw(t)))
	for _, args := range [][]string{{"transcribe", u.path("call.raw")}, {"send", u.path("call.raw"),
		"--number", "13800138000", "--call-id", "c2", "--server", u.server}} {
		got := refrain(t, "", args...)
		require.Equal(t, console.ExitFailed, got.code)
		require.Contains(t, got.errors, "sox -t raw")
	}
}

// Another format is judged like the WAV file that it was made of, or refused with advice.
func TestAnotherFormat(t *testing.T) {
	t.Parallel()
	for _, setting := range ffmpegs(t) {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, func(c *config.Config) { c.Audio.FFmpeg = setting })
			name := u.path("call.g722")
			if setting == "off" {
				u.write("call.g722", string(customerULaw(t)))
			} else {
				said, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin",
					"-i", filepath.Join(samplesDir, "02-not-listening.wav"), "-af",
					"pan=mono|c0=c1", "-ar", "16000", "-f", "g722", name).CombinedOutput()
				require.NoError(t, err, "%s", said)
				heard := refrain(t, "", "transcribe", "--model", "demo", "--format", "json", name)
				require.True(t, lines[transcribe.Line](t, heard.out)[0].Suspect, heard.errors)
			}
			got := u.run("send", "@call.g722", "--number", "13800138000", "--call-id", "c1",
				"--customer-channel", "mono", "--wait", "--format", "json")
			line := lines[send.JudgedLine](t, got.out)[0]
			if setting == "off" {
				require.Contains(t, *line.Error, "G.722 ADPCM, which is not read here")
				require.Contains(t, *line.Error, "ffmpeg -f g722")
				return
			}
			require.NotNil(t, line.Suspect)
		})
	}
}

// Sides that can't be told apart are refused here as by a server.
func TestTranscribeNearlyTheSameOnBothSides(t *testing.T) {
	t.Parallel()
	law := customerULaw(t)
	pair := make([]byte, 0, 2*len(law))
	for i, b := range law {
		pair = append(pair, b, b^byte(i%2)) // the least step
	}
	r, err := audio.Named("x.ulaw", bytes.NewReader(pair), int64(len(pair)))
	require.NoError(t, err)
	var file bytes.Buffer
	_, err = file.ReadFrom(r)
	require.NoError(t, err)
	stereo := file.Bytes()
	stereo[22], stereo[32] = 2, 2
	name := filepath.Join(t.TempDir(), "fake.wav")
	require.NoError(t, os.WriteFile(name, stereo, 0o600))
	got := refrain(t, "", "transcribe", "--model", "demo", name)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "carry the same sound")
}
