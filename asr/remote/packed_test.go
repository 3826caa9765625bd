package remote

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// hearsStretches answers a window with one segment, in which each stretch of sound is a word:
// what lies between stretches is silence to the bit, which is how utterances are packed.
func hearsStretches(w http.ResponseWriter, r *http.Request) {
	f, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	wav, _ := io.ReadAll(f)
	samples := make([]int16, (len(wav)-44)/2)
	_ = binary.Read(bytes.NewReader(wav[44:]), binary.LittleEndian, samples)
	var text string
	var words []string
	for i, at := range stretches(samples) {
		text += fmt.Sprintf("word%d, ", i)
		words = append(words, fmt.Sprintf(`{"word":"word%d","start":%f,"end":%f}`, i, at[0]+0.1,
			at[1]-0.1))
	}
	_, _ = fmt.Fprintf(w, `{"segments":[{"start":0,"end":%d,"text":%q}],"words":[%s]}`,
		len(samples)/audio.TrackRate, text, strings.Join(words, ","))
}

// stretches are where samples sound, in seconds: zeros of half a second part them.
func stretches(samples []int16) (found [][2]float64) {
	const apart = audio.TrackRate / 2
	last := -apart
	for i, v := range samples {
		if v == 0 {
			continue
		}
		at := float64(i) / audio.TrackRate
		if i-last >= apart {
			found = append(found, [2]float64{at, at})
		}
		found[len(found)-1][1] = at
		last = i
	}
	return found
}

// Words that were heard in a window with several utterances come back to where each was said.
func TestPackedWindows(t *testing.T) {
	t.Parallel()
	wav, err := testcall.Make(3, time.Minute)
	require.NoError(t, err)
	for _, packs := range []bool{false, true} {
		e, s := play(t, func(c *Config) { c.Model.Packs = packs }, hearsStretches)
		heard, _, err := asr.Hear(t.Context(), e, asr.Config{}, asr.Track{Side: asr.Customer,
			Audio: bytes.NewReader(wav), Channel: audio.Right})
		require.NoError(t, err)
		require.Equal(t, s.asked()-1, heard.Windows, "beside the greeting")
		require.Greater(t, len(heard.Utterances), 2)
		require.Equal(t, !packs, heard.Windows == len(heard.Utterances))
		require.Len(t, heard.Segments, len(heard.Utterances))
		for i, segment := range heard.Segments {
			u := heard.Utterances[i]
			require.Equal(t, u, segment.Utterance)
			require.True(t, segment.Start < u.End && segment.End > u.Start, "%v in %v", segment.Span, u)
			require.Equal(t, 1, strings.Count(segment.Text, "word"), segment.Text)
		}
	}
}
