package asr

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr/vad"
)

// VoiceFinder tells where in a sound somebody speaks. Implementations are safe for concurrent
// use, and take a small part of the time that a Transcriber does.
type VoiceFinder interface {
	// Voices gives how likely (0..1) it is that somebody speaks, a value for each VoiceStep
	// of the window from its start on. Context is not used; errors are a Transcriber's.
	Voices(ctx context.Context, w Window) ([]float32, error)
	// VoicesName names what tells it, with its version.
	VoicesName() string
}

// VoiceStep is the stretch of time that a value of Voices stands for.
const VoiceStep = 32 * time.Millisecond

// The bounds by which sounds count as speech. They were set where 178 single words from 0.25
// to 0.8 s, clean, faint, by telephone and in noise 20 and 10 dB below, are all kept.
const (
	// A sound up to word long is kept where any value reaches wordVoice: a detector that
	// knows its surroundings by then barely notices a clipped 滚 in digital silence.
	word      = time.Second
	wordVoice = 0.07
	// Of longer ones is kept what lies within voiceReach of where the mean of voiceSteps
	// values reaches longVoice.
	longVoice  = 0.5
	voiceSteps = 3
	voiceReach = 500 * time.Millisecond
)

// defaultVAD finds what the VoiceFinder then judges, or all by itself where that is nil.
func defaultVAD(f VoiceFinder) vad.Params {
	if f != nil {
		return vad.AnySoundParams()
	}
	return vad.DefaultParams()
}

// voicesRevision goes up when equal values begin to keep other parts.
const voicesRevision = 1

// vadName names all that tells where somebody speaks.
func vadName(f VoiceFinder, p vad.Params) string {
	if f != nil {
		return fmt.Sprintf("%s, %s/%d", p, f.VoicesName(), voicesRevision)
	}
	return p.String()
}

// voices are what tells speech from other sounds on a track; nil tells nothing.
type voices struct {
	finder VoiceFinder
	alone  bool
	others []Span // of sound that was no voice
}

// voicesBy are those that f tells, nil where it is.
func voicesBy(f VoiceFinder, alone bool) *voices {
	if f == nil {
		return nil
	}
	return &voices{finder: f, alone: alone, others: []Span{}}
}

// spoken gives the parts of an utterance in which somebody speaks, none if nobody does.
func (v *voices) spoken(ctx context.Context, u vad.Utterance) ([]vad.Utterance, error) {
	if v == nil {
		return []vad.Utterance{u}, nil
	}
	values, err := v.finder.Voices(ctx, Window{Samples: levelled(u.Samples), Alone: v.alone})
	if err != nil {
		return nil, fmt.Errorf("voices at %v: %w", u.From, err)
	}
	var parts []vad.Utterance
	other := u.Start
	for _, s := range speech(u, values) {
		parts = append(parts, cut(u, s.Start, s.End))
		v.isOther(other, s.Start)
		other = s.End
	}
	v.isOther(other, u.End)
	return parts, nil
}

func (v *voices) isOther(start, end time.Duration) {
	if start < end {
		v.others = append(v.others, Span{Start: start, End: end})
	}
}

// speech is where in an utterance somebody speaks, by the values of Voices for its samples.
func speech(u vad.Utterance, values []float32) []Span {
	whole := Span{Start: u.Start, End: u.End}
	if whole.Duration() <= word {
		if len(values) > 0 && slices.Max(values) >= wordVoice {
			return []Span{whole}
		}
		return nil
	}
	var found []Span
	for i := range values {
		if meanAround(values, i) < longVoice {
			continue
		}
		at := u.From + time.Duration(i)*VoiceStep
		s := Span{Start: max(u.Start, at-voiceReach), End: min(u.End, at+VoiceStep+voiceReach)}
		switch last := len(found) - 1; {
		case s.Start >= s.End: // in the padding
		case last >= 0 && s.Start <= found[last].End:
			found[last].End = s.End
		default:
			found = append(found, s)
		}
	}
	return found
}

// meanAround is the mean of voiceSteps values around one.
func meanAround(values []float32, i int) float32 {
	var sum float32
	for _, v := range values[max(0, i-voiceSteps/2):min(len(values), i+voiceSteps/2+1)] {
		sum += v
	}
	return sum / voiceSteps
}

// What the detector is given is as loud as what it was trained with, and has a little noise:
// it takes faint speech for none, and digital silence around a word makes it doubt the word.
const (
	speechLevel = -15 // dB, of the loudest twentieth
	noiseBelow  = 25  // dB
)

// levelled is a sound at speechLevel with noise below it. Equal sounds give equal ones.
func levelled(samples []float32) []float32 {
	gain := float32(1)
	if top := loudest(samples); top > 0 {
		gain = float32(math.Sqrt(math.Pow(10, speechLevel/10.) / max(top, 1e-9)))
	}
	// of an even distribution with that power
	width := float32(math.Sqrt(12 * math.Pow(10, (speechLevel-noiseBelow)/10.)))
	out := make([]float32, len(samples))
	random := uint32(1)
	for i, v := range samples {
		random = random*1664525 + 1013904223
		noise := width * (float32(random>>8)/(1<<24) - 0.5)
		out[i] = max(-1, min(1, v*gain+noise))
	}
	return out
}

// loudest is the mean square that all but a twentieth of the frames of 10 ms stay below.
func loudest(samples []float32) float64 {
	const frame = SampleRate / 100
	squares := make([]float64, 0, len(samples)/frame)
	for f := range slices.Chunk(samples, frame) {
		sum := 0.0
		for _, v := range f {
			sum += float64(v) * float64(v)
		}
		squares = append(squares, sum/frame)
	}
	if len(squares) == 0 {
		return 0
	}
	slices.Sort(squares)
	return squares[len(squares)*95/100]
}
