package vad

import "math"

// The band, in transform bins, that is analysed: 250 to 3,700 Hz.
const (
	firstBin = 250 * fftSize / narrowRate
	lastBin  = 3700 * fftSize / narrowRate
	binHertz = float32(narrowRate) / fftSize
)

// The lags, in samples, at which a voice may repeat: pitches from 80 to 400 Hz.
const (
	minLag = narrowRate / 400
	maxLag = narrowRate / 80
)

// sound is what the spectrum around a frame tells.
type sound struct {
	// pitch is how well the waveform repeats, 0..1, at its best lag.
	pitch float32
	lag   int
	// tones is the share, 0..1, of the energy in the two strongest peaks; peak is
	// the frequency, in hertz, of the lower one that matters.
	tones, peak float32
}

// analyser looks for voices and tones. It holds buffers, so that a frame allocates
// nothing.
type analyser struct {
	hann [fftSize]float32
	// fade is how much, by lag, the window alone weakens a repetition.
	fade [maxLag + 1]float32
	*transform
	power [half + 1]float32
}

func newAnalyser() *analyser {
	a := &analyser{transform: newTransform()}
	for i := range a.hann {
		a.hann[i] = float32(0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/fftSize))
	}
	for lag := range a.fade {
		for i, v := range a.hann[lag:] {
			a.fade[lag] += v * a.hann[i]
		}
	}
	for lag := maxLag; lag >= 0; lag-- {
		a.fade[lag] /= a.fade[0]
	}
	return a
}

// listen analyses fftSize samples.
func (a *analyser) listen(x []float32) sound {
	for i, v := range x[:fftSize] {
		a.in[i] = float64(v * a.hann[i])
	}
	a.run()
	var s sound
	s.pitch, s.lag = a.pitch()
	s.tones, s.peak = a.tones()
	return s
}

// pitch transforms the band's amplitudes back into something like the
// autocorrelation and looks for its highest peak among a voice's lags. Amplitudes,
// where autocorrelation proper has powers, keep one formant or low-pitched noise
// from passing for a pitch, and hoarse or noisy voices lose little by it.
func (a *analyser) pitch() (float32, int) {
	var total float32
	for k := firstBin; k <= lastBin; k++ {
		re, im := real(a.out[k]), imag(a.out[k])
		square := re*re + im*im
		a.power[k] = float32(square)
		v := math.Sqrt(square)
		a.in[k], a.in[fftSize-k] = v, v
		total += float32(v)
	}
	clear(a.in[:firstBin])
	clear(a.in[lastBin+1 : fftSize-lastBin])
	clear(a.in[fftSize-firstBin+1:])
	if total == 0 {
		return 0, 0
	}
	a.run()
	best, at := float32(0), 0
	for lag := minLag; lag <= maxLag; lag++ {
		if v := float32(real(a.out[lag])) / a.fade[lag]; v > best {
			best, at = v, lag
		}
	}
	return best / (2 * total), at
}

// tones sums the two strongest peaks, each as wide as the window makes a pure tone.
func (a *analyser) tones() (share, hertz float32) {
	var total float32
	for k := firstBin; k <= lastBin; k++ {
		total += a.power[k]
	}
	if total == 0 {
		return 0, 0
	}
	first := a.strongest()
	hertz = a.centre(first)
	one := a.takePeak(first)
	second := a.strongest()
	other := a.centre(second)
	two := a.takePeak(second)
	if two > one/10 { // keys have two tones: always name the lower
		hertz = min(hertz, other)
	}
	return (one + two) / total, hertz
}

func (a *analyser) strongest() int {
	peak := firstBin
	for k := firstBin + 1; k <= lastBin; k++ {
		if a.power[k] > a.power[peak] {
			peak = k
		}
	}
	return peak
}

// centre finds a peak's frequency between bins, from its neighbours' weights.
func (a *analyser) centre(k int) float32 {
	lo, mid, hi := a.power[k-1], a.power[k], a.power[k+1]
	return binHertz * (float32(k) + (hi-lo)/(lo+mid+hi))
}

func (a *analyser) takePeak(k int) (sum float32) {
	for i := max(firstBin, k-2); i <= min(lastBin, k+2); i++ {
		sum += a.power[i]
		a.power[i] = 0
	}
	return sum
}
