package audio

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// excerptOf reads an excerpt from an offset on.
func excerptOf(t *testing.T, file []byte, e Excerpt, offset int64) []byte {
	t.Helper()
	info, err := Inspect(bytes.NewReader(file))
	require.NoError(t, err)
	r, err := Files{}.OpenExcerpt(t.Context(), bytes.NewReader(file), info, e, offset)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	size, err := e.Size(info)
	require.NoError(t, err)
	require.Len(t, got, int(max(0, size-offset)))
	return got
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	w := pcm16(2, 40000) // 5 s
	all := readAll(t, w.bytes(), 4000)
	got := excerptOf(t, w.bytes(), Excerpt{From: 1500 * time.Millisecond, To: 2 * time.Second}, 0)
	info, err := Inspect(bytes.NewReader(got))
	require.NoError(t, err)
	require.Equal(t, stereo(PCM, 16, 4000), info)
	for c, samples := range readAll(t, got, 4000) {
		require.Equal(t, all[c][12000:16000], samples)
	}
	got = excerptOf(t, w.bytes(), Excerpt{Channel: Right, From: 4 * time.Second, To: time.Hour}, 0)
	require.Equal(t, all[1][32000:], readAll(t, got, 8000)[0])
}

func TestExcerptOfOtherCodecs(t *testing.T) {
	t.Parallel()
	for _, w := range []wavFile{coded(tagALaw, 8, 2, 16000), coded(tagMuLaw, 8, 1, 16000),
		coded(tagPCM, 24, 2, 16000)} {
		want := readAll(t, w.bytes(), 16000)
		got := readAll(t, excerptOf(t, w.bytes(), Excerpt{From: time.Second}, 0), 16000)
		for c := range want {
			require.InDeltaSlice(t, want[c][8000:], got[c], 1.0/(1<<15))
		}
	}
}

// A player asks for ranges: from each byte on, an excerpt has the bytes that it has as a whole.
func TestExcerptFromAnywhere(t *testing.T) {
	t.Parallel()
	file := pcm16(2, 9000).bytes()
	for _, e := range []Excerpt{{}, {Channel: Left}, {Channel: Right, From: time.Millisecond, To: time.Second}} {
		whole := excerptOf(t, file, e, 0)
		for _, offset := range []int{1, 43, 44, 45, 46, 47, 48, 1001, len(whole) - 1, len(whole), len(whole) + 1} {
			require.Equal(t, whole[min(offset, len(whole)):], excerptOf(t, file, e, int64(offset)), offset)
		}
	}
}

// A file that has become shorter than it was known to be is silent at its end: the header told its size before.
func TestExcerptOfWhatIsLost(t *testing.T) {
	t.Parallel()
	file := pcm16(2, 40000).bytes()
	info, err := Inspect(bytes.NewReader(file))
	require.NoError(t, err)
	r, err := Files{}.OpenExcerpt(t.Context(), bytes.NewReader(file[:len(file)/2]), info, Excerpt{}, 0)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Len(t, got, 44+40000*4)
	require.Equal(t, make([]byte, 1000), got[len(got)-1000:])
}

func TestExcerptThatCannotBe(t *testing.T) {
	t.Parallel()
	file := pcm16(2, 40000).bytes()
	info, err := Inspect(bytes.NewReader(file))
	require.NoError(t, err)
	for _, c := range []struct {
		e    Excerpt
		kind Kind
	}{
		{Excerpt{From: -1}, BadClip}, {Excerpt{To: -1}, BadClip}, {Excerpt{From: 2, To: 2}, BadClip}, {Excerpt{From: time.Second, To: time.Second + 1}, BadClip},
		{Excerpt{From: 9 * time.Second}, BadClip}, {Excerpt{Channel: Mono}, BadChannels}, {Excerpt{Channel: "up"}, BadChannels},
	} {
		var e *Error
		_, err := c.e.Size(info)
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.kind, e.Kind)
		_, err = Files{}.OpenExcerpt(t.Context(), bytes.NewReader(file), info, c.e, 0)
		require.ErrorAs(t, err, &e)
	}
	info.Frames = 1 << 31
	_, err = Excerpt{}.Size(info)
	require.ErrorContains(t, err, "larger than a WAV file can be")
}

func TestPeaks(t *testing.T) {
	t.Parallel()
	const rate = 8000
	left, right := make([]int16, 2*rate), make([]int16, 2*rate)
	left[10], left[rate/2], right[2*rate-1] = 1<<14, -1<<15, 1<<13
	w := pcm16(2, 0)
	for i := range left {
		w.data = append(w.data, byte(left[i]), byte(left[i]>>8), byte(right[i]), byte(right[i]>>8))
	}
	w.dataSize = -1
	info, err := Inspect(bytes.NewReader(w.bytes()))
	require.NoError(t, err)
	p, err := Files{}.OpenPeaks(t.Context(), bytes.NewReader(w.bytes()), info, 4)
	require.NoError(t, err)
	require.Equal(t, Peaks{PerSecond: 4, Channels: [][]byte{{127, 0, 255, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 63}}}, p)
	info.Frames = rate * 3600 * 5
	p, err = Files{}.OpenPeaks(t.Context(), bytes.NewReader(w.bytes()), info, 50)
	require.NoError(t, err)
	require.Equal(t, 1, p.PerSecond)
}
