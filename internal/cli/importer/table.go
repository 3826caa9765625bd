package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// Layout says which columns a table may have.
type Layout struct {
	// Columns are their names, the first so many Needed.
	Columns []string
	Needed  int
	// More are columns that may be there, too, and that no message names.
	More []string
}

func (l Layout) knows(column string) bool {
	return column == reasonColumn || slices.Contains(l.Columns, column) ||
		slices.Contains(l.More, column)
}

// table is a table that is read row by row.
type table struct {
	file   *os.File
	layout Layout
	// names are the columns of a CSV file, in its order; jsonl has none.
	names []string
	jsonl bool
	in    *bufio.Reader
	line  int
	// read counts the bytes taken, of size.
	read, size int64
}

// openTable opens a CSV file whose first line names the columns, or (by its name
// *.jsonl or *.ndjson) a file with a JSON object a line.
func openTable(path string, l Layout) (*table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &table{file: f, layout: l}
	if s.in, err = files.PlainText(f, 1<<16); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if info, err := f.Stat(); err == nil {
		s.size = info.Size()
	}
	if s.jsonl = isJSONL(path); s.jsonl {
		return s, nil
	}
	if err := s.readHeader(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func isJSONL(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".jsonl" || ext == ".ndjson"
}

func (s *table) close() { _ = s.file.Close() } // it was only read

// next reads a line without its end. A row may not go over several lines: then one
// quote too many would swallow the rest of the file.
func (s *table) next() (string, error) {
	var line []byte
	for {
		part, err := s.in.ReadSlice('\n')
		line = append(line, part...)
		s.read += int64(len(part))
		switch {
		case len(line) > files.MaxRow:
			return "", fmt.Errorf("line %d is longer than %d bytes", s.line+1, files.MaxRow)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return "", err
		}
		s.line++
		return string(bytes.TrimRight(line, "\r\n")), nil
	}
}
