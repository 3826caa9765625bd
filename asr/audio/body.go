package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// tailIDs are chunks known to follow samples. Other names are believed only where
// the outermost size has room for them: four printable bytes also occur in sound
// (A-law silence is a row of 'U').
var tailIDs = []string{
	"LIST", "fact", "bext", "cue ", "plst", "smpl", "inst", "labl", "note", "ltxt", "adtl", "id3 ",
	"ID3 ",
	"iXML", "axml", "_PMX", "JUNK", "junk", "PAD ", "FLLR", "PEAK", "afsp", "cart", "acid", "strc",
	"umid",
	"minf", "elm1", "regn", "levl", "DISP", "chna", "link", "r64m", "SAUR",
}

// body is the bytes of the samples. Where a header's size says that they end but
// the file goes on with something that is no chunk, the header is stale (the
// recorder died before it corrected it) and the rest is sound too. Where another WAV file
// begins, which recorders that append leave behind, its samples follow.
type body struct {
	br       *bufio.Reader
	format   format
	left     int64 // bytes until the data chunk's end, -1 to the end of the file
	size     int64 // claimed size of the chunk being read
	riffLeft int64 // bytes left of the file by its outermost size
	declared int64 // claimed bytes of all data chunks; 0 unknown
	given    int64 // bytes given out
	pad      int   // zeros that complete the last frame before a joined file
	tail     bool  // a chunk that is no sound has followed the sound
	ended    bool
}

func newBody(br *bufio.Reader, h header) *body {
	b := &body{br: br, format: h.format, left: h.data, size: h.data, riffLeft: h.riffLeft}
	if h.known {
		b.declared = h.data
	}
	return b
}

func (b *body) Read(p []byte) (int, error) {
	for b.left == 0 && b.pad == 0 && !b.ended {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	var n int
	var err error
	switch {
	case b.pad > 0:
		n = min(b.pad, len(p))
		clear(p[:n])
		b.pad -= n
	case b.ended:
		return 0, io.EOF
	default:
		n, err = b.sound(p)
	}
	b.given += int64(n)
	return n, err
}

// sound reads samples up to the end of the chunk, or to where another file begins: an
// appending recorder's sizes are not to be relied on.
func (b *body) sound(p []byte) (int, error) {
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	window, err := b.br.Peek(min(len(p)+joinSize-1, b.br.Size()))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	switch at := joint(window); {
	case at == 0:
		b.cutShort()
		return 0, nil
	case at > 0:
		p = p[:min(at, len(p))]
	case err == nil: // one may begin in the last bytes
		p = p[:min(len(window)-joinSize+1, len(p))]
	}
	n := copy(p, window)
	_, _ = b.br.Discard(n) // has been peeked
	if b.left > 0 {
		b.left -= int64(n)
	}
	b.riffLeft -= int64(n)
	if len(window) == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// cutShort ends a data chunk before its claimed end.
func (b *body) cutShort() {
	if b.left > 0 {
		b.declared -= b.left
	}
	b.left = 0
}

// next decides what follows a data chunk that has been read to its claimed end:
// nothing, more chunks, another file, or more sound.
func (b *body) next() error {
	tail, err := b.br.Peek(joinSize + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the recording: %w", err)
	}
	odd := b.size%2 == 1
	switch {
	case len(tail) < 8:
		b.ended = true
	case joint(tail) == 0:
		return b.join(0)
	case odd && joint(tail) == 1:
		return b.join(1)
	case b.isChunk(tail[:8], b.riffLeft):
		return b.chunk(tail, 0)
	case odd && len(tail) > 8 && b.isChunk(tail[1:], b.riffLeft-1):
		return b.chunk(tail, 1)
	case b.tail:
		b.ended = true
	default:
		b.left = -1
	}
	return nil
}

func (b *body) isChunk(head []byte, room int64) bool {
	id := string(head[:4])
	if slices.Contains(tailIDs, id) {
		return true
	}
	return isID(head[:4]) && int64(binary.LittleEndian.Uint32(head[4:]))+8 <= room
}

// chunk goes on with a second data chunk, and passes over any other.
func (b *body) chunk(tail []byte, pad int) error {
	size := int64(binary.LittleEndian.Uint32(tail[pad+4:]))
	data := string(tail[pad:pad+4]) == "data"
	b.size = size
	if !data {
		b.tail = true
		return b.discard(int64(pad) + 8 + size)
	}
	if size == 0 {
		b.ended = true
		return nil
	}
	b.left = size
	if b.declared > 0 {
		b.declared += size
	}
	return b.discard(int64(pad) + 8)
}

// discard passes over n bytes, or to the end of the file.
func (b *body) discard(n int64) error {
	n, err := io.CopyN(io.Discard, b.br, n)
	b.riffLeft -= n
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the recording: %w", err)
	}
	return nil
}
