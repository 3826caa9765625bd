package whisper

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/vad"
)

var soundsDir = flag.String("sounds", "", "tell how much of the WAV files in a folder is taken "+
	"for speech")

// counting is a Supervisor that counts what would be recognised, and recognises nothing.
type counting struct {
	*Supervisor
	mu      sync.Mutex
	samples int
}

func (c *counting) Transcribe(_ context.Context, w asr.Window) ([]asr.Phrase, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.samples += len(w.Samples)
	return nil, nil
}

// memory is a track as a Source.
type memory struct{ samples []float32 }

func (m *memory) Read(b []float32) (int, error) {
	if len(m.samples) == 0 {
		return 0, io.EOF
	}
	n := copy(b, m.samples)
	m.samples = m.samples[n:]
	return n, nil
}

// listen gives a track's transcript without text, and for how long a model would hear it.
func listen(tb testing.TB, s *Supervisor, track []float32) (asr.Transcript, time.Duration) {
	tb.Helper()
	c := &counting{Supervisor: s}
	p, err := asr.NewPipeline(c, asr.Config{})
	require.NoError(tb, err)
	got, _, err := p.Run(tb.Context(), asr.Customer, &memory{track})
	require.NoError(tb, err)
	return got, duration(c.samples)
}

func readMono(tb testing.TB, path string) []float32 {
	tb.Helper()
	b, err := os.ReadFile(path)
	require.NoError(tb, err)
	track, err := audio.OpenTrack(bytes.NewReader(b), audio.Mono)
	require.NoError(tb, err)
	defer func() { _ = track.Close() }()
	var out []float32
	block := make([]float32, asr.SampleRate)
	for {
		n, err := track.Read(block)
		out = append(out, block[:n]...)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(tb, err)
	}
}

// Words without much of a pitch, by telephone and in noise, are nevertheless heard.
func TestSingleWordsAreHeard(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	files, err := filepath.Glob("testdata/word-*.wav")
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, f := range files {
		for _, gain := range []float32{1, 0.05} {
			track := readMono(t, f)
			for i := range track {
				track[i] *= gain
			}
			got, _ := listen(t, s, track)
			require.NotEmpty(t, got.Utterances, "%s, times %v", f, gain)
		}
	}
}

// A pitch alone makes no speech: melodies are no voices, nor are tones and noise.
func TestOtherSoundsAreNotHeard(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	for _, tt := range []struct {
		name  string
		track []float32
	}{
		{"melody", melody(20)},
		{"ring-back", tones(20, 5, 1, 450)},
		{"keys", tones(20, 0.5, 0.1, 697, 1209)},
		{"gusts", gusts(20)},
	} {
		got, heard := listen(t, s, tt.track)
		require.Less(t, heard, 2*time.Second, tt.name)
		other := time.Duration(0)
		for _, o := range got.OtherSounds {
			other += o.Duration()
		}
		require.Greater(t, other, time.Second, tt.name)
	}
	d := vad.New(vad.DefaultParams())
	require.NotEmpty(t, append(d.Push(melody(20)), d.Flush()...), "a melody has a pitch")
}

// A word in the middle of music is cut out of it.
func TestSpeechOverMusicIsCutOut(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	track := melody(20)
	said := speech(t, "buxuyao")
	for i, v := range said {
		track[10*asr.SampleRate+i] += 3 * v
	}
	got, heard := listen(t, s, track)
	require.NotEmpty(t, got.Utterances)
	require.Less(t, heard, 5*time.Second)
	for _, u := range got.Utterances {
		require.InDelta(t, 10.3, (u.Start + u.Duration()/2).Seconds(), 1.5)
	}
}

func TestVoicesOfBadSounds(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	for _, samples := range [][]float32{nil, make([]float32, 31*asr.SampleRate),
		{float32(math.NaN())}} {
		_, err := s.Voices(t.Context(), asr.Window{Samples: samples})
		require.ErrorIs(t, err, asr.ErrWindow)
	}
	got, err := s.Voices(t.Context(), asr.Window{Samples: []float32{0}})
	require.NoError(t, err)
	require.Len(t, got, 1)
}

