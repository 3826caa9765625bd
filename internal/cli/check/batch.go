package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// batch is a message of a list: its lines as they stand there, with an end each.
type batch struct {
	lines []byte
	ends  []int
	// places are the lines' places in the file, counted from 1.
	places  []int
	numbers []string
	// read is how many bytes of the file were read when it was filled.
	read int64
}

// between gives the lines from the one up to before the other.
func (b *batch) between(from, to int) []byte {
	start, end := 0, 0
	if from > 0 {
		start = b.ends[from-1]
	}
	if to > 0 {
		end = b.ends[to-1]
	}
	return b.lines[start:end]
}

// fill reads up to a message's worth of lines. Empty ones are dropped. At the end of the
// list the batch stays empty.
func (l *list) fill(b *batch) error {
	b.lines, b.ends, b.places, b.numbers = b.lines[:0], b.ends[:0], b.places[:0], b.numbers[:0]
	for len(b.ends) < batchSize {
		line, err := l.in.ReadSlice('\n')
		l.line++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d is longer than %d bytes", l.line, files.MaxRow)
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		l.read += int64(len(line))
		if len(bytes.TrimSpace(line)) > 0 {
			b.lines = append(b.lines, line...)
			if line[len(line)-1] != '\n' {
				b.lines = append(b.lines, '\n')
			}
			b.ends, b.places = append(b.ends, len(b.lines)), append(b.places, l.line)
		}
		if err != nil {
			break
		}
	}
	b.read = l.read
	text, start := string(b.lines), 0 // one copy for all numbers of the message
	for _, end := range b.ends {
		b.numbers = append(b.numbers, cellOf(text[start:end], l.index))
		start = end
	}
	return nil
}
