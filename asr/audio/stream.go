package audio

import (
	"errors"
	"io"
)

// stream decodes chosen channels of a recording and brings them to TrackRate in
// step with each other.
type stream struct {
	r     *Reader
	block [][]float32 // one slice a channel of the file, nil where not chosen
	lanes []*lane
	ended bool
}

// lane is one chosen channel: the samples that wait to be read, and the resampler,
// nil where the file is at TrackRate already.
type lane struct {
	index int
	rs    *resampler
	out   []float32
	taken int
}

// openStream readies channels of a, which it closes in the end.
func openStream(a *Reader, channels ...Channel) (*stream, error) {
	s := &stream{r: a, block: make([][]float32, a.sides())}
	for _, c := range channels {
		if err := s.add(c); err != nil {
			_ = s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *stream) add(c Channel) error {
	i, err := channelIndex(c, s.r.sides())
	if err != nil {
		return err
	}
	l := &lane{index: i}
	if s.r.rate != TrackRate {
		if l.rs, err = newResampler(s.r.rate, TrackRate); err != nil {
			return err
		}
	}
	s.block[i] = make([]float32, len(s.r.buf)/s.r.frame())
	s.lanes = append(s.lanes, l)
	return nil
}

// read fills dst, one slice of equal length for each chosen channel.
func (s *stream) read(dst ...[]float32) (int, error) {
	n := 0
	for n < len(dst[0]) {
		if s.lanes[0].waiting() == 0 {
			if s.ended {
				break
			}
			if err := s.advance(); err != nil {
				return 0, err
			}
			continue
		}
		m := 0
		for i, l := range s.lanes {
			m = l.take(dst[i][n:]) //nolint:gosec // there are as many dst as lanes
		}
		n += m
	}
	if n == 0 && len(dst[0]) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// advance decodes a block into every lane; at the end it empties the resamplers.
func (s *stream) advance() error {
	n, err := s.r.Read(s.block)
	if errors.Is(err, io.EOF) {
		s.ended = true
		return s.each((*lane).finish)
	}
	if err != nil {
		return err
	}
	return s.each(func(l *lane) error { return l.put(s.block[l.index][:n]) })
}

func (s *stream) each(f func(*lane) error) error {
	for _, l := range s.lanes {
		if err := f(l); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) close() error {
	for _, l := range s.lanes {
		if l.rs != nil && l.rs.handle != nil {
			l.rs.close()
		}
	}
	s.ended = true
	return s.r.Close()
}

func (l *lane) waiting() int { return len(l.out) - l.taken }

func (l *lane) take(dst []float32) int {
	n := copy(dst, l.out[l.taken:])
	l.taken += n
	return n
}

// put is called only when nothing waits, so the buffer starts anew.
func (l *lane) put(samples []float32) (err error) {
	l.out, l.taken = l.out[:0], 0
	if l.rs == nil {
		l.out = append(l.out, samples...)
		return nil
	}
	l.out, err = l.rs.write(l.out, samples)
	return err
}

func (l *lane) finish() (err error) {
	l.out, l.taken = l.out[:0], 0
	if l.rs != nil {
		l.out, err = l.rs.flush(l.out)
	}
	return err
}
