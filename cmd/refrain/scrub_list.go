package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// list is a campaign list that is read message by message: a number a line, or CSV.
type list struct {
	in     *bufio.Reader
	index  int    // of the column that holds the number, from 0
	header []byte // the first line, where it names the columns
	line   int
	read   int64
}

// flight is a message that waits for its answer: lines as they stand in the list, with
// an end each.
type flight struct {
	lines []byte
	ends  []int
	// places are the lines' places in the file, counted from 1.
	places  []int
	numbers []string
	// read is how many bytes of the file were read when it was filled.
	read int64
}

// between gives the lines from the one up to before the other.
func (f *flight) between(from, to int) []byte {
	start, end := 0, 0
	if from > 0 {
		start = f.ends[from-1]
	}
	if to > 0 {
		end = f.ends[to-1]
	}
	return f.lines[start:end]
}

// openList reads the first line, and keeps it as a header where it names the columns.
// Column is a name, or a number from 1; "" is the first.
func openList(r io.Reader, column string) (*list, error) {
	in, err := plainText(r, maxRow)
	if err != nil {
		return nil, err
	}
	l := &list{in: in}
	first, err := in.Peek(maxRow)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	end := bytes.IndexByte(first, '\n') + 1
	if end == 0 {
		end = len(first)
	}
	cells, err := splitCSV(string(bytes.TrimRight(first[:end], "\r\n")))
	if err != nil && !errors.Is(err, io.EOF) { // which is an empty line
		return nil, fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	named, err := l.choose(column, cells)
	if err != nil {
		return nil, err
	}
	if named || namesColumns(cells) {
		l.header, l.line, l.read = bytes.Clone(first[:end]), 1, int64(end)
		if l.header[end-1] != '\n' {
			l.header = append(l.header, '\n')
		}
		_, err = in.Discard(end)
	}
	return l, err
}

// choose finds the column. Named tells that the first line has its name.
func (l *list) choose(column string, cells []string) (named bool, err error) {
	if len(cells) == 1 && strings.ContainsAny(cells[0], ";\t") {
		return false, errors.New("its columns are not separated by commas")
	}
	if n, err := strconv.Atoi(column); err == nil {
		if n < 1 || n > len(cells) {
			return false, fmt.Errorf("--column %d: the first line has %d columns", n, len(cells))
		}
		l.index = n - 1
		return false, nil
	}
	for i, name := range cells {
		if column != "" && strings.EqualFold(strings.TrimSpace(name), column) {
			l.index = i
			return true, nil
		}
	}
	switch {
	case column != "" && len(cells) == 0:
		return false, fmt.Errorf("--column %q: there is no first line that names it", column)
	case column != "":
		return false, fmt.Errorf("--column %q: the columns of the first line are %s", column, strings.Join(cells, ", "))
	}
	return false, nil
}

// fewDigits are too few for a number that somebody could dial.
const fewDigits = 5

// namesColumns tells a line that names columns from one with a number in any of its
// cells: taken for the former, it would pass unasked.
func namesColumns(cells []string) bool {
	for _, cell := range cells {
		digits := 0
		for _, r := range cell {
			if r >= '0' && r <= '9' || r >= '０' && r <= '９' {
				digits++
			}
		}
		if digits >= fewDigits {
			return false
		}
	}
	return strings.TrimSpace(strings.Join(cells, "")) != ""
}

// fill reads up to a message's worth of lines. Empty ones are dropped. At the end of the
// list the flight stays empty.
func (l *list) fill(f *flight) error {
	f.lines, f.ends, f.places, f.numbers = f.lines[:0], f.ends[:0], f.places[:0], f.numbers[:0]
	for len(f.ends) < checkBatch {
		line, err := l.in.ReadSlice('\n')
		l.line++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d is longer than %d bytes", l.line, maxRow)
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		l.read += int64(len(line))
		if len(bytes.TrimSpace(line)) > 0 {
			f.lines = append(f.lines, line...)
			if line[len(line)-1] != '\n' {
				f.lines = append(f.lines, '\n')
			}
			f.ends, f.places = append(f.ends, len(f.lines)), append(f.places, l.line)
		}
		if err != nil {
			break
		}
	}
	f.read = l.read
	text, start := string(f.lines), 0 // one copy for all numbers of the message
	for _, end := range f.ends {
		f.numbers = append(f.numbers, cellOf(text[start:end], l.index))
		start = end
	}
	return nil
}

// cellOf is the cell of a line of CSV, without the space around it; "" where the line
// has not so many, or is not readable so far. A quote within a cell that does not begin
// with one is a character like any other, as most programs have it.
func cellOf(line string, index int) string {
	line = strings.TrimRight(line, "\r\n")
	for ; ; index-- {
		cell, rest, more := firstCell(strings.TrimLeftFunc(line, unicode.IsSpace))
		switch {
		case index == 0:
			return wellFormed(strings.TrimSpace(cell))
		case !more:
			return ""
		}
		line = rest
	}
}

// firstCell takes a line apart at its first comma that is not within quotes. More tells
// that there is one.
func firstCell(line string) (cell, rest string, more bool) {
	if strings.HasPrefix(line, `"`) {
		return quoted(line[1:])
	}
	return strings.Cut(line, ",")
}

// quoted is firstCell behind the first quote. The cell is "" where the last is missing,
// or has something behind it.
func quoted(line string) (cell, rest string, more bool) {
	for {
		i := strings.IndexByte(line, '"')
		if i < 0 {
			return "", "", false
		}
		cell += line[:i]
		switch line = line[i+1:]; {
		case line == "":
			return cell, "", false
		case line[0] == ',':
			return cell, line[1:], true
		case line[0] != '"': // two stand for one
			return "", "", false
		}
		cell, line = cell+`"`, line[1:]
	}
}

// wellFormed takes out what is not UTF-8: it can't be sent, and is in no number.
func wellFormed(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\ufffd")
}
