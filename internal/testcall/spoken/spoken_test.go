// Package spoken_test holds the calls for tests to what their tables say of them.
package spoken_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/models"
)

// The test binary is its own speech process.
func TestMain(m *testing.M) {
	whisper.ExitIfChild()
	os.Exit(m.Run())
}

func TestManifest(t *testing.T) {
	t.Parallel()
	calls := testcall.Table(t, "manifest.csv")
	require.Len(t, calls, 8)
	testcall.RequireFormats(t, calls, 4<<20)
}

// What the customers say must come out of the pipeline word for word, and nothing else: tests of
// what comes after rely on it.
func TestTheDemoModelHearsTheCustomers(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for _, row := range testcall.Table(t, "texts.tsv") {
		if row["side"] == string(asr.Customer) {
			said[row["call_id"]] += row["text"]
		}
	}
	pipeline := startPipeline(t)
	for _, call := range testcall.Table(t, "manifest.csv") {
		heard := transcribe(t, pipeline, call["file"], audio.Channel(call["customer_channel"]))
		require.Equal(t, testcall.Words(said[call["call_id"]]), testcall.Words(heard.Text()), call["file"])
		if offset, err := time.ParseDuration(call["answer_offset"] + "s"); err == nil {
			require.Greater(t, heard.Segments[0].Start, offset, "nobody speaks before the answer")
		}
	}
}

func startPipeline(t *testing.T) *asr.Pipeline {
	t.Helper()
	path, model, err := models.Resolve("demo", t.TempDir())
	require.NoError(t, err)
	engine, err := whisper.Start(t.Context(), whisper.Config{ModelPath: path, Model: model})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	p, err := asr.NewPipeline(engine, asr.Config{})
	require.NoError(t, err)
	return p
}

func transcribe(t *testing.T, p *asr.Pipeline, file string, c audio.Channel) asr.Transcript {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	track, err := audio.OpenTrack(f, c)
	require.NoError(t, err)
	defer func() { _ = track.Close() }()
	heard, _, err := p.Run(context.Background(), asr.Customer, track)
	require.NoError(t, err)
	return heard
}
