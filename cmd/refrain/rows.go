package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxRow is the longest row taken, in bytes.
const maxRow = 1 << 20

// record is one row of a table that is imported, by the names of its columns.
type record struct {
	line   int
	fields map[string]string
	// raw is the row as it stood there, for the file of rejects.
	raw string
	// err tells why it can't be read.
	err error
}

// layout says which columns a table may have; the needed ones come first.
type layout struct {
	columns []string
	needed  int
	// more are columns that may be there, too, and that nobody is told of.
	more []string
}

func (l layout) knows(column string) bool {
	return column == reasonColumn || slices.Contains(l.columns, column) || slices.Contains(l.more, column)
}

// source is a table that is read row by row.
type source struct {
	file   *os.File
	layout layout
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
func openTable(path string, l layout) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &source{file: f, layout: l}
	if s.in, err = plainText(f, 1<<16); err != nil {
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

// plainText reads text without the byte order mark that it may begin with. Its buffer
// has so many bytes.
func plainText(r io.Reader, buffer int) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, buffer)
	start, err := in.Peek(len(byteOrderMark))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, errors.New("it is UTF-16; save the file as UTF-8")
	case string(start) == byteOrderMark:
		_, err = in.Discard(len(byteOrderMark))
		return in, err
	}
	return in, nil
}

func (s *source) close() { _ = s.file.Close() } // it was only read

func (s *source) readHeader() error {
	line, err := s.next()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it is empty; its first line must name the columns, such as %s", strings.Join(s.layout.columns, ","))
	}
	if err != nil {
		return err
	}
	if !utf8.ValidString(line) {
		return errors.New("its first line is not UTF-8; save the file as UTF-8")
	}
	row, err := splitCSV(line)
	if err != nil {
		return fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	if len(row) == 1 && strings.ContainsAny(row[0], ";\t") {
		return errors.New("its columns are not separated by commas")
	}
	for i, name := range row {
		if err := s.addColumn(i, strings.ToLower(strings.TrimSpace(name))); err != nil {
			return err
		}
	}
	needed := s.layout.columns[:s.layout.needed]
	for _, name := range needed {
		if !slices.Contains(s.names, name) {
			return fmt.Errorf("the column %q is missing; needed are %s", name, strings.Join(needed, ", "))
		}
	}
	return nil
}

func (s *source) addColumn(i int, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("column %d of its first line has no name", i+1)
	case slices.Contains(s.names, name):
		return fmt.Errorf("column %q is there twice", name)
	case !s.layout.knows(name):
		return fmt.Errorf("column %q is not known; the columns are %s", name, strings.Join(s.layout.columns, ", "))
	}
	s.names = append(s.names, name)
	return nil
}

// next reads a line without its end. A row may not go over several lines: then one
// quote too many would swallow the rest of the file.
func (s *source) next() (string, error) {
	var line []byte
	for {
		part, err := s.in.ReadSlice('\n')
		line = append(line, part...)
		s.read += int64(len(part))
		switch {
		case len(line) > maxRow:
			return "", fmt.Errorf("line %d is longer than %d bytes", s.line+1, maxRow)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return "", err
		}
		s.line++
		return string(bytes.TrimRight(line, "\r\n")), nil
	}
}

// records gives the rows until the file ends; what is wrong with one is in its err. An
// error while reading ends them, and is returned by fail.
func (s *source) records(fail *error) iter.Seq[record] {
	return func(yield func(record) bool) {
		for {
			line, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				*fail = fmt.Errorf("%s: %w", s.file.Name(), err)
				return
			}
			if strings.TrimSpace(line) != "" && !yield(s.parse(line)) {
				return
			}
		}
	}
}

func (s *source) parse(line string) record {
	r := record{line: s.line, raw: line}
	switch {
	case !utf8.ValidString(line):
		r.err = errors.New("is not UTF-8; save the file as UTF-8")
	case s.jsonl:
		r.fields, r.err = s.fromJSON(line)
	default:
		r.fields, r.err = s.fromCSV(line)
	}
	for _, name := range s.layout.columns[:s.layout.needed] {
		if r.err == nil && r.fields[name] == "" {
			r.err = fmt.Errorf("%s is empty", name)
		}
	}
	return r
}

func splitCSV(line string) ([]string, error) {
	in := csv.NewReader(strings.NewReader(line))
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	row, err := in.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, parse.Err
	}
	return row, err
}

func (s *source) fromCSV(line string) (map[string]string, error) {
	row, err := splitCSV(line)
	if err != nil {
		return nil, fmt.Errorf("is not readable as CSV: %w", err)
	}
	columns := s.names
	if n := len(columns) - 1; len(row) == n && columns[n] == reasonColumn { // taken off when it was mended
		columns = columns[:n]
	}
	if len(row) != len(columns) {
		return nil, fmt.Errorf("has %d columns, not %d as the first line", len(row), len(columns))
	}
	fields := make(map[string]string, len(row))
	for i, v := range row {
		fields[columns[i]] = strings.TrimSpace(v)
	}
	return fields, nil
}

func (s *source) fromJSON(line string) (map[string]string, error) {
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, errors.New("is no JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something behind its JSON object")
	}
	fields := make(map[string]string, len(object))
	for name, v := range object {
		if name == reasonColumn {
			continue
		}
		if !s.layout.knows(name) {
			return nil, fmt.Errorf("has a field %q; known are %s", name, strings.Join(s.layout.columns, ", "))
		}
		switch v := v.(type) {
		case nil:
		case string:
			fields[name] = strings.TrimSpace(v)
		case json.Number:
			fields[name] = v.String()
		default:
			return nil, fmt.Errorf("%s is neither text nor a number", name)
		}
	}
	return fields, nil
}
