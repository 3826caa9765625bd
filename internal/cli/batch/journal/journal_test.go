package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// line is a journal's line in these tests.
type line struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func markOf(text []byte) (m Mark, err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil || l.Key == "" {
		return m, errors.New("no line of ours")
	}
	m.Key = keyOf(l.Key)
	m.Made = uint64(len(l.Value))
	return m, nil
}

func keyOf(name string) (k Key) {
	sum := sha256.Sum256([]byte(name))
	copy(k[:], sum[:])
	return k
}

func opened(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := Open(path, markOf)
	require.NoError(t, err)
	return j
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calls.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

const (
	a  = `{"key":"a","value":"1"}`
	b  = `{"key":"b","value":"22"}`
	a2 = `{"key":"a","value":"333"}`
)

func TestJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "calls.jsonl")
	j := opened(t, path)
	require.NoError(t, j.Append([]byte(a), []byte(b)))
	_, err := Open(path, markOf)
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, j.Append([]byte(a2)))
	require.NoError(t, j.Append())
	require.Equal(t, []string{a, b, a2}, strings.Fields(read(t, path)))
	m, there := j.Find(keyOf("a"))
	require.True(t, there)
	require.Equal(t, uint64(3), m.Made)
	text, err := j.Read(keyOf("a"))
	require.NoError(t, err)
	require.True(t, bytes.Equal([]byte(a2), text))
	require.Error(t, j.Append([]byte("{}")))
	require.NoError(t, j.Close())
	require.Equal(t, []string{b, a2}, strings.Fields(read(t, path)), "what was replaced is gone")

	j = opened(t, path)
	require.Equal(t, 2, j.Len())
	var all []string
	require.NoError(t, j.EachBy(func(l []byte) (string, error) { return string(l), nil }, func(l []byte) error {
		all = append(all, string(l))
		return nil
	}))
	require.Equal(t, []string{a2, b}, all)
	require.NoError(t, j.Close())
}

// What a crash leaves at the end is mended, and nothing else is touched.
func TestTornEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, before, after string }{
		{"whole", a + "\n" + b + "\n", a + "\n" + b + "\n"},
		{"torn", a + "\n" + b[:10], a + "\n"},
		{"whole without its end", a + "\n" + b, a + "\n" + b + "\n"},
		{"torn at the first", a[:10], ""},
		{"torn within a character", a + "\n" + `{"key":"没` + "\xe5\x85", a + "\n"},
		{"blank lines", a + "\n\n" + b + "\n", a + "\n\n" + b + "\n"},
		{"empty", "", ""},
		{"zeros, as some file systems leave them", a + "\n\x00\x00\x00", a + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, tt.before)
			j := opened(t, path)
			require.NoError(t, j.Append([]byte(a2)))
			require.Equal(t, tt.after+a2+"\n", read(t, path))
			require.NoError(t, j.Close())
			require.NoError(t, opened(t, path).Close())
		})
	}
}

func TestOtherFilesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"my notes", "my notes\n", a + "\nmy notes\n", "{}\n"} {
		path := write(t, content)
		_, err := Open(path, markOf)
		require.ErrorContains(t, err, "--out")
		require.Equal(t, content, read(t, path))
		_, err = Open(path, markOf)
		require.NotErrorIs(t, err, ErrInUse, "the lock is free again")
	}
}

// However a journal is cut off: what is whole stays, and it can be gone on with.
func FuzzTornEnd(f *testing.F) {
	f.Add(a+"\n"+b, 5)
	f.Add("{", 0)
	f.Fuzz(func(t *testing.T, content string, cut int) {
		content = strings.Repeat(a+"\n", 2) + content
		if cut >= 0 && cut < len(content) {
			content = content[:len(content)-cut]
		}
		path := write(t, content)
		j, err := Open(path, markOf)
		if err != nil {
			require.Equal(t, content, read(t, path))
			return
		}
		require.NoError(t, j.Append([]byte(b)))
		require.NoError(t, j.Close())
		j = opened(t, path)
		text, err := j.Read(keyOf("b"))
		require.NoError(t, err)
		require.True(t, bytes.Equal([]byte(b), text))
		require.NoError(t, j.Close())
	})
}
