package audio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/testcall"
)

type sound = []float32

// sides are the tracks of a call as a WAV file.
func sides(t testing.TB, file []byte) (left, right sound) {
	t.Helper()
	r, err := audio.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	for a, b := make(sound, 4096), make(sound, 4096); ; {
		n, err := r.Read([][]float32{a, b})
		if errors.Is(err, io.EOF) {
			return left, right
		}
		require.NoError(t, err)
		left, right = append(left, a[:n]...), append(right, b[:n]...)
	}
}

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(testcall.Root(), "samples", "*.wav"))
	require.NoError(t, err)
	require.Len(t, names, 10)
	files := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = b
	}
	return files
}

func made(t testing.TB, seed uint64, length time.Duration) (agent, customer sound) {
	t.Helper()
	file, err := testcall.Make(seed, length)
	require.NoError(t, err)
	return sides(t, file)
}

func mix(a, b sound) sound {
	out := make(sound, len(a))
	for i := range out {
		out[i] = a[i] + b[i]
	}
	return out
}

func gain(v sound, db float64) sound {
	out := make(sound, len(v))
	for i, x := range v {
		out[i] = x * float32(math.Pow(10, db/20))
	}
	return out
}

func inverted(v sound) sound {
	out := make(sound, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}

// later delays by milliseconds at 8 kHz.
func later(v sound, millis int) sound {
	out := make(sound, len(v))
	copy(out[min(len(v), 8*millis):], v)
	return out
}

// hiss is noise of that level.
func hiss(n int, db float64) sound {
	r := rand.New(rand.NewPCG(1, 2))
	out := make(sound, n)
	for i := range out {
		out[i] = float32(r.NormFloat64() * math.Pow(10, db/20))
	}
	return out
}

// muffled is what a telephone's hybrid gives back: not all of it, and not at once.
func muffled(v sound) sound {
	out, slow := make(sound, len(v)), float32(0)
	for i, x := range v {
		slow += 0.6 * (x - slow)
		out[i] = slow
	}
	return out
}

func tone(n int, hz float64) sound {
	out := make(sound, n)
	for i := range out {
		out[i] = float32(0.2 * math.Sin(2*math.Pi*hz*float64(i)/testcall.Rate))
	}
	return out
}

func inspect(t testing.TB, left, right sound) (audio.Info, error) {
	t.Helper()
	return audio.Inspect(bytes.NewReader(testcall.WAV(left, right)))
}

func requireSame(t *testing.T, left, right sound) string {
	t.Helper()
	_, err := inspect(t, left, right)
	var e *audio.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, audio.SameChannels, e.Kind)
	return e.Error()
}

func requireTwoSides(t *testing.T, left, right sound) {
	t.Helper()
	info, err := inspect(t, left, right)
	require.NoError(t, err)
	require.Empty(t, info.Mixed)
}

func TestFakeStereoIsRefused(t *testing.T) {
	t.Parallel()
	agent, customer := sides(t, samples(t)["03-stop-calling.wav"])
	from, to := 4*testcall.Rate, 14*testcall.Rate
	agent, customer = agent[from:to], customer[from:to]
	spoken, _ := made(t, 3, 12*time.Second)
	for name, one := range map[string]sound{"sample": mix(agent, customer), "made": spoken} {
		for _, f := range []struct {
			name, text string
			other      sound
		}{
			{"bit for bit", "are identical", one},
			{"dither", "carry the same sound,", mix(one, hiss(len(one), -90))},
			{"noise, as of a poor codec", "carry the same sound,", mix(one, hiss(len(one), -60))},
			{"muffled", "carry the same sound", gain(muffled(one), 2)},
			{"3 dB less", "3 dB quieter", gain(one, -3)},
			{"6 dB less", "6 dB quieter", gain(one, -6)},
			{"6 dB less, and dither", "6 dB quieter", mix(gain(one, -6), hiss(len(one), -90))},
			{"inverted", "carry the same sound,", inverted(one)},
			{"1 ms later", "1 ms later", later(one, 1)},
			{"12 ms later", "12 ms later", later(one, 12)},
			{"20 ms later", "20 ms later", later(one, 20)},
		} {
			t.Run(name+" "+f.name, func(t *testing.T) {
				t.Parallel()
				require.Contains(t, requireSame(t, one, f.other), f.text)
				require.Contains(t, requireSame(t, f.other, one), f.text)
			})
		}
	}
}

