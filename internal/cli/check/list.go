package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// list is a campaign list that is read message by message: a number a line, or CSV.
type list struct {
	in     *bufio.Reader
	index  int    // of the column that holds the number, from 0
	header []byte // the first line, where it names the columns
	line   int
	read   int64
}

// openList reads the first line, and keeps it as a header where it names the columns.
// Column is a name, or a number from 1; "" is the first.
func openList(r io.Reader, column string) (*list, error) {
	in, err := files.PlainText(r, files.MaxRow)
	if err != nil {
		return nil, err
	}
	l := &list{in: in}
	first, err := in.Peek(files.MaxRow)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	end := bytes.IndexByte(first, '\n') + 1
	if end == 0 {
		end = len(first)
	}
	cells, err := files.SplitCSV(string(bytes.TrimRight(first[:end], "\r\n")))
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

// choose finds the column. Named says that the first line has its name.
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
		return false, fmt.Errorf("--column %q: the columns of the first line are %s", column,
			strings.Join(cells, ", "))
	}
	return false, nil
}
