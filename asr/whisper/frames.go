package whisper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame on the pipe: four bytes of length (little-endian; of what follows), one of
// kind, then the payload. Parent and child are the same program, so there is one
// version of it all, told in the first frame each way to be sure.
const protocolVersion = 1

type frameKind byte

const (
	frameHello   frameKind = iota + 1 // parent: version byte, JSON of hello
	frameReady                        // child: version byte, JSON of ready
	frameFailed                       // child: version byte, JSON of failed; the child then ends
	frameRequest                      // parent: id, slots, samples
	frameCancel                       // parent: id
	frameReply                        // child: id, JSON of phrases
	frameError                        // child: id, message
	frameSound                        // parent: as a request, for its voices
	frameVoices                       // child: id, a byte a probability
)

func (k frameKind) valid() bool { return k >= frameHello && k <= frameVoices }

// maxFrame bounds a frame: 30 s of samples are 1.92 MB.
const maxFrame = 4 << 20

// errFrame marks bytes that are no frame: the stream can't be followed any further.
var errFrame = errors.New("whisper: damaged message between the server and its speech process")

type frame struct {
	kind    frameKind
	payload []byte
}

// encodeFrame makes the bytes of a frame, ready to be written in one go.
func encodeFrame(kind frameKind, payload []byte) []byte {
	b := make([]byte, 5, 5+len(payload))
	binary.LittleEndian.PutUint32(b, uint32(1+len(payload)))
	b[4] = byte(kind)
	return append(b, payload...)
}

// readFrame reads one frame. At a clean end of the stream it returns io.EOF, within a
// frame io.ErrUnexpectedEOF.
func readFrame(r io.Reader) (frame, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return frame{}, err
	}
	n := binary.LittleEndian.Uint32(head[:4])
	if n < 1 || n > maxFrame {
		return frame{}, fmt.Errorf("%w: a frame of %d bytes", errFrame, n)
	}
	if _, err := io.ReadFull(r, head[4:]); err != nil {
		return frame{}, unexpected(err)
	}
	f := frame{kind: frameKind(head[4])}
	if !f.kind.valid() {
		return frame{}, fmt.Errorf("%w: kind %d", errFrame, f.kind)
	}
	f.payload = make([]byte, n-1)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, unexpected(err)
	}
	return f, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
