package audio

import (
	"bytes"
	"errors"
	"io"
)

// Prefix reads two recordings side by side and reports whether a's samples, byte for byte,
// are how b's begin, and how many frames each has. Both are read as far as they agree, or
// b to its end. The error is an *Error where one of them is no recording that is read here.
func Prefix(a, b io.Reader) (is bool, framesA, framesB int64, err error) {
	var r [2]*Reader
	for i, from := range []io.Reader{a, b} {
		if r[i], err = NewReader(from); err != nil {
			return false, 0, 0, err
		}
	}
	if r[0].format != r[1].format {
		return false, 0, 0, nil
	}
	for {
		rawA, errA := nextRaw(r[0])
		rawB, errB := nextRaw(r[1])
		if err := errors.Join(errA, errB); err != nil {
			return false, 0, 0, err
		}
		switch {
		case !bytes.HasPrefix(rawB, rawA):
			return false, r[0].frames, r[1].frames, nil
		case len(rawB) == 0:
			return true, r[0].frames, r[1].frames, nil
		}
	}
}

// nextRaw reads the next block of samples; none at the end.
func nextRaw(r *Reader) ([]byte, error) {
	raw, err := r.raw(len(r.buf))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return raw, err
}
