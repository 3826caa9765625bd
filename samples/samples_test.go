// Package samples_test holds the sample calls to what their tables say of them.
package samples_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
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
	require.Len(t, calls, 10)
	testcall.RequireFormats(t, calls, 5<<20)
}

// TestTheModelInside: what make demo shows is what a reviewer would find.
func TestTheModelInside(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, row := range testcall.Table(t, "texts.tsv") {
		want[row["call_id"]] = row["class"]
	}
	path, model, err := models.Resolve("", t.TempDir())
	require.NoError(t, err)
	engine, err := app.NewEngine(path, model, config.Speech{States: 2, Threads: 1,
		Language: "zh"}, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	judge, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	for _, call := range testcall.Table(t, "manifest.csv") {
		t.Run(call["file"], func(t *testing.T) {
			t.Parallel()
			heard := hear(t, engine, call["file"], audio.Channel(call["customer_channel"]))
			offset, _ := time.ParseDuration(call["answer_offset"] + "s") // empty is 0
			v := judge.Transcript(heard, offset)
			require.Equal(t, want[call["call_id"]] != "", v.Suspect, heard.Text())
			if v.Suspect {
				require.Equal(t, want[call["call_id"]], strongest(v), heard.Text())
			}
		})
	}
}

func hear(t *testing.T, e asr.Engine, file string, c audio.Channel) asr.Transcript {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	heard, _, err := asr.Hear(t.Context(), e, asr.Config{},
		asr.Track{Side: asr.Customer, Audio: f, Channel: c})
	require.NoError(t, err)
	return heard
}

// strongest is the class of the hit with the highest score that counts.
func strongest(v keywords.Verdict) (class string) {
	best := 0.0
	for _, h := range v.Hits {
		if h.Veto == nil && h.Score > best {
			best, class = h.Score, string(h.Class)
		}
	}
	return class
}
