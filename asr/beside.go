package asr

import (
	"math"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr/echo"
	"github.com/refrain-asr/refrain/asr/vad"
)

// beside reads a Pair as a Source, and looks for what is on the agent's track in the
// customer's.
type beside struct {
	pair   Pair
	agent  []float32
	finder *echo.Finder
}

func newBeside(p Pair) *beside { return &beside{pair: p, finder: echo.New()} }

// Read reads the customer's track, and keeps the agent's.
func (b *beside) Read(samples []float32) (int, error) {
	if len(b.agent) < len(samples) {
		b.agent = make([]float32, len(samples))
	}
	agent := b.agent[:len(samples)]
	n, err := b.pair.ReadBoth(samples, agent)
	b.finder.Agent(agent[:n])
	return n, err
}

// traced is an utterance, or the part of one in which either the agent's echo is heard or the
// customer.
type traced struct {
	vad.Utterance
	trace *echo.Trace // nil where the agent's track is not known
	echo  bool        // it is the agent's voice
}

// parts compares an utterance with the agent's track, and cuts it where echo and customer
// follow each other.
func (b *beside) parts(u vad.Utterance) []traced {
	if b == nil {
		return []traced{{Utterance: u}}
	}
	t := b.finder.Trace(u.From, u.Samples)
	parts := t.Parts(u.Start, u.End)
	list := make([]traced, len(parts))
	for i, p := range parts {
		list[i] = traced{cut(u, p.Start, p.End), &t, p.Echo}
	}
	return list
}

const (
	// edge is the silence beside a cut: recognisers lose words that begin at once.
	edge = 200 * time.Millisecond
	// beyond is how much of what lies behind a cut is left, as it may be off by that much.
	beyond = 60 * time.Millisecond
)

// cut is an utterance from start to end. Where that cuts it, silence takes the place of what
// lies beyond.
func cut(u vad.Utterance, start, end time.Duration) vad.Utterance {
	if start <= u.Start && end >= u.End {
		u.Start, u.End = start, end
		return u // most are not cut, and need no copy
	}
	samples := slices.Clone(u.Samples)
	from, to := 0, len(samples)
	if start > u.Start {
		from = samplesIn(start - u.From - beyond - edge)
		clear(samples[:samplesIn(start-u.From-beyond)])
	}
	if end < u.End {
		to = min(to, samplesIn(end-u.From+beyond+edge))
		clear(samples[min(to, samplesIn(end-u.From+beyond)):])
	}
	u.From += sampleTime(int64(from))
	u.Start, u.End, u.Samples = start, end, samples[from:to]
	return u
}

func samplesIn(d time.Duration) int { return int(samplesAt(max(0, d))) }

// settings are those of a transcript.
func (b *beside) settings(s Settings) Settings {
	if b != nil {
		s.Echo = echo.Name
	}
	return s
}

// likeness is how much of a part is the agent's, with two decimals: it is no surer than that.
func (p traced) likeness() *float64 {
	if p.trace == nil {
		return nil
	}
	v := math.Round(100*p.trace.Likeness(p.Start, p.End)) / 100
	return &v
}
