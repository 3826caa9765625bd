package vad

import (
	"fmt"
	"time"
)

// SampleRate is that of the audio that is heard, in hertz.
const SampleRate = 16000

// revision goes up when equal parameters begin to find other utterances.
const revision = 1

// Params tunes a Detector. Times are in recording time.
type Params struct {
	// MinSpeech is the least loud time that makes an utterance. Default 100 ms: the
	// replies that matter (不用, 不要) last 250 to 500 ms, and detectors that ask for
	// 250 ms lose them.
	MinSpeech time.Duration
	// Pad is how much is added to each end of an utterance's samples, as far as the
	// recording and the neighbours allow. Default 300 ms; recognisers lose words that
	// are cut closer than 200 ms.
	Pad time.Duration
	// MergeGap is the longest pause within an utterance. Default 400 ms: the pause at
	// a comma is 200 to 300 ms, and looks longer where the word before fades.
	MergeGap time.Duration
	// MaxUtterance is the longest utterance with its padding; a longer one is cut at
	// its quietest place. Default 28 s, below Whisper's window of 30 s.
	MaxUtterance time.Duration
	// Rise is how far above the noise floor, in decibels, a run of loud frames must
	// get; Fall is how far above it frames must stay. Defaults 9 and 6.
	Rise, Fall float64
	// Floor is the level, in decibels below full scale (a negative number), under
	// which nothing is speech whatever the noise. Default -60: the idle noise of
	// A-law is 10 dB lower, a faint speaker 15 dB higher.
	Floor float64
	// AnySound has every loud run taken, with a voice or without, tones too: for who asks a
	// better judge of voices next.
	AnySound bool
}

// DefaultParams are for telephone calls.
func DefaultParams() Params {
	return Params{
		MinSpeech:    100 * time.Millisecond,
		Pad:          300 * time.Millisecond,
		MergeGap:     400 * time.Millisecond,
		MaxUtterance: 28 * time.Second,
		Rise:         9,
		Fall:         6,
		Floor:        -60,
	}
}

// AnySoundParams find all that may be a voice on telephone calls, and much that is none: they
// go 4 dB lower and ask for no pitch, which a 好 that is clipped, hoarse or hummed hasn't.
func AnySoundParams() Params {
	p := DefaultParams()
	p.MinSpeech = 60 * time.Millisecond
	p.Rise, p.Fall, p.Floor = 6, 4, -65
	p.AnySound = true
	return p
}

// Check reports whether a Detector can work with p.
func (p Params) Check() error {
	switch {
	case p.MinSpeech < frameTime || p.MinSpeech > time.Second:
		return fmt.Errorf("vad: minimum speech of %v: give 10ms to 1s", p.MinSpeech)
	case p.Pad < 0 || p.Pad > time.Second:
		return fmt.Errorf("vad: padding of %v: give 0s to 1s", p.Pad)
	case p.MergeGap < 0 || p.MergeGap > 5*time.Second:
		return fmt.Errorf("vad: merge gap of %v: give 0s to 5s", p.MergeGap)
	case p.MaxUtterance < 5*time.Second || p.MaxUtterance > 30*time.Second:
		return fmt.Errorf("vad: longest utterance of %v: give 5s to 30s", p.MaxUtterance)
	case !(p.Fall > 0 && p.Fall <= p.Rise && p.Rise <= 40):
		return fmt.Errorf("vad: rise of %g dB and fall of %g dB: give 0 < fall <= rise <= 40",
			p.Rise, p.Fall)
	case !(p.Floor >= -90 && p.Floor <= -20):
		return fmt.Errorf("vad: floor of %g dB: give -90 to -20", p.Floor)
	}
	return nil
}

// String names the detector and its parameters, so that equal strings mean equal
// utterances.
func (p Params) String() string {
	s := fmt.Sprintf("refrain-vad/%d min=%v pad=%v gap=%v max=%v rise=%g fall=%g floor=%g",
		revision, p.MinSpeech, p.Pad, p.MergeGap, p.MaxUtterance, p.Rise, p.Fall, p.Floor)
	if p.AnySound {
		s += " any-sound"
	}
	return s
}
