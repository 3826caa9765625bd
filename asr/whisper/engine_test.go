package whisper

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(demoModel(t))
	require.NoError(t, err)
	path := modelWith(t, good[:len(good)/2])
	e := NewEngine(Config{ModelPath: path, Model: demo, States: 1, Threads: 1})
	_, err = e.Open(t.Context())
	require.ErrorIs(t, err, asr.ErrModel)
	require.NotErrorIs(t, err, asr.ErrDied)

	require.NoError(t, os.WriteFile(path, good, 0o600))
	var opened [4]asr.Transcriber
	var wg sync.WaitGroup
	for i := range opened {
		wg.Go(func() {
			var err error
			if opened[i], err = e.Open(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, tr := range opened {
		require.Same(t, opened[0], tr, "all share it")
	}
	heard, err := opened[0].Transcribe(t.Context(), window(speech(t, "meixingqu")))
	require.NoError(t, err)
	require.NotEmpty(t, heard)

	require.NoError(t, e.Close())
	_, err = opened[0].Transcribe(t.Context(), window(speech(t, "meixingqu")))
	require.ErrorIs(t, err, asr.ErrClosed)
	_, err = e.Open(t.Context())
	require.ErrorIs(t, err, asr.ErrClosed)
	require.NoError(t, NewEngine(Config{}).Close(), "it never ran")
}
