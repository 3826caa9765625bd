package audio

import "math"

// What it takes to say that channels are one sound.
const (
	provenFrames = 16   // loud frames that are one sound at one delay: 1 s
	apartFrames  = 16   // loud frames in stretches that are not: two people talked
	mixFrames    = 32   // loud frames of a mix in which only the other side is heard: 2 s
	mixTurns     = 3    // how often the talk has passed: what is on both once is no mix
	stillFrames  = 8    // quiet frames that tell of the noise: 0.5 s
	mostly       = 0.8  // of frames
	partly       = 0.25 // of frames
)

// finding is what the comparison of two channels has come to.
//
// An echo of 6 dB at no delay on the track of a customer who says nothing, on a line without
// any noise, is taken for the same sound; no line gives one.
type finding struct {
	// same is fake stereo: both channels carry one sound.
	same bool
	// mixed is the channel that carries what is on the other one besides its own side,
	// "" where none does.
	mixed Channel
	// gainDB and lagMillis are the right channel's level and delay against the left.
	gainDB, lagMillis float64
}

func (l *likeness) finding() finding {
	lag, _ := l.locked()
	if l.lags[lag] < provenFrames || float64(l.near(lag)) < mostly*float64(l.all()) {
		return finding{}
	}
	f := finding{gainDB: l.gain / float64(l.same),
		lagMillis: float64(lag-l.reach) * frameMillis / float64(l.frame)}
	level := math.Abs(f.gainDB)
	equal := level <= nearlyDB
	halved := level <= halfDB+1 && math.Abs(f.lagMillis) <= noEchoMillis
	switch {
	case !equal && !halved:
	case l.together():
		f.same = equal || !l.ownNoises()
	case equal, level >= halfDB-1:
		f.mixed = l.mixed()
	}
	return f
}

// all counts the frames that are one sound at any delay, near those at about this one.
func (l *likeness) all() (n int) {
	for _, k := range l.lags {
		n += k
	}
	return n
}

func (l *likeness) near(lag int) (n int) {
	for _, k := range l.lags[max(0, lag-1):min(len(l.lags), lag+2)] {
		n += k
	}
	return n
}

// together tells that hardly any loud stretch is heard on one channel only.
func (l *likeness) together() bool {
	return l.apart.total < apartFrames && 10*l.apart.total <= l.loud &&
		float64(l.same) >= mostly*float64(l.loud)
}

// ownNoises tells that each channel has a noise of its own, as two lines have.
func (l *likeness) ownNoises() bool {
	return l.still >= stillFrames && l.quiet < ownNoise*float64(l.still)
}

// mixed finds the channel that has all of the other's sound, and more.
func (l *likeness) mixed() Channel {
	for c, name := range []Channel{Left, Right} {
		mix, clean := l.side[c], l.side[1-c]
		if mix.alone.total >= mixFrames && mix.turns >= mixTurns &&
			clean.alone.total <= int(partly*float64(clean.loud)) &&
			float64(clean.same) >= (1-partly)*float64(clean.loud) {
			return name
		}
	}
	return ""
}
