package audio

import (
	"context"
	"errors"
	"io"
)

// MaxPeaks is how many peaks there are of a channel at most: a screen has some thousands of columns.
const MaxPeaks = 20_000

// Peaks are how loud a recording is from moment to moment, for drawing it.
type Peaks struct {
	// PerSecond is how many there are of each second.
	PerSecond int
	// Channels has a list for each channel, left first: the largest amount of the samples, from 0 to 255,
	// where 255 is full scale.
	Channels [][]byte
}

// OpenPeaks reads the peaks of the recording r of which i is known: perSecond of them, or as many less as a
// recording is too long for. perSecond is at least 1. Errors are as those of OpenTrack.
func (f Files) OpenPeaks(ctx context.Context, r io.Reader, i Info, perSecond int) (Peaks, error) {
	seconds := i.Frames/int64(max(i.Rate, 1)) + 1
	p := Peaks{PerSecond: int(max(1, min(int64(perSecond), MaxPeaks/seconds)))}
	a, err := f.open(ctx, r)
	if err != nil {
		return p, err
	}
	defer func() { _ = a.Close() }() // it never fails
	block := make([][]float32, a.sides())
	p.Channels = make([][]byte, a.sides())
	for c := range block {
		block[c] = make([]float32, excerptFrames)
	}
	for at := int64(0); ; {
		n, err := a.Read(block)
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		for c := range block {
			p.Channels[c] = peaks(p.Channels[c], block[c][:n], at, p.PerSecond, a.rate)
		}
		at += int64(n)
	}
}

// peaks raises the peaks of the samples from frame at on.
func peaks(out []byte, samples []float32, at int64, perSecond, rate int) []byte {
	for k, s := range samples {
		index := int((at + int64(k)) * int64(perSecond) / int64(rate))
		for len(out) <= index {
			out = append(out, 0)
		}
		out[index] = max(out[index], byte(min(255, max(s, -s)*255)))
	}
	return out
}
