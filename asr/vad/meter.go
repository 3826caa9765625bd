package vad

import (
	"math"
	"time"
)

const (
	// narrowRate, in hertz, is all that is needed to tell where a telephone speaks.
	narrowRate = SampleRate / 2
	frameTime  = 10 * time.Millisecond
	frameSize  = SampleRate / 100
	narrowSize = frameSize / 2
	// quietest is the level, in decibels, that stands for digital silence.
	quietest = -100
)

// meter brings frames down to narrowRate and measures their level above 250 Hz:
// mains hum and its first harmonics lie below.
type meter struct {
	last               float32 // sample before the frame
	b0, b1, b2, a1, a2 float64 // second-order Butterworth high pass
	s1, s2             float64
}

func newMeter() *meter {
	sin, cos := math.Sincos(2 * math.Pi * 250 / narrowRate)
	alpha := sin / math.Sqrt2
	n := 1 + alpha
	return &meter{b0: (1 + cos) / 2 / n, b1: -(1 + cos) / n, b2: (1 + cos) / 2 / n,
		a1: -2 * cos / n, a2: (1 - alpha) / n}
}

// frame appends the narrowed frame to narrow and returns its level in decibels
// below full scale.
func (m *meter) frame(narrow []float32, x []float32) ([]float32, float32) {
	x = x[:frameSize]
	s1, s2, last, sum := m.s1, m.s2, m.last, 0.0
	for i := 0; i+1 < len(x); i += 2 {
		v := 0.25*(last+x[i+1]) + 0.5*x[i]
		last = x[i+1]
		narrow = append(narrow, v)
		in := float64(v)
		y := m.b0*in + s1
		s1 = m.b1*in - m.a1*y + s2
		s2 = m.b2*in - m.a2*y
		sum += y * y
	}
	// the decay in digital silence would end in slow, denormal numbers
	if math.Abs(s1)+math.Abs(s2) < 1e-20 {
		s1, s2 = 0, 0
	}
	m.s1, m.s2, m.last = s1, s2, last
	return narrow, decibels(sum / narrowSize)
}

func decibels(meanSquare float64) float32 {
	if meanSquare < 1e-10 {
		return quietest
	}
	return float32(10 * math.Log10(meanSquare))
}

func meanSquare(decibels float32) float64 { return math.Pow(10, float64(decibels)/10) }
