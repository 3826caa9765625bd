package audio

import (
	"bytes"
	"errors"
	"time"
)

// joinSize is how many bytes it takes to recognise the beginning of a WAV file.
const joinSize = 12

// joint finds where in b another WAV file begins, -1 where none does. Its twelve bytes
// don't occur in sound.
func joint(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte("RIFF"))
		if i < 0 || at+i+joinSize > len(b) {
			return -1
		}
		at += i
		if string(b[at+8:at+joinSize]) == "WAVE" {
			return at
		}
	}
}

// join goes on with the WAV file that begins here, after the odd byte's padding.
func (b *body) join(padding int64) error {
	if err := b.discard(padding); err != nil {
		return err
	}
	h, err := readHeader(b.br)
	if bad, ok := errors.AsType[*Error](err); ok {
		if bad.Kind == NoSamples { // begun, and nothing written yet
			b.ended = true
			return nil
		}
		return &Error{Kind: bad.Kind, Field: bad.Field, text: b.at() + "which can't be used (" +
			bad.text + "): send the two as parts of their own"}
	}
	if err != nil {
		return err
	}
	if h.format != b.format {
		return refuse(OtherFormat, "%swith %s, unlike the first with %s: send the two as parts "+
			"of their own", b.at(), h.format, b.format)
	}
	frame := int64(b.format.frame())
	b.pad = int((frame - b.given%frame) % frame)
	b.left, b.size, b.riffLeft, b.tail = h.data, h.data, h.riffLeft, false
	if b.declared > 0 && h.known {
		b.declared += h.data
	} else {
		b.declared = 0
	}
	return nil
}

// at begins a refusal of a joined file.
func (b *body) at() string {
	frames := b.given / int64(b.format.frame())
	return "after " + frameTime(frames, b.format.rate).Round(time.Millisecond).String() +
		" another recording follows in the same file, "
}
