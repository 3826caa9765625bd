package audio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// blockBytes is how much of a file is decoded at once: enough to make the cost of
// a call vanish, small enough to stay in a core's cache.
const blockBytes = 32 << 10

// Info describes a recording. Until it has been read to its end, Frames, Declared
// and Truncated tell what is known so far.
type Info struct {
	Codec    Codec `json:"codec"`
	Rate     int   `json:"rate"`     // hertz
	Channels int   `json:"channels"` // 1 or 2
	Bits     int   `json:"bits"`     // a sample
	// Frames (one sample a channel) that were there.
	Frames int64 `json:"frames"`
	// Declared is how many frames the header claims, 0 where it claims nothing.
	// Frames beyond it are real: the header is then out of date.
	Declared int64 `json:"declared"`
	// Truncated reports that the file ends well before what its header claims (a size that
	// counts the header in, or is rounded to whole packets, claims too much by itself),
	// or within a frame where it claims nothing.
	Truncated bool `json:"truncated"`
	// Silent reports that each channel has one value throughout. Set by Inspect.
	Silent bool `json:"silent"`
}

// Duration is the length of what was there.
func (i Info) Duration() time.Duration { return frameTime(i.Frames, i.Rate) }

// frameTime is when frame n begins, rounded down to whole nanoseconds.
func frameTime(n int64, rate int) time.Duration {
	r := int64(rate)
	return time.Duration(n/r)*time.Second + time.Duration(n%r)*time.Second/time.Duration(r)
}

// Reader decodes a recording from front to back. It is not safe for concurrent use.
type Reader struct {
	format
	body   *body
	offset int64 // bytes before the samples
	decode decoder
	buf    []byte
	frames int64
	over   bool
	cut    bool // ended within a frame
}

// NewReader reads a recording's header. The error is an *Error where the file can't
// be used, else what reading from r gave.
func NewReader(r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, blockBytes)
	h, err := readHeader(br)
	if err != nil {
		return nil, err
	}
	return &Reader{
		format: h.format,
		body:   newBody(br, h),
		offset: h.offset,
		decode: decoderOf(h.format),
		buf:    make([]byte, blockBytes/h.frame()*h.frame()),
	}, nil
}

// Info tells what is known of the recording so far.
func (r *Reader) Info() Info {
	i := Info{Codec: r.codec, Rate: r.rate, Channels: r.channels, Bits: 8 * r.width,
		Frames: r.frames}
	i.Declared = r.body.declared / int64(r.frame())
	i.Truncated = r.over && r.lacks(i.Declared)
	return i
}

// lacks reports that the recording is really short of what was declared. Recorders count
// the header in, or whole packets: what would be missing then was never there.
func (r *Reader) lacks(declared int64) bool {
	if declared == 0 {
		return r.cut
	}
	slack := max(r.offset/int64(r.frame())+1, min(int64(r.rate/10), declared/10))
	return declared-r.frames > slack
}

// Read decodes the next frames: dst has one slice for each channel, left first, all
// of one length, except that nil slices leave their channels out. It returns how
// many frames it put into each; less than asked for is no sign of the end, which
// is io.EOF with no frames. Samples are -1..1.
func (r *Reader) Read(dst [][]float32) (int, error) {
	want, err := r.wanted(dst)
	if err != nil || want == 0 {
		return 0, err
	}
	raw, err := r.raw(want)
	if err != nil {
		return 0, err
	}
	n := len(raw) / r.frame()
	for c, d := range dst {
		if d != nil {
			r.decode(d[:n], raw[c*r.width:], r.frame())
		}
	}
	return n, nil
}

func (r *Reader) wanted(dst [][]float32) (int, error) {
	if len(dst) != r.channels {
		return 0, fmt.Errorf("audio: %d slices to read %d channels into", len(dst), r.channels)
	}
	want := -1
	for _, d := range dst {
		if d == nil {
			continue
		}
		if want >= 0 && len(d) != want {
			return 0, errors.New("audio: slices to read channels into differ in length")
		}
		want = len(d)
	}
	return max(want, 0), nil
}

// raw reads at most n whole frames, still coded; io.EOF where there are no more.
// What it returns is good until the next call.
func (r *Reader) raw(n int) ([]byte, error) {
	if r.over {
		return nil, io.EOF
	}
	want := r.buf[:min(n*r.frame(), len(r.buf))]
	got, err := fill(r.body, want)
	if err != nil {
		return nil, err
	}
	if got < len(want) {
		r.over, r.cut = true, got%r.frame() != 0
	}
	whole := got / r.frame()
	r.frames += int64(whole)
	if whole == 0 {
		return nil, io.EOF
	}
	return want[:whole*r.frame()], nil
}
