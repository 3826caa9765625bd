package ffmpeg

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// decoder is the ffmpeg of this machine, which must be there where CI runs.
func decoder(t testing.TB) *Decoder {
	t.Helper()
	d, err := Find(Auto)
	require.NoError(t, err)
	if d == nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ffmpeg is not installed")
		}
		t.Skip("SKIPPED: ffmpeg is not installed, so nothing is decoded")
	}
	return d.(*Decoder)
}

func readers(t testing.TB) audio.Files {
	t.Helper()
	return audio.Files{Decoder: decoder(t), Dir: t.TempDir()}
}

// call is a call of some seconds with two sides.
func call(t testing.TB, length time.Duration) []byte {
	t.Helper()
	b, err := testcall.Make(7, length)
	require.NoError(t, err)
	return b
}

// encode makes a file of a call as an ordinary recorder would.
func encode(t testing.TB, wav []byte, name string, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), decoder(t).path, append(append([]string{"-v", "error",
		"-f", "wav", "-i", "pipe:0"}, args...), out)...)
	cmd.Stdin = bytes.NewReader(wav)
	said, err := cmd.CombinedOutput()
	if strings.Contains(string(said), "Unknown encoder") && os.Getenv("CI") == "" {
		t.Skipf("SKIPPED: this ffmpeg can't encode it: %s", said)
	}
	require.NoError(t, err, "%s", said)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	return b
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		name string // with its usual ending
		args string
		mono bool
	}{
		{"call.mp3", "-c:a libmp3lame -b:a 24k", false},
		{"bare.mp3", "-c:a libmp3lame -b:a 32k -id3v2_version 0 -write_xing 0", false},
		{"vbr.mp3", "-c:a libmp3lame -q:a 6", false},
		{"cover.mp3", "-f lavfi -i testsrc=d=1:s=16x16 -map 0:a -map 1:v -frames:v 1 -c:v png " +
			"-disposition:v attached_pic -c:a libmp3lame -b:a 32k", false},
		{"video.mp4", "-f lavfi -i testsrc=d=6:s=64x64 -map 1:v -map 0:a -c:v mpeg4 -c:a aac -b:a 48k",
			false},
		{"call.mp2", "-c:a mp2 -b:a 64k -ar 16000", false},
		{"call.m4a", "-c:a aac -b:a 48k", false},
		{"fast.m4a", "-c:a aac -b:a 48k -movflags +faststart", false},
		{"call.mp4", "-c:a alac", false},
		{"call.3gp", "-c:a aac -b:a 32k -ar 16000 -ac 1", true},
		{"call.aac", "-c:a aac -b:a 48k", false},
		{"call.opus", "-c:a libopus -b:a 32k", false},
		{"call.ogg", "-c:a libvorbis", false},
		{"speex.ogg", "-c:a libspeex", false},
		{"call.flac", "-c:a flac", false},
		{"oga.ogg", "-c:a flac", false},
		{"gsm.wav", "-c:a libgsm_ms -ac 1", true},
		{"ima.wav", "-c:a adpcm_ima_wav", false},
		{"ms.wav", "-c:a adpcm_ms", false},
		{"g722.wav", "-c:a g722 -ac 1 -ar 16000", true},
		{"g723.wav", "-c:a g723_1 -ac 1 -b:a 6300", true},
		{"mp3.wav", "-c:a libmp3lame -b:a 32k", false},
		{"g726.wav", "-c:a g726 -ac 1", true},
		{"call.wma", "-c:a wmav2 -b:a 48k", false},
		{"call.webm", "-c:a libopus -b:a 32k", false},
		{"call.mkv", "-c:a pcm_s16le", false},
		{"call.au", "-c:a pcm_mulaw", false},
		{"call.aiff", "-c:a pcm_s16be", false},
		{"call.caf", "-c:a pcm_alaw", false},
		{"call.w64", "-c:a pcm_s16le", false},
		{"call.wv", "-c:a wavpack", false},
		{"call.avi", "-c:a libmp3lame -b:a 32k", false},
		{"call.flv", "-c:a libmp3lame -b:a 32k -ar 22050", false},
		{"call.voc", "-c:a pcm_u8 -ac 1", true},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			wav := call(t, 6*time.Second)
			file := encode(t, wav, f.name, strings.Fields(f.args)...)
			checkDecoded(t, wav, file, f.mono)
		})
	}
}

