package asr

import (
	"math"

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

// trace compares an utterance with the agent's track; nil where there is none.
func (b *beside) trace(u vad.Utterance) *echo.Trace {
	if b == nil {
		return nil
	}
	t := b.finder.Trace(u.From, u.Samples)
	return &t
}

// settings are those of a transcript.
func (b *beside) settings(s Settings) Settings {
	if b != nil {
		s.Echo = echo.Name
	}
	return s
}

// compare notes how much of the segment is the agent's echo, and of its tokens where any is.
func (s *Segment) compare(t *echo.Trace) {
	if t == nil {
		return
	}
	s.AgentLikeness = likeness(t, s.Span)
	if *s.AgentLikeness == 0 {
		return
	}
	for i := range s.Tokens {
		s.Tokens[i].AgentLikeness = likeness(t, s.Tokens[i].Span)
	}
}

// likeness has two decimals: it is no surer than that.
func likeness(t *echo.Trace, s Span) *float64 {
	v := math.Round(100*t.Likeness(s.Start, s.End)) / 100
	return &v
}
