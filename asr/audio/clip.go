package audio

import (
	"errors"
	"fmt"
	"io"
	"time"

	goaudio "github.com/go-audio/audio"
	"github.com/go-audio/wav"
)

// MaxClip is the longest stretch that Clip cuts: it is made in memory (about 10 MB
// at 8 kHz, 58 MB at 48 kHz), and for listening to a passage it is plenty.
const MaxClip = 5 * time.Minute

// Clip cuts the stretch from..to out of the recording r and writes it to dst as a
// WAV file that every browser plays: 16-bit PCM at the recording's own rate, with
// all its channels. A stretch that reaches past the end is cut there. The error is
// an *Error where the recording can't be read or has nothing at that time.
func Clip(dst io.Writer, r io.Reader, from, to time.Duration) error {
	if from < 0 || to <= from || to-from > MaxClip {
		return refuse(BadClip, "no clip from %v to %v can be cut: ask for more than nothing and at most %v, from 0 on", from, to, MaxClip)
	}
	a, err := NewReader(r)
	if err != nil {
		return err
	}
	if err := a.skip(frameAt(from, a.rate)); err != nil {
		return err
	}
	var f memoryFile
	n, err := a.clip(&f, frameAt(to, a.rate)-frameAt(from, a.rate))
	if err != nil {
		return err
	}
	if n == 0 {
		return refuse(BadClip, "the recording is %v long, so there is nothing at %v: ask for an earlier stretch", a.Info().Duration(), from)
	}
	if _, err := dst.Write(f.b); err != nil {
		return fmt.Errorf("writing a clip: %w", err)
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

// clip writes up to n frames into f as a WAV file and returns how many there were;
// without any, f stays empty.
func (r *Reader) clip(f *memoryFile, n int64) (int64, error) {
	enc := wav.NewEncoder(f, r.rate, 16, r.channels, tagPCM)
	done, err := r.encode(enc, n)
	if done == 0 || err != nil {
		return 0, err
	}
	if err := enc.Close(); err != nil {
		return 0, fmt.Errorf("making a clip: %w", err)
	}
	return done, nil
}

func (r *Reader) encode(enc *wav.Encoder, n int64) (done int64, err error) {
	buf := &goaudio.IntBuffer{Format: &goaudio.Format{NumChannels: r.channels, SampleRate: r.rate}, SourceBitDepth: 16}
	block := make([][]float32, r.channels)
	for c := range block {
		block[c] = make([]float32, min(n, 4096))
	}
	for done < n {
		for c := range block {
			block[c] = block[c][:min(n-done, 4096)]
		}
		got, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return done, err
		}
		buf.Data = interleave(buf.Data[:0], block, got)
		if err := enc.Write(buf); err != nil {
			return done, fmt.Errorf("making a clip: %w", err)
		}
		done += int64(got)
	}
	return done, nil
}

// interleave appends n frames as 16-bit samples.
func interleave(out []int, block [][]float32, n int) []int {
	for i := range n {
		for _, c := range block {
			out = append(out, int(max(-1<<15, min(1<<15-1, c[i]*(1<<15)))))
		}
	}
	return out
}

// memoryFile is the seekable file that the encoder wants in order to correct its
// header.
type memoryFile struct {
	b  []byte
	at int
}

func (f *memoryFile) Write(p []byte) (int, error) {
	n := copy(f.b[f.at:], p)
	f.b = append(f.b, p[n:]...)
	f.at += len(p)
	return len(p), nil
}

func (f *memoryFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		f.at = int(offset)
	case io.SeekCurrent:
		f.at += int(offset)
	case io.SeekEnd:
		f.at = len(f.b) + int(offset)
	}
	if f.at < 0 || f.at > len(f.b) {
		return 0, fmt.Errorf("audio: seek to %d of %d bytes", f.at, len(f.b))
	}
	return int64(f.at), nil
}
