package audio

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Excerpt is what of a recording is to be listened to: all of it, one channel, or a stretch. It is given out as
// a WAV file that every browser plays: 16-bit PCM at the recording's own rate.
type Excerpt struct {
	// Channel is the only one; "" for all.
	Channel Channel
	// From is where it begins, To where it ends; To 0 is the recording's end, and so is what lies
	// beyond it.
	From, To time.Duration
}

// pcm16HeaderSize is how many bytes of an excerpt's file stand before its samples.
const pcm16HeaderSize = 44

// Size is how large an excerpt's file is, in bytes, of a recording of which i is known. The error is an *Error
// of the kind BadChannels or BadClip where there is no such excerpt.
func (e Excerpt) Size(i Info) (int64, error) {
	_, frames, err := e.stretch(i)
	if err != nil {
		return 0, err
	}
	return pcm16HeaderSize + frames*int64(2*e.channels(i)), nil
}

// stretch is with which frame it begins, and how many there are.
func (e Excerpt) stretch(i Info) (first, frames int64, err error) {
	if e.Channel != "" {
		if _, err := channelIndex(e.Channel, i.Channels); err != nil {
			return 0, 0, err
		}
	}
	if e.From < 0 || e.To < 0 || e.To > 0 && e.To <= e.From {
		return 0, 0, refuse(BadClip, "no excerpt from %v to %v can be cut: ask for more than nothing, from 0 on",
			e.From, e.To)
	}
	first, last := frameAt(e.From, i.Rate), i.Frames
	if e.To > 0 {
		last = min(last, frameAt(e.To, i.Rate))
	}
	if first >= last && first < i.Frames {
		return 0, 0, refuse(BadClip, "there is not one sample from %v to %v: ask for a longer stretch", e.From, e.To)
	}
	if first >= last {
		return 0, 0, refuse(BadClip, "the recording is %v long, so there is nothing at %v: ask for an earlier "+
			"stretch", i.Duration(), e.From)
	}
	if size := (last - first) * int64(2*e.channels(i)); size > math.MaxUint32-pcm16HeaderSize {
		return 0, 0, refuse(BadClip, "an excerpt of %v is larger than a WAV file can be: ask for a stretch of it",
			frameTime(last-first, i.Rate))
	}
	return first, last - first, nil
}

func (e Excerpt) channels(i Info) int {
	if e.Channel != "" {
		return 1
	}
	return i.Channels
}

// OpenExcerpt reads an excerpt's file from its byte offset on, of the recording r of which i is known, until ctx
// ends. It has as many bytes as Size says: what r lacks is silence. Errors are as those of OpenTrack.
func (f Files) OpenExcerpt(ctx context.Context, r io.Reader, i Info, e Excerpt, offset int64) (io.ReadCloser, error) {
	first, frames, err := e.stretch(i)
	if err != nil {
		return nil, err
	}
	a, err := f.open(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &excerpt{of: a, left: frames, frame: 2 * e.channels(i), block: make([][]float32, a.sides())}
	for c := range out.block {
		out.block[c] = make([]float32, excerptFrames)
	}
	if err := out.choose(e.Channel, i); err != nil {
		_ = a.Close() // it never fails
		return nil, err
	}
	out.rest = pcm16Header(out.frame/2, i.Rate, int(frames)*out.frame)
	if err := out.pass(first, offset); err != nil {
		_ = a.Close() // it never fails
		return nil, err
	}
	return out, nil
}

// excerptFrames are decoded at once.
const excerptFrames = 4096

// excerpt is an excerpt's file that is being read.
type excerpt struct {
	of    *Reader
	block [][]float32
	// rest are bytes that wait to be read, left the frames behind them.
	rest []byte
	left int64
	// frame is how many bytes one takes.
	frame int
	ended bool
}

// choose leaves out all channels but one.
func (e *excerpt) choose(c Channel, i Info) error {
	if e.of.sides() != i.Channels || e.of.rate != i.Rate {
		return fmt.Errorf("audio: the recording has %d channels at %d Hz, and it is known to have %d at %d Hz",
			e.of.sides(), e.of.rate, i.Channels, i.Rate)
	}
	if c == "" {
		return nil
	}
	index, err := channelIndex(c, i.Channels)
	for other := range e.block {
		if other != index {
			e.block[other] = nil
		}
	}
	return err
}

// pass passes over first frames of the recording, and over offset bytes of the excerpt.
func (e *excerpt) pass(first, offset int64) error {
	if offset < int64(len(e.rest)) {
		e.rest = e.rest[max(offset, 0):]
		return e.of.skip(first)
	}
	offset -= int64(len(e.rest))
	frames := min(offset/int64(e.frame), e.left)
	e.rest, e.left = nil, e.left-frames
	if err := e.of.skip(first + frames); err != nil || e.left == 0 {
		return err
	}
	if err := e.more(); err != nil {
		return err
	}
	e.rest = e.rest[offset%int64(e.frame):]
	return nil
}

// Close frees what was opened. It never fails.
func (e *excerpt) Close() error { return e.of.Close() }

// Read implements io.Reader.
func (e *excerpt) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.left == 0 {
			return 0, io.EOF
		}
		if err := e.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// more decodes what comes next.
func (e *excerpt) more() error {
	want := int(min(e.left, excerptFrames))
	got := 0
	if !e.ended {
		block := make([][]float32, len(e.block))
		for c, b := range e.block {
			if b != nil {
				block[c] = b[:want]
			}
		}
		var err error
		got, err = e.of.Read(block)
		if e.ended = errors.Is(err, io.EOF); err != nil && !e.ended {
			return err
		}
	}
	e.rest = interleave(e.rest[:0:0], e.block, got)
	if e.ended { // silence, or the file would end before its header says
		got = want
		e.rest = append(e.rest, make([]byte, want*e.frame)...)
	}
	e.left -= int64(got)
	return nil
}

// frameAt is the frame that sounds at t.
func frameAt(t time.Duration, rate int) int64 {
	return int64(t/time.Second)*int64(rate) + int64(t%time.Second)*int64(rate)/int64(time.Second)
}

// skip passes over n frames, or to the end.
func (r *Reader) skip(n int64) error {
	for n > 0 {
		raw, err := r.raw(int(min(n, int64(len(r.buf)))))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		n -= int64(len(raw) / r.frame())
	}
	return nil
}

// interleave appends n frames of the channels that there are as 16-bit samples.
func interleave(out []byte, block [][]float32, n int) []byte {
	for i := range n {
		for _, c := range block {
			if c == nil {
				continue
			}
			sample := int16(max(-1<<15, min(1<<15-1, c[i]*(1<<15))))
			out = binary.LittleEndian.AppendUint16(out, uint16(sample))
		}
	}
	return out
}

// pcm16Header is what a WAV file of 16-bit PCM has before its samples, of which there are
// size bytes.
func pcm16Header(channels, rate, size int) []byte {
	const fmtSize = 16
	le := binary.LittleEndian
	h := append(make([]byte, 0, pcm16HeaderSize), "RIFF"...)
	h = le.AppendUint32(h, uint32(pcm16HeaderSize-8+size))
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, fmtSize)
	h = le.AppendUint16(h, tagPCM)
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint32(h, uint32(rate))
	h = le.AppendUint32(h, uint32(rate*channels*2))
	h = le.AppendUint16(h, uint16(channels*2)) // bytes a frame
	h = le.AppendUint16(h, 16)                 // bits a sample
	h = append(h, "data"...)
	return le.AppendUint32(h, uint32(size))
}
