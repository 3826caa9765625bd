package vad

import (
	"math"
	"math/bits"
)

const (
	fftSize = 256 // 32 ms at narrowRate: two periods of the lowest pitch and more
	half    = fftSize / 2
)

// Tables of the transform: roots of unity and the order of inputs.
var (
	rootsRe, rootsIm = makeRoots()
	reversed         = makeReversed()
)

func makeRoots() (re, im [half]float32) {
	for i := range re {
		s, c := math.Sincos(-2 * math.Pi * float64(i) / fftSize)
		re[i], im[i] = float32(c), float32(s)
	}
	return re, im
}

func makeReversed() (r [half]uint8) {
	for i := range r {
		r[i] = bits.Reverse8(uint8(i)) >> 1
	}
	return r
}

// spectrum is the first half of a transform, 0 Hz up to half the rate.
type spectrum struct{ re, im [half + 1]float32 }

// realFFT transforms fftSize real samples. They go as pairs through a complex
// transform of half the size, whose outcome is then taken apart.
func realFFT(x *[fftSize]float32, out *spectrum) {
	var re, im [half]float32
	for i, j := range reversed {
		re[j&(half-1)], im[j&(half-1)] = x[2*i], x[2*i+1]
	}
	transform(&re, &im)
	out.re[0], out.im[0] = re[0]+im[0], 0
	out.re[half], out.im[half] = re[0]-im[0], 0
	for k := 1; k < half; k++ {
		m := half - k
		evenRe, evenIm := re[k]+re[m], im[k]-im[m]
		oddRe, oddIm := im[k]+im[m], re[m]-re[k]
		out.re[k] = 0.5 * (evenRe + rootsRe[k]*oddRe - rootsIm[k]*oddIm)
		out.im[k] = 0.5 * (evenIm + rootsRe[k]*oddIm + rootsIm[k]*oddRe)
	}
}

// transform is the complex transform in place, of inputs in reversed order.
func transform(re, im *[half]float32) {
	for i := 0; i < half; i += 2 {
		re[i], re[i+1] = re[i]+re[i+1], re[i]-re[i+1]
		im[i], im[i+1] = im[i]+im[i+1], im[i]-im[i+1]
	}
	for size := 4; size <= half; size *= 2 {
		step, h := fftSize/size, size/2
		for at := 0; at < half; at += size {
			butterflies(re[at:at+h], im[at:at+h], re[at+h:at+size], im[at+h:at+size], step)
		}
	}
}

func butterflies(loRe, loIm, hiRe, hiIm []float32, step int) {
	n := len(loRe)
	loIm, hiRe, hiIm = loIm[:n], hiRe[:n], hiIm[:n]
	for k := range n {
		wRe, wIm := rootsRe[(k*step)&(half-1)], rootsIm[(k*step)&(half-1)]
		tRe, tIm := wRe*hiRe[k]-wIm*hiIm[k], wRe*hiIm[k]+wIm*hiRe[k]
		hiRe[k], hiIm[k] = loRe[k]-tRe, loIm[k]-tIm
		loRe[k] += tRe
		loIm[k] += tIm
	}
}
