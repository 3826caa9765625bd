package testcall

import (
	"math"
	"math/rand/v2"
	"time"
)

// Loudspeaker is a call whose customer's telephone, on loudspeaker, gives the agent back.
type Loudspeaker struct {
	Agent, Customer []float32 // as recorded, at Rate
	// Echo and Own are what the customer's track is made of, besides noise.
	Echo, Own []float32
	// Gain is how loud the echo is beside the agent, in decibels; Delay how late.
	Gain float64
	// Noise is that of the customer's line, in decibels.
	Noise float64
	Delay time.Duration
	Said  []Said
}

// Said is an utterance of a call, in samples of the customer's track: where it is an agent's,
// of its echo.
type Said struct {
	ByAgent  bool
	From, To int
	// Name is the file of the evaluation set.
	Name string
}

// NewLoudspeaker makes a call of so many turns: in each the agent says something, and the
// customer something else, after it, over it, or nothing. Utterances are those of the
// evaluation set, of which agent and customer say some by their names. The echo is 6 to 30 dB below
// the agent and 0 to 250 ms late, limited in band, and has a room's answer; the noise of the lines
// is at -45 to -60 dB. The same seed gives the same call.
func NewLoudspeaker(
	seed uint64, turns int, agent, customer func(name string) bool,
) (*Loudspeaker, error) {
	all, err := utterances()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 0xec40))
	c := &Loudspeaker{Gain: -6 - 24*r.Float64(), Delay: time.Duration(r.IntN(250)) * time.Millisecond}
	late := int(c.Delay.Seconds() * Rate)
	at := Rate / 2
	for range turns {
		u := choose(r, all, agent)
		c.Said = append(c.Said, Said{true, at + late, at + late + len(u.samples), u.name})
		c.Agent = put(c.Agent, at, u.samples)
		at += len(u.samples)
		if r.IntN(4) == 0 {
			at += Rate
			continue
		}
		u = choose(r, all, customer)
		from := max(0, at+r.IntN(Rate*3/2)-Rate*4/5)
		c.Said = append(c.Said, Said{false, from, from + len(u.samples), u.name})
		c.Own = put(c.Own, from, u.samples)
		at = max(at, from+len(u.samples)) + Rate*2/5 + r.IntN(Rate/2)
	}
	n := at + Rate
	c.Agent, c.Own = put(c.Agent, n, nil), put(c.Own, n, nil)
	c.Echo = leak(r, c.Agent, c.Gain, late)
	c.Customer = make([]float32, n)
	level := hiss(r)
	c.Noise = 20 * math.Log10(float64(level))
	for i := range c.Customer {
		c.Customer[i] = c.Own[i] + c.Echo[i] + level*float32(r.NormFloat64())
	}
	level = hiss(r)
	for i := range c.Agent {
		c.Agent[i] += level * float32(r.NormFloat64())
	}
	return c, nil
}

// WAV is the call as a recording, agent left, customer right.
func (c *Loudspeaker) WAV() []byte { return WAV(c.Agent, c.Customer) }

// choose draws one that may be said.
func choose(r *rand.Rand, all []utterance, may func(name string) bool) utterance {
	for {
		if u := all[r.IntN(len(all))]; may(u.name) {
			return u
		}
	}
}

// hiss is a line's noise, from -60 to -45 dB.
func hiss(r *rand.Rand) float32 { return float32(math.Pow(10, (-60+15*r.Float64())/20)) }

// put adds words to a track, which it makes as long as that takes.
func put(track []float32, at int, words []float32) []float32 {
	if missing := at + len(words) - len(track); missing > 0 {
		track = append(track, make([]float32, missing)...)
	}
	say(track, at, words)
	return track
}

// leak is the agent's voice as it comes back: by a small loudspeaker, a room and a
// microphone.
func leak(r *rand.Rand, agent []float32, gain float64, late int) []float32 {
	answer := room(r)
	out := make([]float32, len(agent))
	for i, v := range agent {
		if v == 0 {
			continue
		}
		for k, a := range answer {
			if at := i + late + k; at < len(out) {
				out[at] += v * a
			}
		}
	}
	low, high := 300+300*r.Float64(), 2200+1200*r.Float64()
	for range 2 {
		highPass(out, low)
		lowPass(out, high)
	}
	f := float32(math.Sqrt(power(agent)/power(out)) * math.Pow(10, gain/20))
	for i := range out {
		out[i] *= f
	}
	return out
}

// room is the answer of a room: the direct sound, and echoes that fade by 60 dB within 50
// to 200 ms.
func room(r *rand.Rand) []float32 {
	fade := 0.05 + 0.15*r.Float64()
	answer := make([]float32, int(fade*Rate*0.6))
	for i := range answer {
		t := float64(i) / Rate
		answer[i] = float32(0.15 * r.NormFloat64() * math.Pow(10, -3*t/fade))
	}
	answer[0] = 1
	return answer
}

func power(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v * v)
	}
	return sum
}

func lowPass(x []float32, hertz float64) {
	a := float32(1 - math.Exp(-2*math.Pi*hertz/Rate))
	state := float32(0)
	for i, v := range x {
		state += a * (v - state)
		x[i] = state
	}
}

func highPass(x []float32, hertz float64) {
	a := float32(1 - math.Exp(-2*math.Pi*hertz/Rate))
	state := float32(0)
	for i, v := range x {
		state += a * (v - state)
		x[i] = v - state
	}
}
