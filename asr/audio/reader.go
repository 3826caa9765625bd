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
	Channels int   `json:"channels"` // 1 or 2: silent ones that are too many don't count
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
	// Sizes is what the header's sizes are worth.
	Sizes Sizes `json:"sizes,omitempty"`
	// Mixed is the channel that carries both sides, where the other one carries one of
	// them by itself; "" where none does. Set by Inspect.
	Mixed Channel `json:"mixed,omitempty"`
}

// Sizes is what a header's sizes are worth. They are written last, when the recorder is done.
type Sizes string

// The sizes that are no sizes. SizesTrue is all others.
const (
	SizesTrue Sizes = ""
	// SizesZero are those that a recorder begins a file with: it is still writing, or died.
	SizesZero Sizes = "zero"
	// SizesStreamed are the largest numbers there are: those of a writer into a pipe, which
	// may well be done, since it can never correct them; or a file's that is still written.
	SizesStreamed Sizes = "streamed"
	// SizesStale say less than there is: the recorder corrects them now and then.
	SizesStale Sizes = "stale"
)

// Unfinished reports that the header's sizes are no sizes, so that nobody can tell from the
// file whether it is whole.
func (i Info) Unfinished() bool { return i.Sizes != SizesTrue }

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
	sizes  Sizes
	over   bool
	cut    bool // ended within a frame
	// pick is which of the file's channels are left and right, nil for all there are.
	pick []int
	// source is what was opened for reading, nil for nothing.
	source source
	// longest is how many frames there may be; 0 for any number.
	longest int64
}

// source is a recording that had to be kept or decoded before it could be read.
type source interface {
	io.Closer
	// name is how the samples were coded before they were decoded.
	name() Codec
	// lacks reports, at the end, whether the file claims to be well longer than that.
	lacks(got time.Duration) bool
}

// NewReader reads the header of a WAV recording, whose channels are all given out as they
// are. The error is an *Error where the file can't be used, else what reading from r gave.
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
		sizes:  sizesOf(h),
	}, nil
}

func sizesOf(h header) Sizes {
	switch {
	case h.known:
		return SizesTrue
	case h.data == 0:
		return SizesZero
	}
	return SizesStreamed
}

// Info tells what is known of the recording so far.
func (r *Reader) Info() Info {
	i := Info{Codec: r.codec, Rate: r.rate, Channels: r.sides(), Bits: 8 * r.width,
		Frames: r.frames}
	i.Declared = r.body.declared / int64(r.frame())
	i.Sizes = r.sizes
	switch {
	case i.Sizes != SizesTrue:
	case i.Declared == 0: // those of a file that was joined to it
		i.Sizes = SizesStreamed
	case i.Frames-i.Declared > int64(r.rate/10): // less is but a rest
		i.Sizes = SizesStale
	}
	i.Truncated = r.over && r.lacks(i.Declared)
	if r.source != nil {
		if codec := r.source.name(); codec != "" { // the sizes are the decoder's
			i.Codec, i.Sizes = codec, SizesTrue
		}
		i.Truncated = i.Truncated || r.over && r.source.lacks(i.Duration())
	}
	return i
}

// Close frees what the recording took besides its file. It never fails.
func (r *Reader) Close() error {
	if r.source != nil {
		_ = r.source.Close()
	}
	return nil
}

// sides is how many channels are given out.
func (r *Reader) sides() int {
	if r.pick != nil {
		return len(r.pick)
	}
	return r.channels
}

// lane is where in a frame a channel that is given out begins, in bytes.
func (r *Reader) lane(c int) int {
	if r.pick != nil {
		c = r.pick[c]
	}
	return c * r.width
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
	return r.decodeAll(dst, raw), nil
}

// decodeAll decodes raw frames, and tells how many there are.
func (r *Reader) decodeAll(dst [][]float32, raw []byte) int {
	n := len(raw) / r.frame()
	for c, d := range dst {
		if d != nil {
			r.decode(d[:n], raw[r.lane(c):], r.frame())
		}
	}
	return n
}

func (r *Reader) wanted(dst [][]float32) (int, error) {
	if len(dst) != r.sides() {
		return 0, fmt.Errorf("audio: %d slices to read %d channels into", len(dst), r.sides())
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
	if r.longest > 0 && r.frames > r.longest {
		return nil, refuse(Undecodable, "the file decodes to more than %v, which no call lasts: "+
			"send it in parts", MaxDecoded)
	}
	if whole == 0 {
		return nil, io.EOF
	}
	return want[:whole*r.frame()], nil
}
