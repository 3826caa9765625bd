package asr

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
)

// voice is glottal: syllables of gliding pitch at 16 kHz, for d, as loud as amplitude.
func voice(d time.Duration, amplitude float64) []float32 {
	x := make([]float32, int(d.Seconds()*SampleRate))
	phase := 0.0
	for i := range x {
		t := math.Mod(float64(i)/SampleRate, 0.25) * 4
		phase += 2 * math.Pi * 140 * (1.1 - 0.3*t) / SampleRate
		for h := 1.0; h*140 < 2500; h++ {
			x[i] += float32(amplitude / h * math.Sin(h*phase) * math.Sin(math.Pi*t))
		}
	}
	return x
}

func noise(d time.Duration, amplitude float64) []float32 {
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, int(d.Seconds()*SampleRate))
	for i := range x {
		x[i] = float32(amplitude * rng.NormFloat64())
	}
	return x
}

func quiet(d time.Duration) []float32 { return noise(d, 0) }

func join(parts ...[]float32) (all []float32) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// listen gives both sides to a pair of ears in blocks of odd lengths.
func listen(customer, agent []float32, answered time.Duration) Sounds {
	e := newEars(answered, agent != nil)
	for at := 0; at < len(customer); at += 7001 {
		to := min(at+7001, len(customer))
		if agent == nil {
			e.push(customer[at:to], nil)
			continue
		}
		e.push(customer[at:to], agent[at:to])
	}
	return e.sounds()
}

func TestSounds(t *testing.T) {
	t.Parallel()
	agent := join(quiet(s), voice(4*s, 0.2), quiet(5*s))
	echo := make([]float32, len(agent)) // 45 dB below, 100 ms later
	for i := range len(agent) - 1600 {
		echo[i+1600] = agent[i] * 0.0056
	}
	dc := quiet(10 * s)
	for i := range dc {
		dc[i] = 0.02
	}
	for _, tt := range []struct {
		name     string
		customer []float32
		check    func(*testing.T, Sounds)
	}{
		{"digital silence", quiet(10 * s), func(t *testing.T, s Sounds) {
			require.EqualValues(t, Quietest, s.Customer.Peak)
			require.Zero(t, s.Customer.Talk)
			require.Zero(t, s.Customer.Loud)
		}},
		{"a constant", dc, func(t *testing.T, s Sounds) {
			require.Less(t, s.Customer.Peak, -80.0, "is no sound")
		}},
		{"a click", join(quiet(5*s), noise(30*time.Millisecond, 0.5), quiet(5*s))[:10*SampleRate],
			func(t *testing.T, s Sounds) {
				require.EqualValues(t, Quietest, s.Customer.Peak, "is no sound")
			}},
		{"a short word", join(quiet(6*s), voice(400*time.Millisecond, 0.1), quiet(4*s))[:10*SampleRate],
			func(t *testing.T, s Sounds) { require.Greater(t, s.Customer.Peak, -40.0) }},
		{"noise", noise(10*s, 0.2), func(t *testing.T, s Sounds) {
			require.InDelta(t, -13, s.Customer.Peak, 2)
			require.EqualValues(t, 1, s.Customer.Loud)
			require.Zero(t, s.Customer.Talk)
		}},
		{"speech", join(quiet(6*s), voice(3*s, 0.2), quiet(s)), func(t *testing.T, s Sounds) {
			require.InDelta(t, 3, s.Customer.Talk.Seconds(), 0.3)
			require.Equal(t, s.Customer.Talk, s.Aside.Talk)
			require.InDelta(t, s.Agent.TalkLevel, s.Customer.TalkLevel, 1)
		}},
		{"faint speech", join(quiet(6*s), voice(3*s, 0.001), quiet(s)), func(t *testing.T, s Sounds) {
			require.Zero(t, s.Customer.Talk, "no utterance")
			require.InDelta(t, 3, s.Aside.Talk.Seconds(), 0.3)
			require.InDelta(t, s.Agent.TalkLevel-46, s.Aside.TalkLevel, 2)
		}},
		{"an echo", echo, func(t *testing.T, s Sounds) { require.Zero(t, s.Aside.Talk) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := listen(tt.customer, agent, 0)
			require.Equal(t, 10*s, got.Customer.Length)
			require.InDelta(t, 4, got.Agent.Talk.Seconds(), 0.3)
			tt.check(t, got)
		})
	}
}

// What sounds before the answer, such as the ring-back tone, tells nothing of the customer.
func TestSoundsFromTheAnswerOn(t *testing.T) {
	t.Parallel()
	got := listen(join(voice(4*s, 0.2), quiet(6*s)), nil, 4500*time.Millisecond)
	require.EqualValues(t, Quietest, got.Customer.Peak)
	require.Equal(t, 5500*time.Millisecond, got.Customer.Length)
	require.Nil(t, got.Agent)
	require.Equal(t, time.Duration(0), listen(quiet(s), nil, 2*s).Customer.Length)
}

// stereo16 is a WAV file at 16 kHz.
func stereo16(left, right []float32) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	b.WriteString("RIFF")
	put(uint32(36 + 4*len(left)))
	b.WriteString("WAVEfmt ")
	put([]uint32{16, 2<<16 | 1, SampleRate, 4 * SampleRate, 16<<16 | 4})
	b.WriteString("data")
	put(uint32(4 * len(left)))
	for i := range left {
		put([]int16{int16(left[i] * 32767), int16(right[i] * 32767)})
	}
	return b.Bytes()
}

func TestHearTellsTheSoundsOfBothSides(t *testing.T) {
	t.Parallel()
	wav := stereo16(join(voice(3*s, 0.2), quiet(7*s)),
		join(quiet(6*s), voice(2*s, 0.1), quiet(2*s)))
	for c, want := range map[audio.Channel][2]float64{audio.Left: {3, 2}, audio.Right: {2, 3}} {
		got, _, err := Hear(context.Background(), opened{&scripted{answer: says("不用")}, nil}, Config{},
			Track{Side: Customer, Audio: bytes.NewReader(wav), Channel: c})
		require.NoError(t, err)
		require.InDelta(t, want[0], got.Sounds.Customer.Talk.Seconds(), 0.3, c)
		require.InDelta(t, want[1], got.Sounds.Agent.Talk.Seconds(), 0.3, c)
	}
}
