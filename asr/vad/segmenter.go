package vad

import "slices"

const (
	// runGap, in frames, is the longest lull within a run. Keys are pressed further
	// apart than that, and so are the words of nobody.
	runGap = 3
	// reach, in frames, is how far a loud run counts as speech before its first
	// voiced frame and behind the last: consonants are that long. A run may be a noise
	// of seconds with a word in it.
	reach = 20
	// A run without a voice is part of a word when it lasts leastMute to mostMute
	// frames and lies within beside frames of a voice.
	leastMute, mostMute, beside = 6, 50, 80
	// Of any reach frames in a row, enoughVoiced must be voiced: less is chance.
	enoughVoiced = 5
)

// stretch is an utterance in the making, in frames.
type stretch struct {
	start, end int // of the speech
	from, to   int // with padding
	loud       int // loud frames within
}

// segmenter gathers decided frames into runs of loud ones, takes those with a voice,
// and joins them to utterances.
type segmenter struct {
	frames                       *history[frame]
	minSpeech, pad, gap, longest int
	rise                         float32
	anySound                     bool
	run                          int // start of the run that is going on, -1 for none
	lastLoud                     int
	open                         bool
	utterance                    stretch
	earliest                     int       // where the rest of an utterance that was cut begins
	voiceEnd                     int       // where the last run with a voice ended
	mute                         []stretch // runs without one since
	done                         []stretch
}

func newSegmenter(p Params, h *history[frame]) segmenter {
	return segmenter{
		frames:    h,
		minSpeech: frames(p.MinSpeech),
		pad:       frames(p.Pad),
		gap:       frames(p.MergeGap),
		longest:   frames(p.MaxUtterance-2*p.Pad) - beside, // which may be put before it
		rise:      float32(p.Rise),
		anySound:  p.AnySound,
		run:       -1,
	}
}

// next takes frame i, the one after the last.
func (s *segmenter) next(i int) []stretch {
	if s.frames.at(i).loud {
		if s.run < 0 {
			s.run = i
		}
		s.lastLoud = i
	} else if s.run >= 0 && i-s.lastLoud > runGap {
		s.endRun(s.lastLoud + 1)
	}
	if s.run >= 0 && i+1-s.oldest(i) >= s.longest {
		s.force(i + 1)
	}
	s.settle(i)
	return s.take()
}

// finish ends the track behind the last frame.
func (s *segmenter) finish() []stretch {
	if s.run >= 0 {
		s.endRun(s.lastLoud + 1)
	}
	s.close(s.frames.end() + s.pad)
	return s.take()
}

func (s *segmenter) take() []stretch {
	done := s.done
	s.done = nil
	return done
}

// oldest is the first frame that may become part of an utterance, if frame now
// doesn't begin one.
func (s *segmenter) oldest(now int) int {
	switch {
	case s.open:
		return s.utterance.start
	case s.run >= 0:
		return s.run
	}
	return now
}

// settle closes the utterance when nothing to come can belong to it: the pause is
// too long, and what its padding takes in is known.
func (s *segmenter) settle(i int) {
	if !s.open || i-s.utterance.end <= max(s.gap, s.pad) {
		return
	}
	if s.run < 0 {
		s.close(i)
	} else if s.run-s.utterance.end > s.gap {
		s.close(s.run)
	}
}

// close ends the open utterance, whose padding must not go beyond limit.
func (s *segmenter) close(limit int) {
	u := s.utterance
	if s.open && u.loud >= s.minSpeech {
		u.from, u.to = u.start-s.pad, min(limit, u.end+s.pad)
		if u.start >= s.earliest {
			u.from = max(u.from, s.earliest)
		}
		s.done = append(s.done, u)
	}
	s.open = false
}

// endRun judges the run that ends before frame end.
func (s *segmenter) endRun(end int) {
	start := s.run
	s.run = -1
	voices := s.voices(start, end)
	for _, v := range voices {
		s.join(s.withBefore(v))
	}
	if n := end - start; len(voices) == 0 && n >= leastMute && n <= mostMute {
		s.joinMute(stretch{start: start, end: end})
	}
}

