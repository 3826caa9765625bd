package audio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// readTrack reads a track block samples at a time.
func readTrack(t testing.TB, file []byte, c Channel, block int) []float32 {
	t.Helper()
	tr, err := OpenTrack(bytes.NewReader(file), c)
	require.NoError(t, err)
	defer func() { require.NoError(t, tr.Close()) }()
	var out []float32
	buf := make([]float32, block)
	for {
		n, err := tr.Read(buf)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, buf[:n]...)
	}
}

func TestTrackIsAs16kHzWouldHaveBeen(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{8000, 11025, 16000, 22050, 32000, 44100, 48000} {
		for _, n := range []int{1, 159, rate, 3*rate + 17} {
			t.Run(fmt.Sprint(rate, " Hz ", n), func(t *testing.T) {
				t.Parallel()
				w := pcm16(2, 0)
				w.rate, w.data = rate, sine(n, 2, rate, 440, 0.5)
				want := int(math.Round(float64(n) * TrackRate / float64(rate)))
				for c, side := range []Channel{Left, Right} {
					got := readTrack(t, w.bytes(), side, 1000)
					require.Len(t, got, want)
					for i := 800; i < len(got)-800; i++ { // away from the ends, where filters ring
						ideal := 0.5 * math.Sin(2*math.Pi*440*float64(i)/TrackRate+float64(c))
						require.InDelta(t, ideal, got[i], 1e-3)
					}
				}
			})
		}
	}
}

func TestTrackDoesNotDependOnBlocks(t *testing.T) {
	t.Parallel()
	file := pcm16(2, 40000).bytes()
	want := readTrack(t, file, Right, 1<<20)
	require.Len(t, want, 80000)
	for _, block := range []int{1, 160, 16000} {
		require.Equal(t, want, readTrack(t, file, Right, block))
	}
}

func TestTracksAreInStep(t *testing.T) {
	t.Parallel()
	w := pcm16(2, 30000)
	w.rate = 11025
	tr, err := OpenTracks(bytes.NewReader(w.bytes()), Left)
	require.NoError(t, err)
	defer func() { require.NoError(t, tr.Close()) }()
	var left, right []float32
	l, r := make([]float32, 1234), make([]float32, 1234)
	for {
		n, err := tr.ReadBoth(l, r)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		left, right = append(left, l[:n]...), append(right, r[:n]...)
	}
	require.Equal(t, readTrack(t, w.bytes(), Left, 999), left)
	require.Equal(t, readTrack(t, w.bytes(), Right, 999), right)
	require.Equal(t, int64(30000), tr.Info().Frames)
	_, err = tr.ReadBoth(l, r[:1])
	require.Error(t, err)
}

func TestTrackOfAMissingChannel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		channels int
		channel  Channel
		text     string
	}{
		{1, Left, "one channel and no left one"},
		{1, Right, "one channel and no right one"},
		{2, Mono, "2 channels: say whether"},
		{2, "middle", `"middle" names no channel`},
	} {
		_, err := OpenTrack(bytes.NewReader(pcm16(c.channels, 10).bytes()), c.channel)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, BadChannels, e.Kind)
		require.Contains(t, e.Error(), c.text)
	}
	_, err := OpenTracks(bytes.NewReader(pcm16(1, 10).bytes()), Right)
	require.Error(t, err)
}

func TestOther(t *testing.T) {
	t.Parallel()
	require.Equal(t, Right, Left.Other())
	require.Equal(t, Left, Right.Other())
	require.Equal(t, Mono, Mono.Other())
}

// TestMemoryIsBounded reads a file much larger than what may be allocated. It is
// not parallel, so that nothing else allocates meanwhile.
func TestMemoryIsBounded(t *testing.T) {
	head := pcm16(2, 0)
	head.dataSize, head.outerSize = 0xFFFFFFFF, 0xFFFFFFFF
	const size = 16 << 20
	open := func() io.Reader {
		return io.MultiReader(bytes.NewReader(head.bytes()), io.LimitReader(&counter{}, size))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	info, err := Inspect(open())
	require.NoError(t, err)
	require.EqualValues(t, size/4, info.Frames)
	tr, err := OpenTrack(open(), Left)
	require.NoError(t, err)
	buf := make([]float32, TrackRate)
	for err == nil {
		_, err = tr.Read(buf)
	}
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, tr.Close())
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// counter is an endless file of changing bytes.
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n += 7
		p[i] = c.n
	}
	return len(p), nil
}
