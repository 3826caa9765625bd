package whisper

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// said are the test recordings (a synthetic voice through 8 kHz) and what is said.
var said = map[string]string{
	"meixingqu": "我没兴趣。",
	"biezaida":  "别再打了。",
	"buxuyao":   "不需要。",
}

func TestTranscribe(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	for name, want := range said {
		w := window(speech(t, name))
		phrases, err := s.Transcribe(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, want, text(phrases))
		requirePlausible(t, phrases, duration(len(w.Samples)))
		require.Less(t, phrases[0].NoSpeechProb, 0.01)
		require.Greater(t, phrases[0].MeanLogProb, -0.5)
	}
}

func TestTranscribeWithFullContext(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	w := window(speech(t, "meixingqu"))
	w.Context = 0
	phrases, err := s.Transcribe(t.Context(), w)
	require.NoError(t, err)
	require.Equal(t, said["meixingqu"], text(phrases))
}

func TestReadings(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	require.True(t, s.Traits().Readings)
	for _, beams := range []int{2, asr.MostBeams} {
		for name, want := range said {
			w := window(speech(t, name))
			w.Beams = beams
			phrases, err := s.Transcribe(t.Context(), w)
			require.NoError(t, err)
			require.NotEmpty(t, phrases)
			readings := phrases[0].Readings
			require.NotEmpty(t, readings)
			require.Equal(t, want, readings[0].Text)
			require.Greater(t, readings[0].Prob, 0.3)
			sum, seen := 0.0, map[string]bool{}
			for i, r := range readings {
				require.False(t, seen[r.Text], "%s stands there twice", r.Text)
				seen[r.Text] = true
				require.LessOrEqual(t, r.MeanLogProb, 0.0)
				require.True(t, i == 0 || r.Prob <= readings[i-1].Prob, "the likeliest first")
				sum += r.Prob
			}
			require.InDelta(t, 1, sum, 1e-6)
		}
	}
	w := window(speech(t, "buxuyao"))
	for _, beams := range []int{-1, asr.MostBeams + 1} {
		w.Beams = beams
		_, err := s.Transcribe(t.Context(), w)
		require.ErrorIs(t, err, asr.ErrWindow)
	}
	phrases, err := s.Transcribe(t.Context(), window(speech(t, "buxuyao")))
	require.NoError(t, err)
	require.Empty(t, phrases[0].Readings, "only where they are asked for")
}

// Silence is read as nothing.
func TestReadingsOfSilence(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	w := silence(2 * time.Second)
	w.Beams = asr.MostBeams
	phrases, err := s.Transcribe(t.Context(), w)
	require.NoError(t, err)
	require.Empty(t, phrases)
}

// requirePlausible checks what every phrase must keep, whatever the model says.
func requirePlausible(t *testing.T, phrases []asr.Phrase, length time.Duration) {
	t.Helper()
	for _, p := range phrases {
		require.NotEmpty(t, p.Text)
		require.LessOrEqual(t, p.MeanLogProb, 0.0)
		at := p.Start
		require.GreaterOrEqual(t, at, time.Duration(0))
		for _, token := range p.Tokens {
			require.GreaterOrEqual(t, token.Start, at, "tokens are in order")
			require.GreaterOrEqual(t, token.End, token.Start)
			require.True(t, token.Prob >= 0 && token.Prob <= 1)
			at = token.End
		}
		require.LessOrEqual(t, at, p.End)
		require.LessOrEqual(t, p.End, length)
	}
}

func TestNoSpeechGivesNothing(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	random := rand.New(rand.NewPCG(1, 2))
	noise, hum := silence(4*time.Second), silence(4*time.Second)
	for i := range noise.Samples {
		noise.Samples[i] = float32(0.01 * random.NormFloat64())
		hum.Samples[i] = float32(0.3 * math.Sin(float64(i)*2*math.Pi*450/asr.SampleRate))
	}
	for name, w := range map[string]asr.Window{
		"silence": silence(3 * time.Second), "long silence": silence(maxWindow), "noise": noise,
		"ring-back tone":  hum,
		"hardly anything": {Samples: make([]float32, 10)},
	} {
		phrases, err := s.Transcribe(t.Context(), w)
		require.NoError(t, err, name)
		require.Empty(t, phrases, name)
	}
}

