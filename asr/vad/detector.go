package vad

import (
	"math"
	"time"
)

// Utterance is a stretch of a track in which somebody speaks. Times are in
// recording time, counted from the first sample pushed.
type Utterance struct {
	// Start and End bound the speech itself.
	Start, End time.Duration
	// From is when Samples begins: up to Params.Pad before Start. The padding of
	// neighbours may overlap, but never reaches into the other's speech.
	From    time.Duration
	Samples []float32
	// SNR is how far, in decibels, the speech lies above the noise floor, 0..60.
	SNR float64
}

// maxSNR stands for speech over digital silence.
const maxSNR = 60

// Detector finds the utterances on one track. Make one with New, Push the track
// through it, and Flush it. It is not safe for concurrent use.
type Detector struct {
	p         Params
	meter     *meter
	voice     *analyser
	floor     noiseFloor
	source    history[float32] // the track, by sample
	narrow    history[float32] // the same at narrowRate
	frames    history[frame]
	now       int // frame that is decided next, floorAhead behind the last one
	segmenter segmenter
	found     []Utterance
}

// frame is what is known of 10 ms.
type frame struct {
	level, floor float32 // decibels
	loud         bool
	voiced       bool
	// tone is the frequency of the tone that the frame is, 0 if it is none.
	tone float32
	lag  int16
}

// New makes a Detector. It panics if p doesn't pass Check.
func New(p Params) *Detector {
	if err := p.Check(); err != nil {
		panic(err)
	}
	d := &Detector{p: p, meter: newMeter(), voice: newAnalyser()}
	d.segmenter = newSegmenter(p, &d.frames)
	return d
}

// Push takes more of the track in and returns the utterances that became certain,
// in order. They come a few seconds late: the noise floor looks ahead.
func (d *Detector) Push(samples []float32) []Utterance {
	d.source.append(samples...)
	for d.source.end()-d.frames.end()*frameSize >= frameSize {
		d.measure()
		if d.frames.end() > floorAhead {
			d.decide()
		}
	}
	d.forget()
	return d.take()
}

// Flush ends the track and returns the utterances that remain. The Detector can't
// be used afterwards.
func (d *Detector) Flush() []Utterance {
	for d.now < d.frames.end() {
		d.decide()
	}
	d.emit(d.segmenter.finish())
	return d.take()
}

func (d *Detector) take() []Utterance {
	u := d.found
	d.found = nil
	return u
}

// measure makes the next frame from the samples.
func (d *Detector) measure() {
	at := d.frames.end() * frameSize
	var level float32
	d.narrow.items, level = d.meter.frame(d.narrow.items, d.source.slice(at, at+frameSize))
	d.frames.append(frame{level: level})
	d.floor.add(level)
}

// decide judges frame now.
func (d *Detector) decide() {
	if old := d.now - floorBehind; old >= 0 {
		d.floor.remove(d.frames.at(old).level)
	}
	f := d.frames.at(d.now)
	f.floor = d.floor.level()
	if f.level > max(f.floor+float32(d.p.Fall), float32(d.p.Floor)) {
		f.loud = true
		if !d.p.AnySound {
			d.listen(f)
		}
	}
	d.emit(d.segmenter.next(d.now))
	d.now++
}

const (
	// leastPitch is how well a waveform must repeat to be voiced. With it, one frame in
	// forty of brown noise passes, none of white noise, and of synthetic voices 10 dB
	// above brown noise 40 (low, croaking) to 80 % (high) of the loud frames.
	leastPitch = 0.28
	// leastTones is the share of the energy above the noise that a tone holds.
	leastTones = 0.9
)

// listen asks a loud frame for voice and tone. A voice's lag moves little from one
// frame to the next, chance's jumps.
func (d *Detector) listen(f *frame) {
	from := d.now*narrowSize + narrowSize/2 - half
	if from < 0 || from+fftSize > d.narrow.end() {
		return
	}
	s := d.voice.listen(d.narrow.slice(from, from+fftSize))
	f.lag = int16(s.lag)
	if d.now > 0 && s.pitch > leastPitch {
		before := float64(d.frames.at(d.now - 1).lag)
		f.voiced = math.Abs(float64(s.lag)-before) <= 0.1*float64(s.lag)
	}
	clean := 1 - float32(math.Pow(10, float64(f.floor-f.level)/10))
	if s.tones >= leastTones*clean {
		f.tone = s.peak
	}
}

// emit makes utterances of stretches.
func (d *Detector) emit(found []stretch) {
	for _, s := range found {
		from, to := max(0, s.from*frameSize), min(s.to*frameSize, d.source.end())
		d.found = append(d.found, Utterance{
			Start:   time.Duration(s.start) * frameTime,
			End:     time.Duration(s.end) * frameTime,
			From:    time.Duration(from/frameSize) * frameTime,
			Samples: append([]float32(nil), d.source.slice(from, to)...),
			SNR:     d.snr(s),
		})
	}
}

func (d *Detector) snr(s stretch) float64 {
	var speech, noise float64
	n := 0
	for i := s.start; i < s.end; i++ {
		if f := d.frames.at(i); f.loud {
			speech += meanSquare(f.level)
			noise += meanSquare(f.floor)
			n++
		}
	}
	if n == 0 || speech <= noise {
		return 0
	}
	return max(0, min(maxSNR, 10*math.Log10((speech-noise)/noise)))
}

// forget drops what no utterance to come can need.
func (d *Detector) forget() {
	// A voice may reach back to runs without one, as far as beside.
	needed := min(d.segmenter.oldest(d.now), d.now) - beside - frames(d.p.Pad) - 1
	d.source.drop(needed * frameSize)
	d.narrow.drop((d.now - 2) * narrowSize)
	d.frames.drop(min(needed, d.now-floorBehind))
}

func frames(t time.Duration) int { return int(t / frameTime) }

// history is the recent part of something long, addressed from its beginning.
type history[T any] struct {
	items []T
	base  int // index of items[0]
}

func (h *history[T]) append(v ...T)          { h.items = append(h.items, v...) }
func (h *history[T]) end() int               { return h.base + len(h.items) }
func (h *history[T]) at(i int) *T            { return &h.items[i-h.base] }
func (h *history[T]) slice(from, to int) []T { return h.items[from-h.base : to-h.base] }

// drop forgets what lies before index i, now and then: moving the rest costs more
// the oftener it is done.
func (h *history[T]) drop(i int) {
	if n := min(i-h.base, len(h.items)); n > len(h.items)/2 {
		h.items = append(h.items[:0], h.items[n:]...)
		h.base += n
	}
}
