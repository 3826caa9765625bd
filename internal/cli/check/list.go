package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

// list is a campaign list that is read message by message: a number a line, or CSV. A
// workbook is CSV by then.
type list struct {
	in        *sheet.Text
	separator byte
	index     int    // of the column that holds the number, from 0
	header    []byte // the first line, where it names the columns
	held      []byte // the first line, where it is none
	line      int
}

// openList reads the first line, and keeps it as a header where it names the columns.
// Column is a name, or a number from 1; "" is the one whose name says that it holds numbers,
// or else the first.
func openList(in *sheet.Text, column string) (*list, error) {
	l := &list{in: in, separator: ','}
	first, err := l.readLine()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if separator, ok := sheet.NamedSeparator(withoutEnd(first)); ok && !in.Book {
		l.separator, l.header = separator, bytes.Clone(first)
		if first, err = l.readLine(); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	} else if !in.Book {
		l.separator = sheet.SeparatorOf(withoutEnd(first), func(cell string) bool {
			return sheet.IsNumberName(cell) || sheet.LooksLikeNumber(cell) || isColumn(cell, column)
		})
	}
	if err := l.begin(first, column); err != nil {
		return nil, err
	}
	return l, nil
}

// begin takes the first line of the table.
func (l *list) begin(first []byte, column string) error {
	cells, err := sheet.Split(withoutEnd(first), l.separator)
	if err != nil {
		return fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	named, err := l.choose(column, cells)
	if err != nil {
		return err
	}
	if named || namesColumns(cells) {
		l.header = append(l.header, withEnd(first)...)
	} else if first != nil {
		l.held, l.line = first, l.line-1
	}
	return nil
}

func withoutEnd(line []byte) string { return strings.TrimRight(string(line), "\r\n") }

// isColumn tells whether a cell of the first line is the name that somebody typed.
func isColumn(cell, column string) bool {
	return column != "" && strings.EqualFold(sheet.Plain(cell), column)
}

// readLine reads a line with its end. It lasts until the next is read.
func (l *list) readLine() ([]byte, error) {
	if held := l.held; held != nil {
		l.held, l.line = nil, l.line+1
		return held, nil
	}
	line, err := l.in.ReadLine(l.line + 1)
	if err == nil {
		l.line++
	}
	return line, err
}

// withEnd is a copy of a line that has an end.
func withEnd(line []byte) []byte {
	line = bytes.Clone(line)
	if !bytes.HasSuffix(line, []byte("\n")) {
		line = append(line, '\n')
	}
	return line
}

// choose finds the column. Named says that the first line has its name.
func (l *list) choose(column string, cells []string) (named bool, err error) {
	if n, err := strconv.Atoi(column); err == nil {
		if n < 1 || n > len(cells) {
			return false, fmt.Errorf("--column %d: the first line has %d columns", n, len(cells))
		}
		l.index = n - 1
		return false, nil
	}
	if column == "" {
		return l.byItself(cells)
	}
	l.index = slices.IndexFunc(cells, func(c string) bool { return isColumn(c, column) })
	switch {
	case l.index >= 0:
		return true, nil
	case len(cells) == 0:
		return false, fmt.Errorf("--column %q: there is no first line that names it", column)
	}
	return false, fmt.Errorf("--column %q: the columns of the first line are %s", column,
		strings.Join(cells, ", "))
}

// byItself finds the column whose name says that it holds numbers. Where several do, to
// take the wrong one would let the others pass unasked.
func (l *list) byItself(cells []string) (named bool, err error) {
	at := sheet.NumberColumns(cells)
	switch {
	case len(at) > 1:
		return false, fmt.Errorf("the columns %q and %q could both hold the numbers; say which "+
			"with --column", cells[at[0]], cells[at[1]])
	case len(at) == 1:
		l.index = at[0]
	}
	return len(at) == 1, nil
}
