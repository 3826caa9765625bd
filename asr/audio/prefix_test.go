package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// placeholder is a 16-bit stereo file at 8 kHz with that size in its header, whatever
// follows.
func placeholder(size uint32, samples []byte, tail ...byte) []byte {
	le := binary.LittleEndian
	h := pcm16Header(2, 8000, 0)
	le.PutUint32(h[40:], size)
	return append(append(h, samples...), tail...)
}

func sawtooth(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7) ^ byte(i>>9)
	}
	return b
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	const long, short = 200_000, 70_000
	samples := sawtooth(long)
	other := bytes.Clone(samples)
	other[short-1] ^= 1
	whole := placeholder(long, samples, []byte("LIST\x04\x00\x00\x00INFO")...)
	for _, tt := range []struct {
		name   string
		a, b   []byte
		is     bool
		frames [2]int64
	}{
		{"the same", whole, whole, true, [2]int64{long / 4, long / 4}},
		{"a header without sizes", placeholder(0, samples[:short]), whole, true,
			[2]int64{short / 4, long / 4}},
		{"a stream's header", placeholder(0xFFFFFFFF, samples[:short]), whole, true,
			[2]int64{short / 4, long / 4}},
		{"cut", placeholder(long, samples[:short]), whole, true, [2]int64{short / 4, long / 4}},
		{"cut within a frame", placeholder(long, samples[:short+3]), whole, true,
			[2]int64{short / 4, long / 4}},
		{"longer", whole, placeholder(0, samples[:short]), false, [2]int64{}},
		{"one bit differs", placeholder(0, other[:short]), whole, false, [2]int64{}},
		{"another rate", append(pcm16Header(2, 16000, short), samples[:short]...), whole, false,
			[2]int64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is, a, b, err := Prefix(bytes.NewReader(tt.a), iotest.HalfReader(bytes.NewReader(tt.b)))
			require.NoError(t, err)
			require.Equal(t, tt.is, is)
			if is {
				require.Equal(t, tt.frames[0], a)
				require.Equal(t, tt.frames[1], b)
			}
		})
	}
	_, _, _, err := Prefix(bytes.NewReader(whole), bytes.NewReader([]byte("no sound")))
	var bad *Error
	require.ErrorAs(t, err, &bad)
	boom := errors.New("boom")
	_, _, _, err = Prefix(bytes.NewReader(whole), iotest.TimeoutReader(bytes.NewReader(whole)))
	require.ErrorIs(t, err, iotest.ErrTimeout)
	_, _, _, err = Prefix(iotest.ErrReader(boom), bytes.NewReader(whole))
	require.ErrorIs(t, err, boom)
}

func TestSizes(t *testing.T) {
	t.Parallel()
	samples := sawtooth(64_000)
	for _, tt := range []struct {
		name string
		file []byte
		want Sizes
	}{
		{"true", placeholder(64_000, samples), SizesTrue},
		{"cut", placeholder(128_000, samples), SizesTrue},
		{"zero", placeholder(0, samples), SizesZero},
		{"all ones", placeholder(0xFFFFFFFF, samples), SizesStreamed},
		{"as sox streams", placeholder(0x7FFFF000, samples), SizesStreamed},
		{"less than there is", placeholder(32_000, samples), SizesStale},
		{"less by a rest", placeholder(63_000, samples), SizesTrue},
	} {
		i, err := Inspect(bytes.NewReader(tt.file))
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.want, i.Sizes, tt.name)
		require.Equal(t, tt.want != SizesTrue, i.Unfinished(), tt.name)
	}
}

// Whatever the bytes: no panic, and a prefix is no longer than the whole.
func FuzzPrefix(f *testing.F) {
	whole := placeholder(4000, sawtooth(4000))
	f.Add(placeholder(0, sawtooth(800)), whole)
	f.Add(whole, placeholder(0xFFFFFFFF, sawtooth(4000)))
	f.Add([]byte("RIFF"), []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		is, framesA, framesB, err := Prefix(bytes.NewReader(a), bytes.NewReader(b))
		if err == nil && is {
			require.LessOrEqual(t, framesA, framesB)
		}
	})
}
