package audio

import "math"

// How channels are compared. Two people don't make the same sound: where the loud parts of
// both channels are one sound, shifted by a delay and changed in level at most, both
// channels were made of one. An echo of one side on the other is the same sound, too, but
// well quieter, on a track with a noise of its own.
const (
	compareRate   = 8000 // hertz, about
	frameMillis   = 64   // what is compared at once
	lagMillis     = 20   // the longest delay between the channels that is looked for
	noEchoMillis  = 1    // a delay with which no echo comes back
	alikeFrom     = 0.95 // correlation of frames that are one sound
	coarseFrom    = 0.7  // the same for poor codecs, at the delay that many frames have
	toneFrom      = 0.97 // share of it at another delay, from which a frame proves nothing
	loudFloor     = 3e-6 // mean square, -55 dBFS: nothing quieter is compared
	loudRange     = 1e-3 // of the loudest frame, -30 dB
	quietFloor    = 3e-8 // -75 dBFS, the least noise that tells two tracks apart
	nearlyDB      = 3.5  // levels that differ less are equal
	halfDB        = 6    // about what a side loses that is averaged with the other
	farther       = 9    // ratio of powers, 9.5 dB: what differs more is an echo
	ownNoise      = 0.9  // mean correlation of quiet frames, below which each has its own
	stretchFrames = 4    // loud frames in a row that make a stretch
	lockFrames    = 16   // frames at one delay, after which it is tried first
	searchFrames  = 500  // frames in which any delay is looked for: 32 s
	searchEvery   = 8    // and then one of so many
)

// likeness compares the two channels of a recording as it goes by.
type likeness struct {
	thin  [2]thinner
	wave  [2][]float32 // what is being compared: a frame, and the longest lag on both sides
	frame int          // samples of a frame
	reach int          // samples of the longest lag
	peak  float64      // mean square of the loudest frame so far
	lags  []int        // frames that are one sound, by their delay
	tries []float64    // correlation by delay, of one frame
	seen  int          // frames
	hunts int          // frames in which any delay was looked for
	side  [2]sideLikeness
	apart stretch // loud frames that are not one sound
	loud  int     // frames that were compared
	same  int     // and are one sound
	gain  float64 // sum of those frames' gains in dB, right over left
	quiet float64 // sum of the quiet frames' correlations, at the delay found so far
	still int     // those frames
}

// sideLikeness is how much of one channel is found in the other.
type sideLikeness struct {
	loud, same int     // frames
	alone      stretch // only here
	turns      int     // from there to both
}

// stretch counts frames in rows of stretchFrames and more.
type stretch struct{ run, total int }

func (s *stretch) add(is bool) {
	if !is {
		s.run = 0
		return
	}
	switch s.run++; {
	case s.run == stretchFrames:
		s.total += stretchFrames
	case s.run > stretchFrames:
		s.total++
	}
}

// cross is what the correlation of two signals takes.
type cross struct{ xy, xx, yy float64 }

func (c cross) correlation() float64 {
	if c.xx == 0 || c.yy == 0 {
		return 0
	}
	return c.xy / math.Sqrt(c.xx*c.yy)
}

func newLikeness(rate int) *likeness {
	step := max(1, (rate+compareRate/2)/compareRate)
	rate /= step
	l := &likeness{frame: rate * frameMillis / 1000, reach: rate * lagMillis / 1000}
	l.lags, l.tries = make([]int, 2*l.reach+1), make([]float64, 2*l.reach+1)
	for c := range l.wave {
		l.thin[c].step = step
		l.wave[c] = make([]float32, l.reach, 2*(l.frame+2*l.reach))
	}
	return l
}

// add takes the next samples of both channels, as many of each.
func (l *likeness) add(left, right []float32) {
	const most = 1024 // so that wave stays short
	for len(left) > 0 {
		n := min(most, len(left))
		l.wave[0] = l.thin[0].append(l.wave[0], left[:n])
		l.wave[1] = l.thin[1].append(l.wave[1], right[:n])
		left, right = left[n:], right[n:]
		for len(l.wave[0]) >= l.frame+2*l.reach {
			l.compare()
			for c, w := range l.wave {
				l.wave[c] = w[:copy(w, w[l.frame:])]
			}
		}
	}
}

// compare looks at one frame.
func (l *likeness) compare() {
	here := [2][]float32{l.wave[0][l.reach:][:l.frame], l.wave[1][l.reach:][:l.frame]}
	power := [2]float64{dot(here[0], here[0]), dot(here[1], here[1])}
	l.seen++
	n := float64(l.frame)
	l.peak = max(l.peak, power[0]/n, power[1]/n)
	least := n * max(loudFloor, loudRange*l.peak)
	switch {
	case power[0] < least && power[1] < least:
		l.addQuiet(here[0], power)
	case power[0] > farther*power[1]:
		l.note([2]float64{power[0], 0}, least, false) // nothing is told by what is drowned
	case power[1] > farther*power[0]:
		l.note([2]float64{0, power[1]}, least, false)
	default:
		same, known := l.oneSound(here[0], power)
		if known {
			l.note(power, least, same)
		}
	}
}

