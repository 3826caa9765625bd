package echo

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/dsp/fourier"
)

const (
	// scanSize is the transform in which a block of the customer's track is compared with
	// the agent's at all delays.
	scanSize  = 8192
	scanBlock = scanSize - (latest - earliest)
	// enoughBlocks are 5 s: more would tell nothing new.
	enoughBlocks = 8
	// leastPeak is how far, in standard deviations of all delays, the likeliest delay must
	// stand out.
	leastPeak = 5
	// lowest and highest bound the band that a telephone carries, in hertz.
	lowest, highest = 300, 3400
)

// scanner holds what the transforms of one Finder need.
type scanner struct {
	wide, short  *fourier.FFT
	seq          []float64
	agent, cross []complex128
	sum          []complex128
	correlation  []float64
	window       []float64
}

func newScanner() *scanner {
	s := &scanner{
		wide: fourier.NewFFT(scanSize), short: fourier.NewFFT(frameSize),
		seq: make([]float64, scanSize), correlation: make([]float64, scanSize),
		agent: make([]complex128, scanSize/2+1), cross: make([]complex128, scanSize/2+1),
		sum:    make([]complex128, scanSize/2+1),
		window: make([]float64, frameSize),
	}
	for i := range s.window {
		s.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/frameSize)
	}
	return s
}

// delay is the likeliest by which the customer's track follows the agent's, in samples, and
// whether it stands out.
func (s *scanner) delay(p pair) (delay int, found bool) {
	clear(s.sum)
	compared := 0
	for at := 0; at < len(p.customer) && compared < enoughBlocks; at += scanBlock {
		if block := p.customer[at:min(len(p.customer), at+scanBlock)]; s.compare(p, block, at) {
			compared++
		}
	}
	s.wide.Sequence(s.correlation, s.sum)
	lags := latest - earliest
	best, energy := 0, 0.0
	for lag, v := range s.correlation[:lags] {
		energy += v * v
		if v > s.correlation[best] {
			best = lag
		}
	}
	// The agent's block begins latest before the customer's, so a lag counts backwards.
	deviation := math.Sqrt(energy / float64(lags))
	return latest - best, s.correlation[best] > leastPeak*deviation
}

// compare adds the whitened cross-spectrum of the block that begins at at, where the agent
// speaks.
func (s *scanner) compare(p pair, block []float64, at int) bool {
	if !p.speaks(at, len(block)+latest-earliest) {
		return false
	}
	s.load(p.agent[at:min(len(p.agent), at+len(block)+latest-earliest)])
	s.wide.Coefficients(s.agent, s.seq)
	s.load(block)
	s.wide.Coefficients(s.cross, s.seq)
	weight := math.Sqrt(float64(len(block)) / scanBlock)
	for k := lowest * scanSize / rate; k < highest*scanSize/rate; k++ {
		v := s.agent[k] * cmplx.Conj(s.cross[k])
		if size := math.Hypot(real(v), imag(v)); size > 0 {
			s.sum[k] += scaled(v, weight/size)
		}
	}
	return true
}

func (s *scanner) load(x []float64) { clear(s.seq[copy(s.seq, x):]) }

// spectrum transforms the frame of x that begins at at, of which parts beyond x are silence,
// and puts what is in the telephone's band into bins.
func (s *scanner) spectrum(into *[bins]complex128, x []float64, at int) {
	for i, w := range s.window {
		if k := at + i; k >= 0 && k < len(x) {
			s.seq[i] = w * x[k]
		} else {
			s.seq[i] = 0
		}
	}
	all := s.short.Coefficients(s.cross[:frameSize/2+1], s.seq[:frameSize])
	for k := range into {
		into[k] = all[firstBin+k*binStep]
	}
}
