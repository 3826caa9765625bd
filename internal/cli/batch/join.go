package batch

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/archive"
)

// half is a file that holds one side of a call.
type half struct {
	item  *archive.Item
	sound io.ReadSeeker
}

func (h half) open(ctx context.Context, f audio.Files) (*audio.Track, error) {
	r, err := audio.Named(h.item.Name(), h.sound, h.item.Size)
	if err == nil {
		var t *audio.Track
		if t, err = f.OpenTrack(ctx, r, audio.Mono); err == nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", h.item, err)
}

// join writes the two sides of a call, which begin together, into one file without a name: the agent
// on the left. What is shorter has silence at its end.
func join(ctx context.Context, f audio.Files, agent, customer half) (*os.File, int64, error) {
	left, err := agent.open(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = left.Close() }() // it never fails
	right, err := customer.open(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = right.Close() }() // as above
	out, err := os.CreateTemp(f.Dir, "refrain-call-*")
	if err != nil {
		return nil, 0, fmt.Errorf("a place for both sides: %w", err)
	}
	if err = os.Remove(out.Name()); err != nil {
		return nil, 0, errors.Join(fmt.Errorf("a place for both sides: %w", err), out.Close())
	}
	size, err := writeBoth(out, left, right)
	if err != nil {
		return nil, 0, errors.Join(err, out.Close())
	}
	return out, size, nil
}

const stereoHeader = 44

// writeBoth writes WAV of 16 bits, and gives its size.
func writeBoth(out *os.File, left, right *audio.Track) (int64, error) {
	w := bufio.NewWriterSize(io.NewOffsetWriter(out, stereoHeader), 1<<16)
	a, b := make([]float32, audio.TrackRate), make([]float32, audio.TrackRate)
	frames := int64(0)
	for {
		n, err := fill(left, a)
		if err != nil {
			return 0, fmt.Errorf("the agent's side: %w", err)
		}
		m, err := fill(right, b)
		if err != nil {
			return 0, err
		}
		clear(a[n:])
		clear(b[m:])
		n = max(n, m)
		for i := range n {
			var frame [4]byte
			binary.LittleEndian.PutUint16(frame[:], sample16(a[i]))
			binary.LittleEndian.PutUint16(frame[2:], sample16(b[i]))
			_, _ = w.Write(frame[:]) // Flush tells
		}
		if frames += int64(n); n < len(a) {
			break
		}
	}
	header := stereo(frames)
	_, err := out.WriteAt(header, 0)
	return frames*4 + stereoHeader, errors.Join(w.Flush(), err)
}

// fill reads as much as there is, up to all of samples.
func fill(t *audio.Track, samples []float32) (n int, err error) {
	for n < len(samples) {
		got, err := t.Read(samples[n:])
		n += got
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func sample16(v float32) uint16 { return uint16(int16(max(-1<<15, min(1<<15-1, v*(1<<15))))) }

// stereo is the header of so many frames.
func stereo(frames int64) []byte {
	le := binary.LittleEndian
	data := uint32(min(frames*4, 0xffffffff-stereoHeader))
	h := append(make([]byte, 0, stereoHeader), "RIFF"...)
	h = append(le.AppendUint32(h, stereoHeader-8+data), "WAVEfmt "...)
	for _, v := range []uint32{16, 2<<16 | 1, audio.TrackRate, audio.TrackRate * 4, 16<<16 | 4} {
		h = le.AppendUint32(h, v)
	}
	return le.AppendUint32(append(h, "data"...), data)
}
