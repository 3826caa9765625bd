package whisper

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func modelWith(t *testing.T, contents []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.bin")
	require.NoError(t, os.WriteFile(path, contents, 0o600))
	return path
}

// damaged makes bad model files of the demo model.
func damaged(t *testing.T) map[string][]byte {
	t.Helper()
	good, err := os.ReadFile(demoModel(t))
	require.NoError(t, err)
	random := make([]byte, 1<<20)
	_, err = rand.Read(random)
	require.NoError(t, err)
	header := func(field int, value int32) []byte {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint32(bad[4+4*field:], uint32(value))
		return bad
	}
	return map[string][]byte{
		"empty":                  {},
		"random":                 random,
		"cut in the vocabulary":  good[:80_000],
		"cut in a tensor":        good[:len(good)/8],
		"cut in the last tensor": good[:len(good)-1],
		"negative layers":        header(4, -1),
		"too many layers":        header(8, 5),
		"another width":          header(2, 384),
		"no heads":               header(3, 0),
	}
}

func TestBadModelIsToldAtStart(t *testing.T) {
	t.Parallel()
	for name, contents := range damaged(t) {
		path := modelWith(t, contents)
		_, err := Start(t.Context(), Config{ModelPath: path, Model: demo, States: 1})
		var bad *ModelError
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, path, bad.Path)
		require.NotContains(t, bad.Reason, "died", name)
		require.ErrorContains(t, err, "--model", name)
	}
}

// The check before it keeps most bad files from whisper.cpp. Of those it is left, it
// refuses some and dies of others: here by an assertion. The parent must live.
func TestWhisperDyingOfAModelIsSurvived(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(demoModel(t))
	require.NoError(t, err)
	binary.LittleEndian.PutUint32(good[4+4*10:], 99) // a weight format that does not exist
	path := modelWith(t, good)
	for range 2 {
		_, err = Start(t.Context(), Config{ModelPath: path, Model: demo, States: 1})
		var bad *ModelError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, path, bad.Path)
		require.Contains(t, bad.Reason, "whisper.cpp died of it (signal: abort")
		require.Contains(t, bad.Reason, "GGML_ASSERT", "its last words")
		var died *ChildDiedError
		require.NotErrorAs(t, err, &died, "no recording is to blame")
	}
	require.Equal(t, 1, startDemo(t, nil).Stats().Starts)
}

func TestModelGoneBadIsToldAfterRestart(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(demoModel(t))
	require.NoError(t, err)
	path := modelWith(t, good)
	s := startDemo(t, func(c *Config) {
		c.ModelPath = path
		c.after = func(time.Duration) <-chan time.Time { return time.After(0) }
	})
	spoil := func(contents []byte, say string) {
		require.NoError(t, os.WriteFile(path, contents, 0o600))
		_, err := s.Transcribe(t.Context(), window(speech(t, "meixingqu")))
		var bad *ModelError
		require.ErrorAs(t, err, &bad)
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, say)
	}
	signalTo(t, s, syscall.SIGKILL)
	<-s.current.proc.exit
	spoil(good[:1000], "cut short")
	spoil(append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1),
		"changed while refrain runs")

	require.NoError(t, os.WriteFile(path, good, 0o600))
	phrases, err := s.Transcribe(t.Context(), window(speech(t, "meixingqu")))
	require.NoError(t, err)
	require.Equal(t, said["meixingqu"], text(phrases))
}
