package vad

import "slices"

const (
	// edge is how many frames at each end of a run the analysis sees half of.
	edge = 2
	// A run is a tone when most of its frames are tones within so many hertz and
	// decibels of each other. A voice glides, and swells and fades.
	toneHertz    = 25
	toneDecibels = 6
)

// isTone reports whether a run is a ring-back or busy tone, a key, a beep.
func (s *segmenter) isTone(start, end int) bool {
	if end-start > 2*edge {
		start, end = start+edge, end-edge
	}
	var tones, levels []float32
	for i := start; i < end; i++ {
		if f := s.frames.at(i); f.tone > 0 {
			tones, levels = append(tones, f.tone), append(levels, f.level)
		}
	}
	most := (end - start) * 85 / 100
	if len(tones) <= most {
		return false
	}
	tone, level, steady := median(tones), median(levels), 0
	for i := range tones {
		if near(tones[i], tone, toneHertz) && near(levels[i], level, toneDecibels) {
			steady++
		}
	}
	return steady > most
}

func median(v []float32) float32 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func near(a, b, most float32) bool { return max(a-b, b-a) <= most }
