package echo

import (
	"math"
	"math/cmplx"
)

const (
	frameSize = 1024 // 128 ms at rate
	hop       = frameSize / 2
	firstBin  = lowest * frameSize / rate
	lastBin   = highest * frameSize / rate
	bins      = lastBin - firstBin
	// doubt is 1 over the variance that a way's gain is expected to have: -15 dB.
	doubt = 30
	// silence is the energy of a bin, -75 dB, below which it makes no difference how little
	// is left.
	silence = 1e-5
	// forget is how much of what was learned is kept from one stretch to the next.
	forget = 0.7
	// sameDelay is how close, in samples, two delays count as one.
	sameDelay = 32
)

// path is a way from the agent to the customer's track: its delay, and what was learned of
// how it changes the sound.
type path struct {
	delay int
	bins  [bins]sums
}

func newPath(delay int) *path { return &path{delay: delay} }

// differs reports whether a delay is another than the path's.
func (p *path) differs(delay int) bool {
	return delay-p.delay > sameDelay || p.delay-delay > sameDelay
}

// attempt is what a path makes of a stretch, and the path with what it learned from it.
type attempt struct {
	path   *path
	frames []frame
}

// spectra are of a frame of both tracks, the agent's delayed; before is the agent's frame one
// hop earlier, of which a room still sounds.
type spectra struct {
	agent, before, customer []complex128
	weight                  float64
}

// attempt goes by all frames but the one that is asked about and its neighbours, and by what
// was learned before: so nothing is explained by chance. Frames weigh by how little of them
// the first time left, so that those in which the customer speaks hardly count.
func (p *path) attempt(s *scanner, pr pair) attempt {
	list := p.spectra(s, pr)
	a := attempt{path: newPath(p.delay), frames: framesOf(list)}
	for range 2 {
		for k := range a.path.bins {
			a.path.bins[k] = sums{}
			a.path.bins[k].add(&p.bins[k], forget)
		}
		for i := range list {
			list[i].weight = 1 / (a.frames[i].rest/bins + silence)
			for k := range a.path.bins {
				a.path.bins[k].count(&list[i], k, 1)
			}
		}
		for i := range list {
			a.frames[i].rest = a.path.rest(list, i)
		}
	}
	return a
}

func (p *path) spectra(s *scanner, pr pair) []spectra {
	var list []spectra
	at := -hop
	before := s.spectrum(pr.agent, at-hop+latest-p.delay)
	for ; at < len(pr.customer); at += hop {
		agent := s.spectrum(pr.agent, at+latest-p.delay)
		list = append(list, spectra{agent: agent, before: before,
			customer: s.spectrum(pr.customer, at)})
		before = agent
	}
	return list
}

// rest is the energy of frame i that the way leaves, as learned without it; all of it where
// the way would be an amplifier: then it is the customer's voice that leaks into the agent's
// track.
func (p *path) rest(list []spectra, i int) float64 {
	left, all, sent, echo := 0.0, 0.0, 0.0, 0.0
	f := &list[i]
	for k, y := range f.customer {
		others := p.bins[k]
		for n := max(0, i-1); n < min(len(list), i+2); n++ {
			others.count(&list[n], k, -1)
		}
		guess := others.guess(f.agent[k], f.before[k])
		left += square(y - guess)
		all += square(y)
		sent += square(f.agent[k]) + square(f.before[k])
		echo += square(guess)
	}
	if echo > sent {
		return all
	}
	return left
}

// sums are of one bin over frames: the powers of the agent's frame and of the one before,
// how they go together, and how each goes with the customer's.
type sums struct {
	power, before  float64
	both           complex128
	cross, crossed complex128
}

func (s *sums) add(o *sums, factor float64) {
	c := complex(factor, 0)
	s.power += factor * o.power
	s.before += factor * o.before
	s.both += c * o.both
	s.cross += c * o.cross
	s.crossed += c * o.crossed
}

// count counts bin k of a frame in, or out with a sign of -1.
func (s *sums) count(f *spectra, k int, sign float64) {
	w := sign * f.weight
	x, b, y := f.agent[k], f.before[k], f.customer[k]
	c := complex(w, 0)
	s.power += w * square(x)
	s.before += w * square(b)
	s.both += c * cmplx.Conj(b) * x
	s.cross += c * cmplx.Conj(x) * y
	s.crossed += c * cmplx.Conj(b) * y
}

// guess is what comes of the agent's x, and of what was before it, by least squares.
func (s *sums) guess(x, before complex128) complex128 {
	a, d := s.power+doubt, s.before+doubt
	scale := complex(1/(a*d-square(s.both)), 0)
	now := complex(d, 0)*s.cross - cmplx.Conj(s.both)*s.crossed
	still := complex(a, 0)*s.crossed - s.both*s.cross
	return scale * (now*x + still*before)
}

func square(v complex128) float64 { return real(v)*real(v) + imag(v)*imag(v) }

// frame is what is known of 128 ms of the customer's track: its energy, what of it the agent
// does not explain, and how much is the line's noise.
type frame struct{ energy, rest, noise float64 }

// framesOf knows of the energy alone. The quietest frame tells the noise, the first and the
// last, which reach beyond the stretch, left out.
func framesOf(list []spectra) []frame {
	frames := make([]frame, len(list))
	noise := math.Inf(1)
	for i, f := range list {
		for _, v := range f.customer {
			frames[i].energy += square(v)
		}
		frames[i].rest = frames[i].energy
		if i > 0 && i < len(list)-2 {
			noise = min(noise, frames[i].energy)
		}
	}
	for i := range frames {
		frames[i].noise = min(noise, frames[i].energy)
	}
	return frames
}

// likeness is the share (0..1) of the frame, without the noise, that the agent explains.
func (f frame) likeness() float64 {
	if f.energy <= f.noise {
		return 0
	}
	return max(0, min(1, (f.energy-f.rest)/(f.energy-f.noise)))
}

// explained is the share (0..1) of frames that the agent explains, each by its loudness.
func explained(frames []frame) float64 {
	sum, all := 0.0, 0.0
	for _, f := range frames {
		loudness := math.Sqrt(f.energy - f.noise)
		sum += loudness * f.likeness()
		all += loudness
	}
	return sum / max(all, math.SmallestNonzeroFloat64)
}
