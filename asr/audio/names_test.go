package audio

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamedFilesGetTheirHeader(t *testing.T) {
	t.Parallel()
	law, pcm := coded(tagALaw, 8, 1, 3000).data, pcm16(1, 3000).data
	for _, c := range []struct {
		name string
		data []byte
		want Info
	}{
		{"call.ulaw", law, mono(MuLaw, 8, 3000)},
		{"dir.wav/CALL.PCMU", law, mono(MuLaw, 8, 3000)},
		{"call.al", law, mono(ALaw, 8, 3000)},
		{"call.pcma", append([]byte{0xff, 0xfb, 0x90}, law[3:]...), mono(ALaw, 8, 3000)},
		{"call.sln", pcm, mono(PCM, 16, 3000)},
		{"call.sln16", pcm, Info{Codec: PCM, Rate: 16000, Channels: 1, Bits: 16, Frames: 3000,
			Declared: 3000}},
		{"silence.ul", bytes.Repeat([]byte{0x7f}, 3000), silent(mono(MuLaw, 8, 3000))},
		{"silence.al", bytes.Repeat([]byte{0x55}, 3000), silent(mono(ALaw, 8, 3000))},
		{"gzip.al", append([]byte{0x1f, 0x8b}, law...), mono(ALaw, 8, 3002)},
		{"call.wav", coded(tagALaw, 8, 1, 30).bytes(), mono(ALaw, 8, 30)},
		{"a WAV file called.ulaw", coded(tagALaw, 8, 1, 30).bytes(), mono(ALaw, 8, 30)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := Named(c.name, bytes.NewReader(c.data), int64(len(c.data)))
			require.NoError(t, err)
			got, err := Inspect(r)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// What has a header or isn't sound stays as it is, and nothing is ever lost.
func TestNamedKeepsAllBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data string }{
		{"call.mp3", "ID3\x04....."}, {"call.ulaw", "ID3\x04....."}, {"call.vox", "PK\x03\x04....."},
		{"call.gsm", "#!AMR\n....."}, {"call.ulaw", "Dear customer"}, {"call.ulaw", ""},
		{"call", "\x00\x01\x02"},
	} {
		r, err := Named(c.name, bytes.NewReader([]byte(c.data)), int64(len(c.data)))
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, c.data, string(got))
	}
	r, err := Named("call.gsm", bytes.NewReader([]byte{0xd1, 2, 3}), 3)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "caff", string(got[:4]))
	require.Equal(t, []byte{0xd1, 2, 3}, got[len(got)-3:])
}

func TestNamedAmbiguously(t *testing.T) {
	t.Parallel()
	_, err := Named("in.raw", bytes.NewReader([]byte{1, 2, 3}), 3)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, NotAudio, e.Kind)
	require.Contains(t, e.Error(), "sox -t raw")
}

// Whatever the name and the bytes: what comes out ends with all of them.
func FuzzNamed(f *testing.F) {
	for _, name := range []string{"a.ulaw", "a.gsm", "a.sln16", "a.vox", "a.wav", "a.raw", ""} {
		f.Add(name, []byte{0xd5, 0x55, 0, 7})
	}
	f.Add("a.mp3", []byte("ID3\x04\x00\x00\x00\x00\x00\x03...fLaC"))
	f.Add("a.wav", coded(0x31, 8, 1, 9).bytes())
	f.Fuzz(func(t *testing.T, name string, file []byte) {
		r, err := Named(name, bytes.NewReader(file), int64(len(file)))
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			return
		}
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(got, file))
		if kind := sniff(got); kind.foreign != nil {
			require.NotEmpty(t, kind.foreign.Demuxer)
			require.NotEmpty(t, kind.foreign.Codec)
			require.NotEmpty(t, kind.foreign.Name)
		}
	})
}
