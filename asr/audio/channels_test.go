package audio

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// many is a second of 16-bit sound whose channels carry tones of their own, those of 0 Hz
// nothing.
func many(hz ...float64) wavFile {
	w := pcm16(len(hz), 0)
	for i := range 8000 {
		for _, f := range hz {
			v := 8000 * math.Sin(2*math.Pi*f*float64(i)/8000)
			w.data = binary.LittleEndian.AppendUint16(w.data, uint16(int16(v)))
		}
	}
	return w
}

func TestManyChannels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		hz          []float64
		left, right float64 // what is read, where it is
		text        string  // of the refusal
	}{
		{"rtpengine's four", []float64{300, 500, 0, 0}, 300, 500, ""},
		{"the second pair", []float64{0, 0, 300, 500}, 300, 500, ""},
		{"one of each pair", []float64{300, 0, 500, 0}, 300, 500, ""},
		{"one alone is one of a pair", []float64{300, 0, 0, 0}, 300, 0, ""},
		{"and may be the second", []float64{0, 300, 0, 0}, 0, 300, ""},
		{"or of the second pair", []float64{0, 0, 0, 300}, 0, 300, ""},
		{"three, the last silent", []float64{300, 500, 0}, 300, 500, ""},
		{"six", []float64{0, 0, 0, 300, 0, 500}, 300, 500, ""},
		{"three that sound", []float64{300, 500, 700, 0}, 0, 0, "c0, c1, c2 carry sound"},
		{"the last of three has no other", []float64{0, 0, 300}, 0, 0, "c2 carry sound"},
		{"more than sixteen", make([]float64, 17), 0, 0, "17 channels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := many(c.hz...).bytes()
			files := Files{Dir: t.TempDir()}
			info, err := files.Inspect(t.Context(), bytes.NewReader(file))
			if c.text != "" {
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, BadChannels, e.Kind)
				require.Contains(t, e.Error(), c.text)
				return
			}
			require.NoError(t, err)
			require.Equal(t, stereo(PCM, 16, 8000), info)
			both := many(c.left, c.right).bytes()
			for _, side := range []Channel{Left, Right} {
				track, err := files.OpenTrack(t.Context(), bytes.NewReader(file), side)
				require.NoError(t, err)
				got := make([]float32, 16000)
				n, err := track.Read(got)
				require.NoError(t, err)
				require.Equal(t, readTrack(t, both, side, 16000), got[:n])
				require.NoError(t, track.Close())
			}
			left, err := os.ReadDir(files.Dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestManySilentChannels(t *testing.T) {
	t.Parallel()
	info, err := Inspect(bytes.NewReader(many(0, 0, 0, 0).bytes()))
	require.NoError(t, err)
	require.Equal(t, silent(stereo(PCM, 16, 8000)), info)
	_, err = OpenTrack(bytes.NewReader(many(1, 2, 0, 0).bytes()), Mono)
	require.ErrorContains(t, err, "2 channels")
}

// Channels that are one sound are no less so among others.
func TestManyChannelsOfOneSound(t *testing.T) {
	t.Parallel()
	_, err := Inspect(bytes.NewReader(many(300, 300, 0, 0).bytes()))
	require.ErrorContains(t, err, "are identical")
}
