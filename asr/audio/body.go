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
	"minf", "elm1", "regn", "levl", "DISP", "chna", "link", "r64m", "SAUR", "RIFF",
}

// body is the bytes of the samples. Where a header's size says that they end but
// the file goes on with something that is no chunk, the header is stale (the
// recorder died before it corrected it) and the rest is sound too.
type body struct {
	br       *bufio.Reader
	left     int64 // bytes until the data chunk's end, -1 to the end of the file
	size     int64 // claimed size of the chunk being read
	riffLeft int64 // bytes left of the file by its outermost size
	declared int64 // claimed bytes of all data chunks; 0 unknown
	ended    bool
}

func newBody(br *bufio.Reader, h header) *body {
	b := &body{br: br, left: h.data, size: h.data, riffLeft: h.riffLeft}
	if h.known {
		b.declared = h.data
	}
	return b
}

func (b *body) Read(p []byte) (int, error) {
	for b.left == 0 && !b.ended {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	if b.ended {
		return 0, io.EOF
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.br.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	b.riffLeft -= int64(n)
	return n, err
}

// next decides what follows a data chunk that has been read to its claimed end:
// nothing, more chunks, or more sound.
func (b *body) next() error {
	tail, err := b.br.Peek(9)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the recording: %w", err)
	}
	pad := int(b.size % 2)
	switch {
	case len(tail) < 8:
		b.ended = true
	case b.isChunk(tail[:8], b.riffLeft):
		b.chunk(tail, 0)
	case pad == 1 && len(tail) == 9 && b.isChunk(tail[1:], b.riffLeft-1):
		b.chunk(tail, 1)
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

// chunk goes on with a second data chunk, or ends at any other.
func (b *body) chunk(tail []byte, pad int) {
	size := int64(binary.LittleEndian.Uint32(tail[pad+4:]))
	if string(tail[pad:pad+4]) != "data" || size == 0 {
		b.ended = true
		return
	}
	n, _ := b.br.Discard(pad + 8) // has been peeked
	b.riffLeft -= int64(n)
	b.left, b.size = size, size
	if b.declared > 0 {
		b.declared += size
	}
}