// Voices are told while every state is busy, but not beside a window that is alone.
func TestVoicesBesideWindows(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	release, err := s.reserve(t.Context(), false, false)
	require.NoError(t, err)
	second, err := s.reserve(t.Context(), false, false)
	require.NoError(t, err)
	_, err = s.Voices(t.Context(), silence(time.Second))
	require.NoError(t, err)
	release()
	second()
	release, err = s.reserve(t.Context(), true, false)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Voices(ctx, silence(time.Second))
	require.ErrorIs(t, err, context.Canceled)
	release()
	_, err = s.Voices(t.Context(), silence(time.Second))
	require.NoError(t, err)
}

// melody is plucked notes with overtones, a chord below them and a beat.
func melody(seconds int) []float32 {
	x := make([]float32, seconds*asr.SampleRate)
	notes := []float64{262, 330, 392, 523, 440, 349, 294, 392}
	const step = asr.SampleRate / 4
	for i := range x {
		note := notes[i/step%len(notes)]
		t, age := float64(i)/asr.SampleRate, float64(i%step)/step
		for h := 1.0; h < 6; h++ {
			x[i] += float32(0.08 / h * math.Exp(-2*age) * math.Sin(2*math.Pi*h*note*t))
			x[i] += float32(0.02 / h * math.Sin(2*math.Pi*h*131*t))
		}
	}
	return x
}

// tones sound for so many seconds every so often, on a quiet line.
func tones(seconds int, every, length float64, hertz ...float64) []float32 {
	x := make([]float32, seconds*asr.SampleRate)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = float32(0.001 * rng.NormFloat64())
		t := float64(i) / asr.SampleRate
		if math.Mod(t, every) > length {
			continue
		}
		for _, f := range hertz {
			x[i] += float32(0.15 * math.Sin(2*math.Pi*f*t))
		}
	}
	return x
}

// gusts are noise of two seconds in every four.
func gusts(seconds int) []float32 {
	x := make([]float32, seconds*asr.SampleRate)
	rng := rand.New(rand.NewPCG(3, 4))
	y := 0.0
	for i := range x {
		y = 0.95*y + rng.NormFloat64()
		level := 0.0005
		if i/(2*asr.SampleRate)%2 == 1 {
			level = 0.02
		}
		x[i] = float32(level * y)
	}
	return x
}

// BenchmarkVoices is what telling voices takes; it can't be had without the pipe.
func BenchmarkVoices(b *testing.B) {
	s := startDemo(b, nil)
	w := asr.Window{Samples: melody(10)}
	for b.Loop() {
		_, err := s.Voices(b.Context(), w)
		require.NoError(b, err)
	}
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}

// TestSoundsInFolder tells of each file what comes through to the model, and what the detector
// by pitch alone would take; docs/benchmarks.md has its figures.
func TestSoundsInFolder(t *testing.T) {
	if *soundsDir == "" {
		t.Skip("give -sounds FOLDER")
	}
	s := startDemo(t, nil)
	files, err := filepath.Glob(filepath.Join(*soundsDir, "*.wav"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var length, pitch, speech time.Duration
	none := 0
	for _, f := range files {
		track := readMono(t, f)
		d := vad.New(vad.DefaultParams())
		var byPitch, spoken time.Duration
		for _, u := range append(d.Push(track), d.Flush()...) {
			byPitch += u.End - u.Start
		}
		got, _ := listen(t, s, track)
		for _, u := range got.Utterances {
			spoken += u.Duration()
		}
		if len(got.Utterances) == 0 {
			none++
			fmt.Println("nothing:", filepath.Base(f))
		}
		length, pitch, speech = length+duration(len(track)), pitch+byPitch, speech+spoken
	}
	fmt.Printf("%d files, %.0f s: by pitch %.0f s, speech %.0f s; %d files without any\n", len(files),
		length.Seconds(), pitch.Seconds(), speech.Seconds(), none)
}
