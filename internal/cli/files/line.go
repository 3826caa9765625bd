package files

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// MaxLine is the longest line that ReadLine gives, in bytes.
const MaxLine = 1 << 20

// ErrTooLong is the error of ReadLine about a longer line.
var ErrTooLong = errors.New("line too long")

// ReadLine reads a line without its end; io.EOF where there is none, ErrTooLong where
// it is longer than MaxLine, which skips it.
func ReadLine(in *bufio.Reader) (string, error) {
	var line strings.Builder
	for tooLong := false; ; {
		part, err := in.ReadSlice('\n')
		if line.Len()+len(part) > MaxLine+len("\r\n") {
			tooLong = true
		} else {
			line.Write(part)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (line.Len() > 0 || tooLong), err == nil:
		default:
			return "", err
		}
		text := strings.TrimSuffix(strings.TrimSuffix(line.String(), "\n"), "\r")
		if tooLong || len(text) > MaxLine {
			return "", ErrTooLong
		}
		return text, nil
	}
}
