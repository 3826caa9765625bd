package asr

import (
	"math"
	"time"

	"github.com/refrain-asr/refrain/asr/vad"
)

// Sound is what is to be heard on a track from the answer on, whatever the words. Levels
// are decibels below full scale, negative numbers, Quietest for none.
type Sound struct {
	Length time.Duration `json:"length"`
	// Peak is the level that a tenth of a second, taken together, is louder than: clicks
	// don't count.
	Peak float64 `json:"peak"`
	// Loud is the share of the time, 0..1, that is louder than LoudLevel.
	Loud float64 `json:"loud"`
	// Talk is for how long somebody speaks, and TalkLevel how loudly.
	Talk      time.Duration `json:"talk"`
	TalkLevel float64       `json:"talk_level"`
	// Talks are when the agent speaks, which is not kept; none on the customer's side.
	Talks []Span `json:"-"`
}

// Sounds is what is to be heard on both sides of a recording.
type Sounds struct {
	Customer Sound `json:"customer"`
	// Agent is nil where the file has the customer's side alone.
	Agent *Sound `json:"agent,omitempty"`
	// Aside is what the customer says while the agent is silent, also where it is too
	// quiet for an utterance: the agent's echo is not in it.
	Aside Sound `json:"aside"`
}

// The levels by which Sound is measured.
const (
	// Quietest stands for digital silence.
	Quietest = -100
	// LoudLevel is above what lines, rooms and comfort noise do without anybody speaking.
	LoudLevel = -30
	// DeadLevel is 3 dB above the idle noise of A-law, the coarsest way to write nothing: lines on
	// which nobody speaks have more.
	DeadLevel = -69
	// whisperFloor is from where on a voice is looked for that is too quiet to be heard.
	whisperFloor = -90
)

const (
	// soundFrame is a period of mains hum.
	soundFrame = SampleRate / 50
	// peakFrames is how many frames are louder than a track's Peak.
	peakFrames = 5
	// echoReach is for how long after the agent has spoken it may still echo.
	echoReach = 400 * time.Millisecond
)

// loudness counts frames of 20 ms by their level, in decibels, around their mean: some
// recorders add a constant.
type loudness struct {
	bins   [-Quietest + 1]int
	frames int
	rest   []float32
}

func (l *loudness) push(samples []float32) {
	l.rest = append(l.rest, samples...)
	at := 0
	for ; at+soundFrame <= len(l.rest); at += soundFrame {
		l.frame(l.rest[at : at+soundFrame])
	}
	l.rest = append(l.rest[:0], l.rest[at:]...)
}

func (l *loudness) frame(x []float32) {
	sum, squares := 0.0, 0.0
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	mean := sum / soundFrame
	level := decibels(squares/soundFrame - mean*mean)
	l.bins[int(max(Quietest, min(0, level)))-Quietest]++
	l.frames++
}

// sound is what was counted so far.
func (l *loudness) sound() Sound {
	s := Sound{Length: time.Duration(l.frames) * time.Second / 50, Peak: Quietest,
		TalkLevel: Quietest}
	above := 0
	for i := len(l.bins) - 1; i >= 0; i-- {
		above += l.bins[i]
		if above > peakFrames && s.Peak == Quietest {
			s.Peak = float64(i + Quietest)
		}
		if i+Quietest == LoudLevel && l.frames > 0 {
			s.Loud = float64(above) / float64(l.frames)
		}
	}
	return s
}

func decibels(meanSquare float64) float64 {
	if meanSquare < 1e-10 {
		return Quietest
	}
	return 10 * math.Log10(meanSquare)
}

// talk is an utterance as far as its loudness goes.
type talk struct {
	Span
	level float64
}

// listener measures one track.
type listener struct {
	loudness
	voice *vad.Detector
	talks []talk
}

func newListener(floor float64) *listener {
	p := vad.DefaultParams()
	p.Floor = floor
	return &listener{voice: vad.New(p)}
}

func (l *listener) push(samples []float32) {
	l.loudness.push(samples)
	l.take(l.voice.Push(samples))
}

func (l *listener) take(found []vad.Utterance) {
	for _, u := range found {
		span := Span{Start: u.Start, End: u.End}
		from := int((u.Start - u.From) * SampleRate / time.Second)
		to := from + int(span.Duration()*SampleRate/time.Second)
		var squares float64
		spoken := u.Samples[min(from, len(u.Samples)):min(to, len(u.Samples))]
		for _, v := range spoken {
			squares += float64(v) * float64(v)
		}
		l.talks = append(l.talks, talk{span, decibels(squares / float64(max(1, len(spoken))))})
	}
}

// talked sums talks up that are at least as loud as floor and for which keep holds.
func talked(s Sound, talks []talk, floor float64, keep func(Span) bool) Sound {
	energy := 0.0
	s.Talk, s.TalkLevel = 0, Quietest
	for _, t := range talks {
		if t.level < floor || !keep(t.Span) {
			continue
		}
		s.Talk += t.Duration()
		energy += math.Pow(10, t.level/10) * t.Duration().Seconds()
	}
	if s.Talk > 0 {
		s.TalkLevel = decibels(energy / s.Talk.Seconds())
	}
	return s
}

func always(Span) bool { return true }

// ears listen to both sides of a recording at once.
type ears struct {
	skip            int // samples before the answer
	customer, agent *listener
}

func newEars(answered time.Duration, both bool) *ears {
	e := &ears{skip: int(answered.Seconds() * SampleRate), customer: newListener(whisperFloor)}
	if both {
		e.agent = newListener(vad.DefaultParams().Floor)
	}
	return e
}

// push takes the same stretch of both sides; agent is nil where there is none.
func (e *ears) push(customer, agent []float32) {
	before := min(e.skip, len(customer))
	e.skip -= before
	e.customer.push(customer[before:])
	if e.agent != nil {
		e.agent.push(agent[before:])
	}
}

// sounds ends the listening.
func (e *ears) sounds() Sounds {
	var speaks []talk
	s := Sounds{Customer: e.customer.sound()}
	e.customer.take(e.customer.voice.Flush())
	if e.agent != nil {
		e.agent.take(e.agent.voice.Flush())
		speaks = e.agent.talks
		agent := talked(e.agent.sound(), speaks, Quietest, always)
		for _, t := range speaks {
			agent.Talks = append(agent.Talks, t.Span)
		}
		s.Agent = &agent
	}
	s.Aside = talked(s.Customer, e.customer.talks, Quietest, func(t Span) bool {
		return overlap(t, speaks) < t.Duration()/2
	})
	s.Customer = talked(s.Customer, e.customer.talks, vad.DefaultParams().Floor, always)
	return s
}

// overlap is for how long of a span the agent speaks or echoes.
func overlap(s Span, speaks []talk) (sum time.Duration) {
	for _, t := range speaks {
		sum += max(0, min(s.End, t.End+echoReach)-max(s.Start, t.Start))
	}
	return sum
}