// joinMute keeps a short run without a voice: beside one with a voice it is part of
// a word, such as a whispered syllable, one swallowed by noise, or a vowel held like
// a tone.
func (s *segmenter) joinMute(m stretch) {
	if s.open && m.start-s.utterance.end <= s.gap && m.end-s.voiceEnd <= beside {
		s.utterance.end = m.end
		return
	}
	if len(s.mute) > 0 && m.start-s.mute[len(s.mute)-1].end > s.gap {
		s.mute = s.mute[:0]
	}
	s.mute = append(s.mute, m)
}

// withBefore extends a stretch with a voice to the runs without one just before it.
func (s *segmenter) withBefore(v stretch) stretch {
	voice := v.start
	for _, m := range slices.Backward(s.mute) {
		if v.start-m.end <= s.gap && voice-m.start <= beside {
			v.start = m.start
		}
	}
	s.mute = s.mute[:0]
	return v
}

// join makes a stretch with a voice part of the open utterance, or a new one.
func (s *segmenter) join(v stretch) {
	s.voiceEnd = v.end
	if s.open && v.start-s.utterance.end <= s.gap {
		s.utterance.end = max(s.utterance.end, v.end)
		s.utterance.loud += v.loud
		return
	}
	s.close(v.start)
	s.open, s.utterance = true, v
}

// voices finds where in a run somebody speaks.
func (s *segmenter) voices(start, end int) (found []stretch) {
	switch {
	case !s.rises(start, end):
		return nil
	case s.anySound:
		return []stretch{{start: start, end: end, loud: s.loudIn(start, end)}}
	case s.isTone(start, end):
		return nil
	}
	first, last, enough := -1, -1, false
	flush := func() {
		if enough {
			found = append(found, s.around(first, last, start, end))
		}
		first, enough = -1, false
	}
	for i := start; i < end; i++ {
		if !s.frames.at(i).voiced {
			continue
		}
		if first >= 0 && i-last > 2*reach {
			flush()
		}
		if first < 0 {
			first = i
		}
		last = i
		enough = enough || s.voicedBefore(i+1, first) >= enoughVoiced
	}
	flush()
	return found
}

// rises reports whether a run gets as far above the noise as speech does.
func (s *segmenter) rises(start, end int) bool {
	for i := start; i < end; i++ {
		if f := s.frames.at(i); f.level >= f.floor+s.rise {
			return true
		}
	}
	return false
}

// voicedBefore counts the voiced among the reach frames before end, from first on.
func (s *segmenter) voicedBefore(end, first int) (n int) {
	for i := max(first, end-reach); i < end; i++ {
		if s.frames.at(i).voiced {
			n++
		}
	}
	return n
}

func (s *segmenter) around(first, last, start, end int) stretch {
	v := stretch{start: max(start, first-reach), end: min(end, last+1+reach)}
	v.loud = s.loudIn(v.start, v.end)
	return v
}

func (s *segmenter) loudIn(start, end int) (n int) {
	for i := start; i < end; i++ {
		if s.frames.at(i).loud {
			n++
		}
	}
	return n
}

// force ends speech that has grown as long as it may, before frame end: it is cut
// at the quietest place of its second half, and goes on from there.
func (s *segmenter) force(end int) {
	from := s.oldest(end)
	for _, v := range s.voices(s.run, end) {
		s.join(s.withBefore(v))
	}
	at := s.quietest(from+s.longest/2, end-reach)
	s.cut(at)
	s.run = max(s.run, at)
}

// cut ends the open utterance at frame at and lets what lies behind go on as the
// next one, from there.
func (s *segmenter) cut(at int) {
	s.earliest = at
	if !s.open || s.utterance.start >= at {
		return
	}
	rest := s.utterance
	s.utterance.end = min(rest.end, at)
	s.close(at)
	if rest.end > at {
		s.open, s.utterance = true, stretch{start: at, end: rest.end, loud: s.loudIn(at, rest.end)}
	}
}

// quietest finds the middle of the quietest tenth of a second.
func (s *segmenter) quietest(from, to int) int {
	const around = 5
	best, at := float32(0), from
	for i := from; i < to; i++ {
		var sum float32
		for k := i - around; k <= i+around; k++ {
			sum += s.frames.at(k).level
		}
		if sum < best {
			best, at = sum, i
		}
	}
	return at
}
