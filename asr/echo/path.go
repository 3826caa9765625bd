package echo

import "math"

const (
	frameSize = 1024 // 128 ms at rate
	hop       = frameSize / 2
	firstBin  = lowest * frameSize / rate
	lastBin   = highest * frameSize / rate
	// binStep leaves out every other bin: the window makes neighbours much alike.
	binStep = 2
	bins    = (lastBin - firstBin + binStep - 1) / binStep
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
	sums  spectra
}

// spectra are of one frame of both tracks, or of many, by bin.
type spectra [bins]moments

// moments are the powers of the agent's frame, delayed, and of the one a hop before, of which
// a room still sounds; how they go together, and how each goes with the customer's.
type moments struct {
	power, before        float64
	both, cross, crossed complex128
}

// add counts a frame, or many, with a weight.
func (s *spectra) add(o *spectra, weight float64) {
	for k := range s {
		m, n := &s[k], &o[k]
		m.power += weight * n.power
		m.before += weight * n.before
		m.both += scaled(n.both, weight)
		m.cross += scaled(n.cross, weight)
		m.crossed += scaled(n.crossed, weight)
	}
}

// guess is what comes of the agent's x, and of what was before it, by least squares.
func (m *moments) guess(x, before complex128) complex128 {
	a, d := m.power+doubt, m.before+doubt
	now := scaled(m.cross, d) - conjTimes(m.both, m.crossed)
	still := scaled(m.crossed, a) - m.both*m.cross
	return scaled(now*x+still*before, 1/(a*d-square(m.both)))
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

// sound is a frame of both tracks, the agent's delayed.
type sound struct {
	agent, before, customer [bins]complex128
	spectra
	weight float64
}

// attempt goes by all frames but the one that is asked about and its neighbours, and by what
// was learned before: so nothing is explained by chance. Frames weigh by how little of them
// the first time left, so that those in which the customer speaks hardly count.
func (p *path) attempt(s *scanner, pr pair) attempt {
	list := p.sounds(s, pr)
	a := attempt{path: newPath(p.delay), frames: framesOf(list)}
	for range 2 {
		total := &a.path.sums
		*total = spectra{}
		total.add(&p.sums, forget)
		for i := range list {
			list[i].weight = 1 / (a.frames[i].rest/bins + silence)
			total.add(&list[i].spectra, list[i].weight)
		}
		for i := range list {
			a.frames[i].rest = a.path.rest(list, i)
		}
	}
	return a
}

func (p *path) sounds(s *scanner, pr pair) []sound {
	list := make([]sound, 0, len(pr.customer)/hop+2)
	for at := -hop; at < len(pr.customer); at += hop {
		list = append(list, sound{})
		f := &list[len(list)-1]
		if from := at + latest - p.delay; pr.speaks(from, frameSize) {
			s.spectrum(&f.agent, pr.agent, from)
		}
		s.spectrum(&f.customer, pr.customer, at)
		if n := len(list) - 2; n >= 0 {
			f.before = list[n].agent
		}
		for k, x := range &f.agent {
			b, y := f.before[k], f.customer[k]
			f.spectra[k] = moments{square(x), square(b), conjTimes(b, x), conjTimes(x, y),
				conjTimes(b, y)}
		}
	}
	return list
}

// rest is the energy of frame i that the way leaves, as learned without it; all of it where
// the way would be an amplifier: then it is the customer's voice that leaks into the agent's
// track.
func (p *path) rest(list []sound, i int) float64 {
	others := p.sums
	for n := max(0, i-1); n < min(len(list), i+2); n++ {
		others.add(&list[n].spectra, -list[n].weight)
	}
	left, all, sent, echo := 0.0, 0.0, 0.0, 0.0
	for k, y := range &list[i].customer {
		guess := others[k].guess(list[i].agent[k], list[i].before[k])
		left += square(y - guess)
		all += square(y)
		sent += list[i].spectra[k].power + list[i].spectra[k].before
		echo += square(guess)
	}
	if echo > sent {
		return all
	}
	return left
}

func scaled(v complex128, by float64) complex128 { return complex(by*real(v), by*imag(v)) }

// conjTimes is b times the conjugate of a.
func conjTimes(a, b complex128) complex128 {
	return complex(real(a)*real(b)+imag(a)*imag(b), real(a)*imag(b)-imag(a)*real(b))
}

func square(v complex128) float64 { return real(v)*real(v) + imag(v)*imag(v) }

// frame is what is known of 128 ms of the customer's track: its energy, what of it the agent
// does not explain, and how much is the line's noise.
type frame struct{ energy, rest, noise float64 }

// framesOf knows of the energy alone. The quietest frame tells the noise, the first and the
// last, which reach beyond the stretch, left out.
func framesOf(list []sound) []frame {
	frames := make([]frame, len(list))
	noise := math.Inf(1)
	for i := range list {
		for _, v := range &list[i].customer {
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
