package echo_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
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

func refusal(name string) bool { return strings.HasPrefix(name, "refuse") }

func other(name string) bool { return !refusal(name) && !strings.HasPrefix(name, "tricky") }

var calls = flag.Uint64("calls", 6, "how many calls of each kind TestHeard makes up")

// What the demo model hears of an agent's refusals that come back is no refusal, and of the
// customer's own, also over the agent's words, none is taken for the agent's.
func TestHeard(t *testing.T) {
	t.Parallel()
	path, model, err := models.Resolve("demo", t.TempDir())
	require.NoError(t, err)
	engine, err := app.NewEngine(path, model, config.Speech{States: 2, Threads: 1,
		Language: "zh"}, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	judge, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	for name, says := range map[string]struct{ agent, customer func(string) bool }{
		"agent": {refusal, other}, "customer": {other, refusal},
	} {
		t.Run(name+" refuses", func(t *testing.T) {
			t.Parallel()
			said, hits, echoes := 0, 0, 0
			for seed := range *calls {
				c, err := testcall.NewLoudspeaker(seed, 6, says.agent, says.customer)
				require.NoError(t, err)
				heard, _, err := asr.Hear(t.Context(), engine, asr.Config{}, asr.Track{
					Side: asr.Customer, Audio: bytes.NewReader(c.WAV()), Channel: audio.Right})
				require.NoError(t, err)
				v := judge.Transcript(heard, 0)
				require.Equal(t, name == "customer", v.Suspect, "seed %d: %+v", seed, v.Hits)
				for _, h := range v.Hits {
					hits++
					if h.Veto != nil && h.Veto.Reason == keywords.VetoEcho {
						echoes++
						requireEcho(t, c, heard.Segments[h.Segment].Utterance, seed)
					}
				}
				for _, s := range c.Said {
					if s.ByAgent == (name == "agent") {
						said++
					}
				}
			}
			t.Logf("%d refusals said, %d hits, %d of them echoes", said, hits, echoes)
			if name == "agent" {
				require.NotZero(t, echoes)
			}
		})
	}
}

// requireEcho requires that an utterance is an echo: louder than the customer in it.
func requireEcho(t *testing.T, c *testcall.Loudspeaker, u asr.Span, seed uint64) {
	t.Helper()
	from := int(u.Start * testcall.Rate / time.Second)
	to := min(len(c.Echo), int(u.End*testcall.Rate/time.Second))
	require.Greater(t, db(c.Echo[from:to]), db(c.Own[from:to]), "seed %d, %v", seed, u)
}
