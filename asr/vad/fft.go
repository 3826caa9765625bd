package vad

import "gonum.org/v1/gonum/dsp/fourier"

const (
	fftSize = 256 // 32 ms at narrowRate: two periods of the lowest pitch and more
	half    = fftSize / 2
)

// transform is a Fourier transform of fftSize real values, with its buffers.
type transform struct {
	fft *fourier.FFT
	in  [fftSize]float64
	out [half + 1]complex128
}

func newTransform() *transform { return &transform{fft: fourier.NewFFT(fftSize)} }

// run fills out, 0 Hz up to half the rate, from in.
func (t *transform) run() { t.fft.Coefficients(t.out[:], t.in[:]) }
