package vad

import (
	"math"
	"math/rand/v2"
	"time"
)

// track is audio put together for a test.
type track struct {
	x   []float32
	rng *rand.Rand
}

// newTrack begins a track of silence.
func newTrack(length time.Duration) *track {
	return &track{x: make([]float32, samplesOf(length)), rng: rand.New(rand.NewPCG(7, 9))}
}

func samplesOf(t time.Duration) int { return int(t * SampleRate / time.Second) }

// part is the stretch of the track from at on.
func (t *track) part(at, length time.Duration) []float32 {
	return t.x[samplesOf(at):min(len(t.x), samplesOf(at+length))]
}

// gain is a level in decibels below full scale as a factor for a signal of power 1.
func gain(db float64) float64 { return math.Pow(10, db/20) }

// white adds white noise.
func (t *track) white(at, length time.Duration, db float64) *track {
	for i, x := 0, t.part(at, length); i < len(x); i++ {
		x[i] += float32(gain(db) * t.rng.NormFloat64())
	}
	return t
}

// brown adds noise that falls by 6 dB an octave, like a street's.
func (t *track) brown(at, length time.Duration, db float64) *track {
	y := 0.0
	for i, x := 0, t.part(at, length); i < len(x); i++ {
		y = 0.95*y + 0.31*t.rng.NormFloat64()
		x[i] += float32(gain(db) * y)
	}
	return t
}

// tones adds steady tones, db each.
func (t *track) tones(at, length time.Duration, db float64, hertz ...float64) *track {
	x := t.part(at, length)
	for _, f := range hertz {
		for i := range x {
			x[i] += float32(gain(db) * math.Sqrt2 * math.Sin(2*math.Pi*f*float64(i)/SampleRate))
		}
	}
	return t
}

// click adds a spike with a short ring.
func (t *track) click(at time.Duration, height float64) *track {
	for i, x := 0, t.part(at, 5*time.Millisecond); i < len(x); i++ {
		x[i] += float32(height * math.Exp(-float64(i)/12) * math.Cos(float64(i)*1.1))
	}
	return t
}

// say adds something like a vowel: pulses at a gliding pitch through two formants.
func (t *track) say(at, length time.Duration, db float64) *track {
	x := t.part(at, length)
	y := make([]float64, len(x))
	phase, energy := 0.0, 0.0
	var f1, f2 resonance
	for i := range y {
		u := float64(i) / float64(len(x))
		phase += (150 - 40*u) / SampleRate
		pulse := 0.0
		if phase >= 1 {
			phase, pulse = phase-1, 1
		}
		y[i] = (f1.ring(pulse, 600-100*u, 80) +
			0.6*f2.ring(pulse, 1500+300*u, 120)) * math.Sin(math.Pi*u)
		energy += y[i] * y[i]
	}
	scale := gain(db) / math.Sqrt(energy/float64(len(y)))
	for i := range x {
		x[i] += float32(scale * y[i])
	}
	return t
}

type resonance struct{ y1, y2 float64 }

func (r *resonance) ring(in, hertz, width float64) float64 {
	a := math.Exp(-math.Pi * width / SampleRate)
	y := in + 2*a*math.Cos(2*math.Pi*hertz/SampleRate)*r.y1 - a*a*r.y2
	r.y1, r.y2 = y, r.y1
	return y
}

// telephone makes the track what A-law at 8 kHz leaves of it.
func (t *track) telephone() *track {
	// what is above 4 kHz folds down, which the tests' signals don't mind
	for i := 1; i < len(t.x); i += 2 {
		v := aLaw((t.x[i-1] + t.x[i]) / 2)
		t.x[i-1], t.x[i] = v, v
	}
	return t
}

// aLaw rounds a sample to A-law's steps: 16 in each octave.
func aLaw(v float32) float32 {
	s := float64(v) * 32768
	step := 16.0
	for m := math.Abs(s); m >= 512; m /= 2 {
		step *= 2
	}
	return float32(math.Max(-1, math.Min(1, (math.Floor(s/step)+0.5)*step/32768)))
}

// hear runs a Detector over samples in blocks.
func hear(p Params, x []float32, block int) []Utterance {
	d := New(p)
	var found []Utterance
	for len(x) > 0 {
		n := min(block, len(x))
		found = append(found, d.Push(x[:n])...)
		x = x[n:]
	}
	return append(found, d.Flush()...)
}
