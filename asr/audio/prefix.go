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
	is = true
	for is {
		rawA, errA := r[0].raw(len(r[0].buf))
		rawB, errB := r[1].raw(len(r[1].buf))
		switch {
		case errors.Is(errA, io.EOF) && errors.Is(errB, io.EOF):
			return is, r[0].frames, r[1].frames, nil
		case errA != nil && !errors.Is(errA, io.EOF):
			return false, 0, 0, errA
		case errB != nil && !errors.Is(errB, io.EOF):
			return false, 0, 0, errB
		}
		is = bytes.HasPrefix(rawB, rawA)
	}
	return false, r[0].frames, r[1].frames, nil
}
