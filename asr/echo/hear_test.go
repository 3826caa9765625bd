package echo_test

import (
	"bytes"
	"fmt"
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

func TestHeard(t *testing.T) {
	path, model, err := models.Resolve(os.Getenv("ECHO_MODEL"), t.TempDir())
	require.NoError(t, err)
	engine, err := app.NewEngine(path, model, config.Speech{States: 2, Threads: 1,
		Language: "zh"}, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	judge, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	n := uint64(20)
	var inside time.Duration
	for _, byAgent := range []bool{true, false} {
		said, hits, echoes, suspects := 0, 0, 0, 0
		for seed := range n {
			if os.Getenv("SEED") != "" && os.Getenv("SEED") != fmt.Sprint(seed) {
				continue
			}
			agent, customer := refusal, other
			if !byAgent {
				agent, customer = other, refusal
			}
			c, err := testcall.NewLoudspeaker(seed, 6, agent, customer)
			require.NoError(t, err)
			heard, stats, err := asr.Hear(t.Context(), engine, asr.Config{Now: time.Now}, asr.Track{
				Side: asr.Customer, Audio: bytes.NewReader(c.WAV()), Channel: audio.Right})
			require.NoError(t, err)
			inside += stats.Transcribing
			for _, s := range c.Said {
				if s.ByAgent == byAgent {
					said++
				}
			}
			v := judge.Transcript(heard, 0)
			if v.Suspect {
				suspects++
			}
			for _, h := range v.Hits {
				hits++
				if h.Veto != nil && h.Veto.Reason == keywords.VetoEcho {
					echoes++
				}
				if bad := h.Veto == nil == byAgent; bad {
					a, b := int(h.Time.Start*testcall.Rate/time.Second), int(h.Time.End*testcall.Rate/time.Second)
					t.Logf("echo %.0f own %.0f", db(c.Echo[a:b]), db(c.Own[a:b]))
					for _, s := range c.Said {
						if s.To > a-8000 && s.From < b+8000 {
							t.Logf("   agent %v %v..%v %s", s.ByAgent, sampleTime(s.From), sampleTime(s.To), s.Name)
						}
					}
					g := heard.Segments[h.Segment]
					if st, ok := at(traces(t, c.WAV()), (h.Time.Start+h.Time.End)/2); ok {
						for q := g.Start - 200*time.Millisecond; q < g.End; q += 64 * time.Millisecond {
							i := int(q * testcall.Rate / time.Second)
							t.Logf("      %v %.2f echo %.0f own %.0f", q, st.Likeness(q, q), db(c.Echo[max(0, i-256):i+256]), db(c.Own[max(0, i-256):i+256]))
						}
					}
					t.Logf("agent %v seed %d gain %.0f noise %.0f %v %s %.2f %v %v | %s", byAgent, seed, c.Gain, c.Noise, h.Time, h.Text, *h.AgentLikeness, h.Veto, h.Score, heard.Segments[h.Segment].Text)
				}
			}
		}
		t.Logf("agent %v: said %d hits %d echoes %d suspects %d of %d; model %v", byAgent, said, hits, echoes, suspects, n, inside)
	}
}
