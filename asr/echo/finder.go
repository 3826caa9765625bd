package echo

import (
	"slices"
	"time"
)

// sampleRate is that of both tracks, in hertz.
const sampleRate = 16000

// rate is at which they are compared: a telephone has nothing above half of it.
const rate = sampleRate / 2

const (
	// earliest and latest bound the delay of an echo, in samples at rate: some recorders
	// keep the two sides a little apart.
	earliest = -20 * rate / 1000
	latest   = 320 * rate / 1000
	// remembered is how much of the agent's track is kept, in samples: utterances are
	// up to 30 s long and come some seconds late.
	remembered = 60 * sampleRate
	// faint is the mean square of 20 ms of an agent whose echo nobody could hear: it is at
	// least 6 dB fainter, and nothing is speech below -60 dB.
	faint = 2.5e-6
	block = 20 * sampleRate / 1000
)

// Finder finds the agent's echo in one recording. Make one with New, give it the
// agent's track with Agent, block by block, and ask about each utterance with Trace, in
// order. It is not safe for concurrent use.
type Finder struct {
	agent  []float32 // the track from sample base on
	base   int
	levels []float64 // its mean squares, by block

	scan *scanner
	path *path
}

// New makes a Finder.
func New() *Finder { return new(Finder) }

// Agent takes the next samples of the agent's track in.
func (f *Finder) Agent(samples []float32) {
	if over := (len(f.agent) - remembered) / block; over > remembered/block/4 {
		f.agent = append(f.agent[:0], f.agent[over*block:]...)
		f.levels = append(f.levels[:0], f.levels[over:]...)
		f.base += over * block
	}
	f.agent = append(f.agent, samples...)
	for at := len(f.levels) * block; at+block <= len(f.agent); at += block {
		f.levels = append(f.levels, meanSquare(f.agent[at:at+block]))
	}
}

// loud is the mean square from which on the agent speaks: ten times that which a tenth of
// what is remembered stays below.
func (f *Finder) loud() float64 {
	if len(f.levels) == 0 {
		return faint
	}
	levels := slices.Sorted(slices.Values(f.levels))
	return max(faint, 10*levels[len(levels)/10])
}

// Trace compares a stretch of the customer's track, which begins at from in the
// recording, with the agent's, of which it must not lie ahead.
func (f *Finder) Trace(from time.Duration, samples []float32) Trace {
	t := Trace{from: from}
	at := int(from * sampleRate / time.Second)
	x := f.around(at-2*latest, at+len(samples)-2*earliest)
	loud := f.loud()
	if silent(x, loud) {
		return t
	}
	if f.scan == nil {
		f.scan = newScanner()
	}
	t.frames = f.trace(pair{narrow(x), narrow(samples), loud})
	return t
}

// mostlyEcho is the share of a stretch from which on no other way is looked for.
const mostlyEcho = 0.6

// trace tries the way that the echo took so far, and where that explains little, the one that
// this stretch speaks for.
func (f *Finder) trace(p pair) []frame {
	best, share := attempt{}, 0.0
	if f.path != nil {
		best = f.path.attempt(f.scan, p)
		share = explained(best.frames)
	}
	if share < mostlyEcho {
		delay, found := f.scan.delay(p)
		if found && (f.path == nil || f.path.differs(delay)) {
			if other := newPath(delay).attempt(f.scan, p); explained(other.frames) > share {
				best = other
			}
		}
	}
	if best.path != nil {
		f.path = best.path
	}
	return best.frames
}

// around is the agent's track from sample first to last, silence where it isn't known.
func (f *Finder) around(first, last int) []float32 {
	x := make([]float32, last-first)
	if from := max(first, f.base); from < min(last, f.base+len(f.agent)) {
		copy(x[from-first:], f.agent[from-f.base:])
	}
	return x
}

// silent reports whether the agent speaks nowhere in x.
func silent(x []float32, loud float64) bool {
	for len(x) > 0 {
		n := min(len(x), block)
		if meanSquare(x[:n]) > loud {
			return false
		}
		x = x[n:]
	}
	return true
}

func meanSquare[T float32 | float64](x []T) float64 {
	sum := T(0)
	for _, v := range x {
		sum += v * v
	}
	return float64(sum) / float64(max(1, len(x)))
}
