package asr

import (
	"cmp"
	"slices"
	"time"
)

// only is a Source that is silent but for some spans.
type only struct {
	Source
	spans []Span // in order, none overlapping
	read  int64  // samples so far
}

// hearOnly makes a Source silent but for spans, which are in order and don't overlap; without
// any it stays as it is.
func hearOnly(src Source, spans []Span) Source {
	if len(spans) == 0 {
		return src
	}
	return &only{Source: src, spans: spans}
}

// Read implements Source.
func (o *only) Read(samples []float32) (int, error) {
	n, err := o.Source.Read(samples)
	rest := samples[:n]
	first := o.read
	o.read += int64(n)
	for _, s := range o.spans {
		start, end := within(s.Start, first, n), within(s.End, first, n)
		done := n - len(rest)
		clear(rest[:max(0, start-done)])
		rest = samples[max(end, done):n]
	}
	clear(rest)
	return n, err
}

// within is where in n samples, of which the first is the track's sample first, a time lies.
func within(t time.Duration, first int64, n int) int {
	return int(max(0, min(int64(n), samplesAt(t)-first)))
}

func samplesAt(t time.Duration) int64 {
	return int64(t/time.Second)*SampleRate + int64(t%time.Second)*SampleRate/int64(time.Second)
}

// Join puts spans in order, and makes one of those that overlap or lie closer together than gap.
func Join(spans []Span, gap time.Duration) []Span {
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b Span) int {
		return cmp.Compare(a.Start, b.Start)
	})
	joined := sorted[:0]
	for _, s := range sorted {
		if last := len(joined) - 1; last >= 0 && s.Start-joined[last].End < gap {
			joined[last].End = max(joined[last].End, s.End)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}
