package datadir

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
)

func headOf(entries int64) Head {
	return Head{Entries: entries, MAC: freeze.MAC{byte(entries), 0xfe, 31: 0x01}}
}

func TestNotebook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := ReadHead(dir)
	require.ErrorIs(t, err, ErrNoHead)
	n, err := OpenNotebook(dir, headOf(7))
	require.NoError(t, err)
	requireHead(t, dir, headOf(7))
	for i := range int64(5) {
		require.NoError(t, n.Note(headOf(8+i)))
		requireHead(t, dir, headOf(8+i))
	}
	require.NoError(t, n.Sync())
	requireHead(t, dir, headOf(12))
	require.NoError(t, n.Note(headOf(13)))
	require.NoError(t, os.Remove(filepath.Join(dir, HeadFile)))
	require.NoError(t, n.Sync(), "it is there again")
	requireHead(t, dir, headOf(13))
	require.NoError(t, n.Note(headOf(14)))
	require.NoError(t, n.Close())
	requireHead(t, dir, headOf(14))
	require.Error(t, n.Note(headOf(15)))

	for i := range int64(3) { // whichever line holds it
		n, err = OpenNotebook(dir, headOf(14+i))
		require.NoError(t, err)
		requireHead(t, dir, headOf(14+i))
		require.NoError(t, n.Note(headOf(15+i)))
		requireHead(t, dir, headOf(15+i))
		require.NoError(t, n.Close())
	}

	n, err = OpenNotebook(dir, headOf(2)) // an older database that was meant so
	require.NoError(t, err)
	requireHead(t, dir, headOf(2))
	require.NoError(t, n.Close())
}

func requireHead(t *testing.T, dir string, want Head) {
	t.Helper()
	got, err := ReadHead(dir)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// Wherever the power goes while a head is written, the one before is still there.
func TestHalfWrittenHead(t *testing.T) {
	t.Parallel()
	whole := append(headOf(41).line(), headOf(40).line()...)
	for n := range headLine - 1 { // the end of the line was there before
		torn := append([]byte{}, whole...)
		copy(torn[headLine:], headOf(42).line()[:n])
		got, err := parseHead(torn)
		require.NoError(t, err)
		require.Equal(t, headOf(41), got, "%d bytes written", n)
	}
}

func TestDamagedHeads(t *testing.T) {
	t.Parallel()
	line := string(headOf(3).line())
	for name, text := range map[string]string{
		"nothing":         "",
		"half a line":     line[:50],
		"zeros":           string(make([]byte, 2*headLine)),
		"another number":  "00000000000000000004" + line[20:],
		"a negative":      "-0000000000000000003" + line[20:],
		"another hash":    line[:30] + "f" + line[31:],
		"no end of line":  line[:headLine-1],
		"two in one line": line[:headLine-1] + line,
	} {
		_, err := parseHead([]byte(text))
		require.ErrorIs(t, err, ErrNoHead, name)
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add(headOf(1).text())
	f.Add(append(headOf(41).line(), headOf(42).line()...))
	f.Add([]byte(fmt.Sprintf("%020d\n", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseHead(text)
		if err != nil {
			require.ErrorIs(t, err, ErrNoHead)
			return
		}
		require.GreaterOrEqual(t, h.Entries, int64(0))
		require.Contains(t, string(text), string(h.line()))
	})
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"id":"a","key":"b","schema":12,"made":"2026-11-28T00:00:00Z"}`))
	f.Add([]byte(`{"id":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseState(text); err == nil {
			require.NotEmpty(t, s.ID)
			require.NotEmpty(t, s.Key)
		}
	})
}

func TestNotebookIsSafe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n, err := OpenNotebook(dir, Head{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range int64(200) {
			_ = n.Note(headOf(i + 1))
		}
	})
	for range 5 {
		require.NoError(t, n.Sync())
	}
	wg.Wait()
	require.NoError(t, n.Close())
	requireHead(t, dir, headOf(200))
}

func BenchmarkNote(b *testing.B) {
	n, err := OpenNotebook(b.TempDir(), Head{})
	require.NoError(b, err)
	for i := range b.N {
		require.NoError(b, n.Note(headOf(int64(i))))
	}
}