// checkDecoded compares what a file decodes to with the call that it was made of.
func checkDecoded(t *testing.T, wav, file []byte, mono bool) {
	t.Helper()
	files := readers(t)
	info, err := files.Inspect(t.Context(), bytes.NewReader(file))
	require.NoError(t, err)
	require.InDelta(t, 6, info.Duration().Seconds(), 0.2)
	require.False(t, info.Truncated)
	require.NotEqual(t, audio.PCM, info.Codec)
	sides := []audio.Channel{audio.Left, audio.Right}
	if mono {
		require.Equal(t, 1, info.Channels)
		sides = []audio.Channel{audio.Mono}
	}
	for _, c := range sides {
		got := loudness(t, files, file, c)
		if mono {
			require.Greater(t, max(likeness(got, loudness(t, files, wav, audio.Left)),
				likeness(got, loudness(t, files, wav, audio.Right))), 0.6)
			continue
		}
		require.Greater(t, likeness(got, loudness(t, files, wav, c)), 0.7, "the %s side", c)
	}
	left, err := os.ReadDir(files.Dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// loudness of a track, for each tenth of a second.
func loudness(t *testing.T, files audio.Files, file []byte, c audio.Channel) (out []float64) {
	t.Helper()
	track, err := files.OpenTrack(t.Context(), bytes.NewReader(file), c)
	require.NoError(t, err)
	defer func() { require.NoError(t, track.Close()) }()
	for block := make([]float32, audio.TrackRate/10); ; {
		n, err := track.Read(block)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		sum := 0.0
		for _, v := range block[:n] {
			sum += float64(v) * float64(v)
		}
		out = append(out, math.Sqrt(sum/float64(n)))
	}
}

// likeness is the correlation of two rows, of which the first may begin later: codecs delay.
func likeness(a, b []float64) (most float64) {
	for late := range 4 {
		most = max(most, correlation(a[late:], b))
	}
	return most
}

func correlation(a, b []float64) float64 {
	n := min(len(a), len(b))
	var xy, xx, yy float64
	for i := range n {
		xy, xx, yy = xy+a[i]*b[i], xx+a[i]*a[i], yy+b[i]*b[i]
	}
	return xy / math.Sqrt(xx*yy)
}

func TestSeveralStreams(t *testing.T) {
	t.Parallel()
	file := encode(t, call(t, 6*time.Second), "two.mka", "-map", "0:a", "-map", "0:a", "-c:a",
		"pcm_s16le")
	_, err := readers(t).Inspect(t.Context(), bytes.NewReader(file))
	requireRefused(t, err, audio.Undecodable, "several audio streams")
}

// What has no header is decoded by its file's name.
func TestNamedFormats(t *testing.T) {
	t.Parallel()
	for _, f := range []struct{ name, args string }{
		{"call.g722", "-c:a g722 -ar 16000 -f g722"}, {"call.gsm", "-c:a libgsm -f gsm"},
		{"call.g723", "-c:a g723_1 -b:a 6300 -f g723_1"}, {"call.ulaw", "-f mulaw"},
		{"call.sln", "-f s16le"},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			wav := call(t, 6*time.Second)
			file := encode(t, wav, f.name, strings.Fields(f.args+" -ac 1")...)
			r, err := audio.Named(f.name, bytes.NewReader(file), int64(len(file)))
			require.NoError(t, err)
			whole, err := io.ReadAll(r)
			require.NoError(t, err)
			require.True(t, bytes.HasSuffix(whole, file))
			info, err := readers(t).Inspect(t.Context(), bytes.NewReader(whole))
			require.NoError(t, err)
			require.InDelta(t, 6, info.Duration().Seconds(), 0.2)
			require.Equal(t, 1, info.Channels)
		})
	}
}

// Nothing here can write AMR: frames without sound, and one of Dialogic's ADPCM, which no
// ffmpeg writes either.
func TestFormatsThatNothingWrites(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"call.amr": "#!AMR\n" + strings.Repeat("\x3c"+strings.Repeat("\x00", 31), 100),
		"call.awb": "#!AMR-WB\n" + strings.Repeat("\x44"+strings.Repeat("\x00", 60), 100),
		"call.vox": strings.Repeat("\x08\x80", 4000),
	} {
		r, err := audio.Named(name, strings.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		info, err := readers(t).Inspect(t.Context(), r)
		require.NoError(t, err, name)
		require.InDelta(t, 2, info.Duration().Seconds(), 0.1, name)
	}
}

// Of many channels in another format, those that sound are read.
func TestManyChannelsOfAnotherFormat(t *testing.T) {
	t.Parallel()
	wav := call(t, 6*time.Second)
	file := encode(t, wav, "four.flac", "-filter:a", "pan=4c|c2=c0|c3=c1")
	checkDecoded(t, wav, file, false)
}

// A recording that another decoder made 48 kHz of is none the less refused as fake.
func TestFakeStereoInAnotherFormat(t *testing.T) {
	t.Parallel()
	for _, f := range []struct{ name, args string }{
		{"call.m4a", "-c:a aac -b:a 32k"}, {"call.opus", "-c:a libopus -b:a 24k"},
		{"call.mp3", "-c:a libmp3lame -b:a 32k"},
	} {
		file := encode(t, call(t, 10*time.Second), f.name,
			append([]string{"-filter:a", "pan=stereo|c0=.5*c0+.5*c1|c1=.4*c0+.4*c1"},
				strings.Fields(f.args)...)...)
		_, err := readers(t).Inspect(t.Context(), bytes.NewReader(file))
		requireRefused(t, err, audio.SameChannels, "carry the same sound")
	}
}
