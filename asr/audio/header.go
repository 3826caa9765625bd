package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The sample rates, in hertz, that are read: the telephone's to the studio's.
const (
	MinRate = 8000
	MaxRate = 48000
)

// streamedFrom is the data size from which on a RIFF header is taken for one that
// a streaming writer never corrected. Writers put the largest number they can
// think of there: 0xFFFFFFFF, 0x7FFFFFFF less a header, sox 0x7FFFF000.
const streamedFrom = 0x7FFFF000

// subFormat is what follows the tag in a WAVE_FORMAT_EXTENSIBLE GUID.
var subFormat = []byte{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}

// WAV format tags.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagALaw       = 6
	tagMuLaw      = 7
	tagExtensible = 0xFFFE
)

// header is what stands before the samples.
type header struct {
	format
	// data is the size of the samples in bytes by the header. Where it can't be
	// believed, known is false and data is 0 or, to the end of the file, -1.
	data  int64
	known bool
	// offset is how many bytes stand before the samples.
	offset int64
	// riffLeft is how many bytes of the file follow the data chunk's start
	// according to the outermost size, negative where that is no use.
	riffLeft int64
}

// format is how samples are written.
type format struct {
	codec    Codec
	rate     int
	channels int
	width    int // bytes a sample
}

func (f format) frame() int { return f.channels * f.width }

func (f format) String() string {
	return fmt.Sprintf("%d-bit %s, %d Hz, %d channel(s)", 8*f.width, f.codec, f.rate, f.channels)
}

// headerReader walks the chunks up to the samples.
type headerReader struct {
	br     *bufio.Reader
	read   int64 // bytes consumed
	riff   int64 // size of the whole by the outermost header, 0 unknown
	ds64   int64 // data size by the ds64 chunk, -1 where there is none
	rf64   bool
	format *format
}

func readHeader(br *bufio.Reader) (header, error) {
	p := headerReader{br: br, ds64: -1}
	if err := p.start(); err != nil {
		return header{}, err
	}
	for {
		id, size, err := p.chunk()
		if err != nil {
			return header{}, err
		}
		switch id {
		case "data":
			return p.data(size)
		case "fmt ":
			err = p.fmt(size)
		case "ds64":
			err = p.sizes(size)
		default:
			err = p.skip(size, size)
		}
		if err != nil {
			return header{}, err
		}
	}
}

// start reads the outermost header.
func (p *headerReader) start() error {
	head, err := p.br.Peek(16)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the recording: %w", err)
	}
	if len(head) == 0 {
		return refuse(NoSamples, "the file is empty: send the recording once the recorder has "+
			"written it")
	}
	wav := len(head) >= 12 && string(head[8:12]) == "WAVE"
	switch id := string(head[:min(4, len(head))]); {
	case wav && id == "RIFF":
	case wav && (id == "RF64" || id == "BW64"):
		p.rf64 = true
	case len(head) < 12 && id == "RIFF":
		return refuse(NoSamples, "the file ends within its WAV header: send the recording once "+
			"the recorder has written it")
	default:
		if more, err := p.br.Peek(p.br.Size()); err == nil || errors.Is(err, io.EOF) {
			head = more
		}
		return refuseOther(head)
	}
	if size := binary.LittleEndian.Uint32(head[4:]); size < streamedFrom {
		p.riff = int64(size) + 8
	}
	return p.discard(12)
}

// chunk reads a chunk's id and size.
func (p *headerReader) chunk() (string, int64, error) {
	var b [8]byte
	n, err := fill(p.br, b[:])
	if err != nil {
		return "", 0, err
	}
	p.read += int64(n)
	if n < len(b) {
		return "", 0, p.noData()
	}
	return string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:])), nil
}

func (p *headerReader) noData() error {
	return refuse(NoSamples, "the WAV file ends before any samples: send the recording once the "+
		"recorder has written it")
}

// fmt reads the format chunk; where there are several, the last one counts.
func (p *headerReader) fmt(size int64) error {
	if size < 16 {
		return badHeader("fmt chunk size", "%d bytes, at least 16 are needed", size)
	}
	b := make([]byte, min(size, 40))
	n, err := fill(p.br, b)
	if err != nil {
		return err
	}
	p.read += int64(n)
	if n < len(b) {
		return p.noData()
	}
	f, err := parseFormat(b)
	if err != nil {
		return err
	}
	p.format = &f
	return p.skip(size-int64(n), size)
}

// sizes reads RF64's 64-bit sizes.
func (p *headerReader) sizes(size int64) error {
	var b [24]byte
	if size < int64(len(b)) {
		return badHeader("ds64 chunk size", "%d bytes, at least 24 are needed", size)
	}
	n, err := fill(p.br, b[:])
	if err != nil {
		return err
	}
	p.read += int64(n)
	if n < len(b) {
		return p.noData()
	}
	if riff := binary.LittleEndian.Uint64(b[0:]); p.rf64 && riff < 1<<62 {
		p.riff = int64(riff) + 8
	}
	if data := binary.LittleEndian.Uint64(b[8:]); data < 1<<62 {
		p.ds64 = int64(data)
	}
	return p.skip(size-int64(n), size)
}

// data makes the header when the samples have been reached.
func (p *headerReader) data(size int64) (header, error) {
	if p.format == nil {
		return header{}, badHeader("fmt chunk", "missing before the data chunk")
	}
	h := header{format: *p.format, data: size, known: size > 0 && size < streamedFrom,
		offset: p.read, riffLeft: p.riff - p.read}
	if p.rf64 && size == 0xFFFFFFFF {
		h.data, h.known = max(p.ds64, 0), p.ds64 > 0
	}
	if !h.known && h.data >= streamedFrom {
		h.data = -1
	}
	return h, nil
}

// skip passes over the rest of a chunk of the given whole size, and over the byte
// that pads an odd one, which some writers forget.
func (p *headerReader) skip(rest, whole int64) error {
	if err := p.discard(rest); err != nil || whole%2 == 0 {
		return err
	}
	next, err := p.br.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the recording: %w", err)
	}
	if len(next) == 4 && isID(next) {
		return nil
	}
	return p.discard(1)
}

func (p *headerReader) discard(n int64) error {
	got, err := io.CopyN(io.Discard, p.br, n)
	p.read += got
	if errors.Is(err, io.EOF) {
		return p.noData()
	}
	if err != nil {
		return fmt.Errorf("reading the recording: %w", err)
	}
	return nil
}

// isID reports whether b could be a chunk's name: printable ASCII.
func isID(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
}

// fill reads until b is full or the source ends, which is no error here.
func fill(r io.Reader, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := r.Read(b[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("reading the recording: %w", err)
		}
	}
	return n, nil
}
