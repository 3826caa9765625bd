package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// readAll decodes every channel of a file.
func readAll(t testing.TB, file []byte, block int) [][]float32 {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	out := make([][]float32, r.Info().Channels)
	buf := make([][]float32, len(out))
	for c := range buf {
		buf[c] = make([]float32, block)
	}
	for {
		n, err := r.Read(buf)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		require.Positive(t, n)
		for c := range out {
			out[c] = append(out[c], buf[c][:n]...)
		}
	}
}

func TestSampleValues(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	f32 := func(v ...float64) (b []byte) {
		for _, x := range v {
			b = le.AppendUint32(b, math.Float32bits(float32(x)))
		}
		return b
	}
	f64 := func(v ...float64) (b []byte) {
		for _, x := range v {
			b = le.AppendUint64(b, math.Float64bits(x))
		}
		return b
	}
	for _, c := range []struct {
		name string
		tag  uint16
		bits int
		data []byte
		want []float32
	}{
		{"8 bits", tagPCM, 8, []byte{0, 64, 128, 255}, []float32{-1, -0.5, 0, 127.0 / 128}},
		{"16 bits", tagPCM, 16, []byte{0, 0x80, 0, 0xc0, 0, 0, 0xff, 0x7f},
			[]float32{-1, -0.5, 0, 32767.0 / 32768}},
		{"24 bits", tagPCM, 24, []byte{0, 0, 0x80, 0, 0, 0xc0, 1, 0, 0},
			[]float32{-1, -0.5, 1.0 / (1 << 23)}},
		{"32 bits", tagPCM, 32, []byte{0, 0, 0, 0x80, 0, 0, 0, 0x40}, []float32{-1, 0.5}},
		{"float32 made fit", tagFloat, 32, f32(-0.25, 2, -3, math.NaN(), math.Inf(1)),
			[]float32{-0.25, 1, -1, 0, 1}},
		{"float64 made fit", tagFloat, 64, f64(-0.25, 1e300, math.NaN(), math.Inf(-1)),
			[]float32{-0.25, 1, 0, -1}},
		// ITU-T G.711: the codes of silence, of the smallest steps and of the extremes.
		{"A-law", tagALaw, 8, []byte{0xd5, 0x55, 0xaa, 0x2a, 0x80},
			[]float32{8.0 / 32768, -8.0 / 32768, 32256.0 / 32768, -32256.0 / 32768,
				5504.0 / 32768}},
		{"mu-law", tagMuLaw, 8, []byte{0xff, 0x7f, 0xfe, 0x80, 0x00},
			[]float32{0, 0, 8.0 / 32768, 32124.0 / 32768, -32124.0 / 32768}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := pcm16(1, 0)
			w.tag, w.bits, w.data = c.tag, c.bits, c.data
			require.Equal(t, [][]float32{c.want}, readAll(t, w.bytes(), 3))
		})
	}
}

func TestChannelsAreKeptApart(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 2, 3, 4} {
		w := pcm16(2, 0)
		w.bits, w.data = 8*width, ramp(2*30000, width)
		both := readAll(t, w.bytes(), 777)
		for c := range 2 {
			one := pcm16(1, 0)
			one.bits = 8 * width
			for i := c * width; i < len(w.data); i += 2 * width {
				one.data = append(one.data, w.data[i:i+width]...)
			}
			require.Equal(t, readAll(t, one.bytes(), 5000)[0], both[c])
		}
	}
}

func TestReadLeavesOutNilChannels(t *testing.T) {
	t.Parallel()
	file := pcm16(2, 50).bytes()
	r, err := NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	right := make([]float32, 50)
	n, err := r.Read([][]float32{nil, right})
	require.NoError(t, err)
	require.Equal(t, 50, n)
	require.Equal(t, readAll(t, file, 50)[1], right)

	_, err = r.Read([][]float32{right})
	require.ErrorContains(t, err, "1 slices")
	_, err = r.Read([][]float32{right, right[:3]})
	require.ErrorContains(t, err, "differ")
}

func FuzzReader(f *testing.F) {
	for _, c := range append(takenFiles(), refusedFiles()...) {
		f.Add(c.file)
	}
	for _, c := range joinedFiles() {
		f.Add(c.file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		info, err := Inspect(bytes.NewReader(file))
		var e *Error
		if err != nil {
			require.ErrorAs(t, err, &e)
			require.NotEmpty(t, e.Error())
			require.Equal(t, e.Kind == BadHeader, e.Field != "")
			return
		}
		require.Positive(t, info.Frames)
		require.LessOrEqual(t, info.Frames*int64(info.Channels*info.Bits/8), int64(len(file)))
		require.GreaterOrEqual(t, info.Rate, MinRate)
		require.LessOrEqual(t, info.Rate, MaxRate)
		require.False(t, info.Truncated && info.Declared > 0 && info.Declared <= info.Frames)

		channels := readAll(t, file, 100)
		require.Len(t, channels, info.Channels)
		for _, c := range channels {
			require.Len(t, c, int(info.Frames))
			for _, v := range c {
				if !(v >= -1 && v <= 1) {
					t.Fatalf("sample %v", v)
				}
			}
		}
	})
}
