package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxClip is the longest stretch that Clip cuts: it is made in memory (about 10 MB
// at 8 kHz, 58 MB at 48 kHz), and for listening to a passage it is plenty.
const MaxClip = 5 * time.Minute

// Clip cuts the stretch from..to out of the recording r and writes it to dst as a
// WAV file that every browser plays: 16-bit PCM at the recording's own rate, with
// all its channels. A stretch that reaches past the end is cut there. The error is
// an *Error where the recording can't be read or has nothing at that time.
//
// It is for playing a reviewer the passage around a hit, which no command asks for yet.
func Clip(dst io.Writer, r io.Reader, from, to time.Duration) error {
	if from < 0 || to <= from || to-from > MaxClip {
		return refuse(BadClip,
			"no clip from %v to %v can be cut: ask for more than nothing and at most %v, from 0 on",
			from, to, MaxClip)
	}
	a, err := NewReader(r)
	if err != nil {
		return err
	}
	if err := a.skip(frameAt(from, a.rate)); err != nil {
		return err
	}
	samples, err := a.samples16(frameAt(to, a.rate) - frameAt(from, a.rate))
	if err != nil {
		return err
	}
	if len(samples) == 0 {
		return refuse(BadClip,
			"the recording is %v long, so there is nothing at %v: ask for an earlier stretch",
			a.Info().Duration(), from)
	}
	for _, part := range [][]byte{pcm16Header(a.channels, a.rate, len(samples)), samples} {
		if _, err := dst.Write(part); err != nil {
			return fmt.Errorf("writing a clip: %w", err)
		}
	}
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

// samples16 reads up to n frames as 16-bit samples, one channel beside the other.
func (r *Reader) samples16(n int64) (out []byte, err error) {
	block := make([][]float32, r.channels)
	for c := range block {
		block[c] = make([]float32, min(n, 4096))
	}
	for n > 0 {
		for c := range block {
			block[c] = block[c][:min(n, 4096)]
		}
		got, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = interleave(out, block, got)
		n -= int64(got)
	}
	return out, nil
}

// interleave appends n frames as 16-bit samples.
func interleave(out []byte, block [][]float32, n int) []byte {
	for i := range n {
		for _, c := range block {
			sample := int16(max(-1<<15, min(1<<15-1, c[i]*(1<<15))))
			out = binary.LittleEndian.AppendUint16(out, uint16(sample))
		}
	}
	return out
}

// pcm16Header is what a WAV file of 16-bit PCM has before its samples, of which there are
// size bytes.
func pcm16Header(channels, rate, size int) []byte {
	const fmtSize, headerSize = 16, 44
	le := binary.LittleEndian
	h := append(make([]byte, 0, headerSize), "RIFF"...)
	h = le.AppendUint32(h, uint32(headerSize-8+size))
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