// What a state heard before must not show in what it makes of a window. whisper.cpp's
// own no-speech probability fails this.
func TestSameWindowSamePhrases(t *testing.T) {
	t.Parallel()
	s := startDemo(t, func(c *Config) { c.States = 1 })
	w := window(speech(t, "meixingqu"))
	first, err := s.Transcribe(t.Context(), w)
	require.NoError(t, err)
	for _, before := range []asr.Window{silence(5 * time.Second), window(speech(t, "biezaida")),
		silence(maxWindow)} {
		_, err = s.Transcribe(t.Context(), before)
		require.NoError(t, err)
		again, err := s.Transcribe(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestManyWindowsAtOnce(t *testing.T) {
	t.Parallel()
	s := startDemo(t, func(c *Config) { c.States = 3 })
	var wg sync.WaitGroup
	for range 4 {
		for name, want := range said {
			w := window(speech(t, name))
			wg.Go(func() {
				phrases, err := s.Transcribe(t.Context(), w)
				if err != nil || text(phrases) != want {
					t.Errorf("%s: %q, %v", name, text(phrases), err)
				}
			})
		}
	}
	wg.Wait()
}

func TestTranscribeRefusesWhatIsNoWindow(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	official := startDemo(t, func(c *Config) { c.Model.ShortContext = false })
	second := make([]float32, asr.SampleRate)
	for name, c := range map[string]struct {
		by  *Supervisor
		w   asr.Window
		say string
	}{
		"empty": {s, asr.Window{}, "no samples"},
		"over 30 s": {s, asr.Window{Samples: make([]float32, 30*asr.SampleRate+1)},
			"at most 30s"},
		"negative context": {s, asr.Window{Samples: second, Context: -1}, "negative"},
		"context too short": {s, asr.Window{Samples: make([]float32, 6*asr.SampleRate),
			Context: 5 * time.Second},
			"context of 5.12s would leave the rest unheard"},
		"no short context": {official, asr.Window{Samples: second, Context: 5 * time.Second},
			"whole context"},
		"almost half a context": {official, asr.Window{Samples: second,
			Context: asr.HalfContext - time.Second}, "whole context"},
		"not a number": {s, asr.Window{Samples: append([]float32{float32(math.NaN())}, second...)},
			"sample 0 is NaN"},
		"infinite": {s, asr.Window{Samples: append([]float32{0, float32(math.Inf(1))}, second...)},
			"sample 1 is +Inf"},
	} {
		_, err := c.by.Transcribe(t.Context(), c.w)
		require.ErrorIs(t, err, asr.ErrWindow, name)
		require.ErrorContains(t, err, c.say, name)
	}
}

func TestModelAndEngine(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	traits := s.Traits()
	m := traits.Model
	require.Len(t, m.SHA256, 64)
	m.SHA256 = ""
	require.Equal(t, demo, m)
	require.Equal(t, EngineName(), traits.Engine)
	require.Equal(t, 2, traits.Parallel)
	require.Equal(t, "zh", traits.Language)
	stats := s.Stats()
	require.Equal(t, 51865, stats.Vocabulary)
	require.Equal(t, 1, stats.Starts)
	require.NotZero(t, stats.PID)
}

// A deadline that ends within the window ends the window, in the engine itself.
func TestEngineAbortsInsideWindow(t *testing.T) {
	t.Parallel()
	e, err := newRecogniser(recogniserOptions{ModelPath: demoModel(t), Language: "zh", States: 1,
		Threads: 1, Demo: true})
	require.NoError(t, err)
	t.Cleanup(e.close)
	long := make([]float32, 30*asr.SampleRate)
	copy(long, speech(t, "meixingqu"))

	begun := time.Now()
	_, err = e.transcribe(t.Context(), request{samples: long})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Since(begun)/32)
	defer cancel()
	_, err = e.transcribe(ctx, request{samples: long})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	phrases, err := e.transcribe(t.Context(),
		request{samples: window(speech(t, "meixingqu")).Samples, slots: slotStep})
	require.NoError(t, err, "the state is as good as new")
	require.Equal(t, said["meixingqu"], text(phrases))
}

func TestSelfTest(t *testing.T) {
	t.Parallel()
	require.NoError(t, SelfTest())
	require.Regexp(t, `^\d+\.\d+`, Version())
	require.ErrorContains(t, misfit("it is odd"), "does not fit this program: it is odd")
}

func TestFindBackendDir(t *testing.T) {
	t.Parallel()
	lib := t.TempDir()
	require.Empty(t, findBackendDir(lib))
	for _, dir := range []string{"backends0", "backends1"} {
		require.NoError(t, os.MkdirAll(filepath.Join(lib, "ggml", dir), 0o700))
	}
	require.Empty(t, findBackendDir(lib), "empty folders are none")
	module := filepath.Join(lib, "ggml", "backends1", "libggml-cpu-x64.so")
	require.NoError(t, os.WriteFile(module, nil, 0o600))
	require.Equal(t, filepath.Dir(module), findBackendDir(lib), "another number will do")
}