// note counts a loud frame that is one sound, or is not.
func (l *likeness) note(power [2]float64, least float64, same bool) {
	l.loud++
	l.apart.add(!same)
	if same {
		l.same++
		l.gain += decibels(power[1] / power[0])
	}
	for c := range l.side {
		if power[c] >= least || same {
			l.side[c].note(same)
		}
	}
}

func (s *sideLikeness) note(same bool) {
	s.loud++
	if same {
		s.same++
	}
	turned := s.alone.run >= stretchFrames
	s.alone.add(!same)
	if turned && same {
		s.turns++
	}
}

// oneSound tells whether a frame of the left channel is in the right one. Known is false
// where that is in doubt, and for a tone, which is like itself at many delays and like any
// other of its pitch.
func (l *likeness) oneSound(left []float32, power [2]float64) (same, known bool) {
	if lag, ok := l.locked(); ok && l.at(lag, left, power[0]) >= coarseFrom {
		l.lags[lag]++
		return true, true
	}
	if l.hunts > searchFrames+l.seen/searchEvery {
		return false, false
	}
	best := l.search(left, power[0])
	switch r := interpolated(l.tries, best); {
	case r < coarseFrom:
		return false, true
	case r < alikeFrom, l.again(best) >= toneFrom*l.tries[best]:
		return false, false
	}
	l.lags[best]++
	return true, true
}

// search tries a frame at all delays, and gives the best.
func (l *likeness) search(left []float32, power float64) (best int) {
	l.hunts++
	right := l.wave[1]
	there := dot(right[:l.frame], right[:l.frame])
	for lag := range l.tries {
		here := right[lag:][:l.frame]
		c := cross{dot(left, here), power, max(there, 0)}
		l.tries[lag] = min(1, math.Abs(c.correlation()))
		if l.tries[lag] > l.tries[best] {
			best = lag
		}
		if lag+1 < len(l.tries) {
			out, in := float64(here[0]), float64(right[lag+l.frame])
			there += in*in - out*out
		}
	}
	return best
}

// at is how much, 0..1, the left frame is like the right channel at a lag; the sign of the
// sound does not matter.
func (l *likeness) at(lag int, left []float32, power float64) float64 {
	right := l.wave[1][lag:][:l.frame]
	return math.Abs(cross{dot(left, right), power, dot(right, right)}.correlation())
}

// again is the correlation at the best of the delays that lie beyond a dip.
func (l *likeness) again(best int) float64 {
	const dip = 0.5
	most := 0.0
	for _, step := range []int{-1, 1} {
		dipped := false
		for lag := best; lag >= 0 && lag < len(l.tries); lag += step {
			dipped = dipped || l.tries[lag] < dip
			if dipped {
				most = max(most, l.tries[lag])
			}
		}
	}
	return most
}

// locked is the delay at which most was found, once that is much.
func (l *likeness) locked() (lag int, ok bool) {
	for i, n := range l.lags {
		if n > l.lags[lag] {
			lag = i
		}
	}
	return lag, l.lags[lag] >= lockFrames
}

// addQuiet compares the noise of both channels at the delay that the loud parts had.
func (l *likeness) addQuiet(left []float32, power [2]float64) {
	lag, ok := l.locked()
	if !ok || max(power[0], power[1]) < quietFloor*float64(l.frame) {
		return
	}
	l.quiet += l.at(lag, left, power[0])
	l.still++
}

// interpolated is the height of a peak that lies between samples.
func interpolated(v []float64, at int) float64 {
	if at == 0 || at == len(v)-1 {
		return v[at]
	}
	a, b, c := v[at-1], v[at], v[at+1]
	bend := a - 2*b + c
	if bend >= 0 {
		return b
	}
	return b - (a-c)*(a-c)/(8*bend)
}

func decibels(ratio float64) float64 { return 10 * math.Log10(ratio) }

// dot is the scalar product of two signals of equal length.
func dot(a, b []float32) float64 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return float64(s0) + float64(s1) + float64(s2) + float64(s3)
}

// thinner takes out a constant offset and brings samples to a lower rate. What folds over
// does so alike on both channels.
type thinner struct {
	step, have int
	sum, mean  float32
}

func (t *thinner) append(dst, src []float32) []float32 {
	const slow = 0.01 // of the mean, for each sample: 13 Hz
	for _, v := range src {
		t.sum += v
		if t.have++; t.have < t.step {
			continue
		}
		v = t.sum / float32(t.step)
		t.sum, t.have = 0, 0
		t.mean += slow * (v - t.mean)
		dst = append(dst, v-t.mean)
	}
	return dst
}
