package testcall

import (
	"encoding/csv"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
)

// Table reads a file of rows by the names of its columns, with tabs between them where the name
// ends in .tsv, else commas.
func Table(tb testing.TB, path string) (rows []map[string]string) {
	tb.Helper()
	f, err := os.Open(path)
	require.NoError(tb, err)
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	if strings.HasSuffix(path, ".tsv") {
		r.Comma = '\t'
	}
	lines, err := r.ReadAll()
	require.NoError(tb, err)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// RequireFormats checks the audio of calls that a manifest names in the folder where a test runs:
// dual-track, 8 kHz, of a call's length, whole, in each of the three codecs, and no more bytes in all.
func RequireFormats(tb testing.TB, calls []map[string]string, most int64) {
	tb.Helper()
	codecs := map[audio.Codec]int{}
	var total int64
	for _, call := range calls {
		f, err := os.Open(call["file"])
		require.NoError(tb, err)
		info, err := audio.Inspect(f)
		require.NoError(tb, err)
		size, err := f.Seek(0, io.SeekEnd)
		require.NoError(tb, err)
		require.NoError(tb, f.Close())
		require.Equal(tb, []int{Rate, 2}, []int{info.Rate, info.Channels})
		require.True(tb, info.Duration() > 10*time.Second && info.Duration() < time.Minute,
			"%s: %v", call["file"], info.Duration())
		require.Equal(tb, info.Declared, info.Frames)
		codecs[info.Codec]++
		total += size
	}
	require.Len(tb, codecs, 3, "A-law, mu-law and PCM: %v", codecs)
	require.Less(tb, total, most)
}

// Words is text without what is no word: models place punctuation as they like.
func Words(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}
