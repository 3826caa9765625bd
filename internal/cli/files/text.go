package files

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// ByteOrderMark is what spreadsheet programs put before UTF-8.
const ByteOrderMark = "\ufeff"

// SkipByteOrderMark drops the byte order mark.
func SkipByteOrderMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if start, err := b.Peek(len(ByteOrderMark)); err == nil && string(start) == ByteOrderMark {
		_, _ = b.Discard(len(ByteOrderMark)) // they were just peeked at
	}
	return b
}

// MaxRow is the longest row of a table that is taken, in bytes.
const MaxRow = 1 << 20

// PlainText reads text without the byte order mark that it may begin with. Its buffer
// has so many bytes.
func PlainText(r io.Reader, buffer int) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, buffer)
	start, err := in.Peek(len(ByteOrderMark))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, errors.New("it is UTF-16; save the file as UTF-8")
	case string(start) == ByteOrderMark:
		_, err = in.Discard(len(ByteOrderMark))
		return in, err
	}
	return in, nil
}

// SplitCSV takes a line of CSV apart; io.EOF for an empty one.
func SplitCSV(line string) ([]string, error) {
	in := csv.NewReader(strings.NewReader(line))
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	row, err := in.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, parse.Err
	}
	return row, err
}
