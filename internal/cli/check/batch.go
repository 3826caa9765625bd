package check

import (
	"bytes"
	"errors"
	"io"
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
		line, err := l.readLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if l.nothing(line) {
			continue
		}
		b.lines = append(b.lines, line...)
		if line[len(line)-1] != '\n' {
			b.lines = append(b.lines, '\n')
		}
		b.ends, b.places = append(b.ends, len(b.lines)), append(b.places, l.line)
	}
	b.read = l.in.Taken()
	text, start := string(b.lines), 0 // one copy for all numbers of the message
	for _, end := range b.ends {
		b.numbers = append(b.numbers, cellOf(text[start:end], l.separator, l.index))
		start = end
	}
	return nil
}

// nothing tells lines that hold nothing; a workbook's rows may go on as commas alone.
func (l *list) nothing(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) == 0 || l.in.Book && len(bytes.Trim(line, ",")) == 0
}