// A difference anywhere is a difference to a machine: to hear one, it must last.
func TestFakeStereoWithAClick(t *testing.T) {
	t.Parallel()
	one, _ := made(t, 3, 20*time.Second)
	other := append(sound{}, one...)
	other[len(other)-1] += 0.01
	requireSame(t, one, other)
	agent, customer := made(t, 4, 4*time.Second)
	requireTwoSides(t, append(append(sound{}, one...), agent...),
		append(append(sound{}, one...), customer...))
}

func TestTwoSidesAreNoFake(t *testing.T) {
	t.Parallel()
	for name, file := range samples(t) {
		left, right := sides(t, file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireTwoSides(t, left, right)
			if name == "05-interested.wav" || name == "07-silent.wav" {
				requireEchoes(t, left[:15*testcall.Rate], right[:15*testcall.Rate])
			}
		})
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("made ", seed), func(t *testing.T) {
			t.Parallel()
			agent, customer := made(t, seed, 40*time.Second)
			requireTwoSides(t, agent, customer)
			if seed == 0 {
				requireEchoes(t, agent[:15*testcall.Rate], customer[:15*testcall.Rate])
			}
		})
	}
}

// requireEchoes puts the agent's echo on the customer's track, as lines give it back, also
// where the customer says nothing.
func requireEchoes(t *testing.T, agent, customer sound) {
	t.Helper()
	line := hiss(len(agent), -60)
	for _, db := range []float64{-6, -9, -20} {
		for _, millis := range []int{2, 40} {
			echo := later(gain(agent, db), millis)
			requireTwoSides(t, agent, mix(customer, echo))
			requireTwoSides(t, agent, mix(line, echo))
			requireTwoSides(t, agent, mix(line, muffled(echo)))
			requireTwoSides(t, agent, echo)
		}
		if db < -7 { // without a delay, 6 dB is what a mix of two has
			requireTwoSides(t, agent, gain(agent, db))
			requireTwoSides(t, agent, mix(customer, gain(agent, db)))
		}
	}
	requireTwoSides(t, mix(agent, later(gain(customer, -12), 3)),
		mix(customer, later(gain(agent, -12), 3)))
}

// What is heard on both sides for a while is no fake: music on hold, tones.
func TestSoundOnBothSides(t *testing.T) {
	t.Parallel()
	agent, customer := made(t, 5, 20*time.Second)
	music := hiss(20*testcall.Rate, -20)
	for i := range music { // a melody, more or less
		music[i] += 0.2 * float32(math.Sin(float64(i)/20+3*math.Sin(float64(i)/3000)))
	}
	requireTwoSides(t, append(append(sound{}, music...), agent...),
		append(append(sound{}, music...), customer...))
	requireTwoSides(t, append(append(sound{}, agent...), music...),
		append(append(sound{}, customer...), music...))

	for _, hz := range []float64{50, 450} {
		ring := tone(10*testcall.Rate, hz)
		requireTwoSides(t, ring, mix(ring, hiss(len(ring), -60)))
		requireTwoSides(t, append(append(sound{}, ring...), agent...),
			append(later(ring, 1), customer...))
	}
	noisy := hiss(20*testcall.Rate, -60)
	requireTwoSides(t, noisy, gain(noisy, 0.1))
}

func TestMixBesideOneSide(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		agent, customer := made(t, seed, 30*time.Second)
		if seed == 0 {
			agent, customer = sides(t, samples(t)["03-stop-calling.wav"])
		}
		both := mix(agent, customer)
		for _, c := range []struct {
			left, right sound
			mixed       audio.Channel
		}{
			{both, customer, audio.Left}, {customer, both, audio.Right}, {both, agent, audio.Left},
			{agent, both, audio.Right}, {gain(both, -6), customer, audio.Left},
			{agent, gain(both, -6), audio.Right},
			{mix(both, hiss(len(both), -70)), gain(later(agent, 5), -1), audio.Left},
		} {
			info, err := inspect(t, c.left, c.right)
			require.NoError(t, err)
			require.Equal(t, c.mixed, info.Mixed)
			require.NoError(t, info.Side(c.mixed.Other()))
			var e *audio.Error
			require.ErrorAs(t, info.Side(c.mixed), &e)
			require.Equal(t, audio.MixedChannel, e.Kind)
			require.Contains(t, e.Error(), "the "+string(c.mixed)+" channel carries both sides")
		}
	}
}

func BenchmarkInspectFakeStereo(b *testing.B) {
	one, _ := made(b, 3, time.Minute)
	file := testcall.WAV(one, gain(one, -3))
	for b.Loop() {
		_, _ = audio.Inspect(bytes.NewReader(file))
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkInspectTwoSides(b *testing.B) {
	file, err := testcall.Make(3, time.Minute)
	require.NoError(b, err)
	for b.Loop() {
		_, _ = audio.Inspect(bytes.NewReader(file))
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}
