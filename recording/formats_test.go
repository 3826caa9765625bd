package recording_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// decoder makes the same WAV file of everything, as a decoder of other formats does.
type decoder struct {
	wav  []byte
	read []byte // what there was to decode
}

type decoded struct {
	io.Reader
	io.Closer
}

func (decoded) Lacks(time.Duration) bool { return false }

func (d *decoder) Decode(
	_ context.Context, f *os.File, _ audio.Foreign,
) (_ audio.Decoded, err error) {
	d.read, err = io.ReadAll(f)
	return decoded{bytes.NewReader(d.wav), io.NopCloser(nil)}, err
}

// A file of another format is kept as it came, and described by what it decodes to.
func TestUploadOfAnotherFormat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mp3 := append([]byte("ID3\x04"), make([]byte, 100_000)...)
	_, _, err := b.Upload(t.Context(), meta(), bytes.NewReader(mp3))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "install ffmpeg")

	d := &decoder{wav: wav(0)}
	b.Files = audio.Files{Decoder: d, Dir: b.blobs.Temp()}
	rec, _, err := b.Upload(t.Context(), meta(), bytes.NewReader(mp3))
	require.NoError(t, err)
	require.Equal(t, audio.Codec("mp3"), rec.Audio.Codec)
	require.Equal(t, time.Second, rec.Audio.Duration())
	require.Equal(t, sum(mp3), rec.SHA256)
	require.Equal(t, mp3, d.read)
	f, err := b.blobs.Open(t.Context(), rec.ID)
	require.NoError(t, err)
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, mp3, got)
	require.Equal(t, 1, b.files(t), "the copy that was decoded is gone")
	kept, err := b.db.Recordings.Get(t.Context(), rec.ID)
	require.NoError(t, err)
	require.Equal(t, rec, kept)
}

// Sides that can't be told apart are refused when they come, and not judged later.
func TestUploadOfMixedSides(t *testing.T) {
	t.Parallel()
	call, err := testcall.Make(3, 30*time.Second)
	require.NoError(t, err)
	samples := call[44:]
	mixed, same := bytes.Clone(call), bytes.Clone(call)
	le := binary.LittleEndian
	for i := 0; i < len(samples); i += 4 {
		agent := int16(le.Uint16(samples[i:]))
		customer := int16(le.Uint16(samples[i+2:]))
		both := uint16((agent + customer) / 2)
		le.PutUint16(mixed[44+i+2:], both)
		le.PutUint16(same[44+i:], both)
		le.PutUint16(same[44+i+2:], both+uint16(i/4%2)) // nearly
	}
	for name, c := range map[string]struct {
		file    []byte
		channel audio.Channel
		reason  string
	}{
		"one sound":          {same, audio.Right, "AUDIO_SAME_CHANNELS"},
		"customer in a mix":  {mixed, audio.Right, "AUDIO_MIXED_CHANNEL"},
		"customer by itself": {mixed, audio.Left, ""},
		"apart":              {call, audio.Right, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			m := meta()
			m.CustomerChannel = c.channel
			_, _, err := b.Upload(t.Context(), m, bytes.NewReader(c.file))
			if c.reason == "" {
				require.NoError(t, err)
				return
			}
			var e *fault.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.reason, e.Reason)
			require.Zero(t, b.files(t))
			require.Zero(t, b.recordings(t))
		})
	}
}
