package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
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
	s := &source{file: f, layout: l, in: bufio.NewReaderSize(skipBOM(f), 1<<16)}
	if info, err := f.Stat(); err == nil {
		s.size = info.Size()
	}
	switch filepath.Ext(path) {
	case ".jsonl", ".ndjson":
		s.jsonl = true
		return s, nil
	}
	if err := s.readHeader(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
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
	row, err := splitCSV(line)
	if err != nil {
		return fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	for _, name := range row {
		name = strings.ToLower(strings.TrimSpace(name))
		if len(row) == 1 && strings.ContainsAny(name, ";\t") {
			return errors.New("its columns are not separated by commas")
		}
		if slices.Contains(s.names, name) {
			return fmt.Errorf("column %q is there twice", name)
		}
		if name != reasonColumn && !slices.Contains(s.layout.columns, name) {
			return fmt.Errorf("column %q is not known; the columns are %s", name, strings.Join(s.layout.columns, ", "))
		}
		s.names = append(s.names, name)
	}
	for _, name := range s.layout.columns[:s.layout.needed] {
		if !slices.Contains(s.names, name) {
			return fmt.Errorf("the column %q is missing; needed are %s", name, strings.Join(s.layout.columns[:s.layout.needed], ", "))
		}
	}
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
	if len(row) != len(s.names) {
		return nil, fmt.Errorf("has %d columns, not %d as the first line", len(row), len(s.names))
	}
	fields := make(map[string]string, len(row))
	for i, v := range row {
		fields[s.names[i]] = strings.TrimSpace(v)
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
	fields := make(map[string]string, len(object))
	for name, v := range object {
		if name == reasonColumn {
			continue
		}
		if !slices.Contains(s.layout.columns, name) {
			return nil, fmt.Errorf("has a field %q; known are %s", name, strings.Join(s.layout.columns, ", "))
		}
		switch v := v.(type) {
		case nil:
		case string:
			fields[name] = strings.TrimSpace(v)
		case json.Number, bool:
			fields[name] = fmt.Sprint(v)
		default:
			return nil, fmt.Errorf("%s is neither text nor a number", name)
		}
	}
	return fields, nil
}

// reasonColumn is the column of rejects that says why. An import passes over it.
const reasonColumn = "rejected_because"

// rejects is a file of the rows that were not taken, in the form of the file they come
// from with a column more that says why; so it can be mended and imported again.
type rejects struct {
	path  string
	jsonl bool
	names []string
	file  *os.File
	n     int
}

// newRejects prepares a file that is made when there is something to put into it.
func newRejects(path string, s *source) *rejects {
	names := slices.DeleteFunc(slices.Clone(s.names), func(name string) bool { return name == reasonColumn })
	return &rejects{path: path, jsonl: s.jsonl, names: names}
}

func (r *rejects) add(rec record, why string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("the file of rejects: %w", err)
		}
	}()
	if r.file == nil {
		// Exclusively: an earlier file of rejects may not have been looked at yet.
		r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already; move it away or name another with --rejects", r.path)
		}
		if err != nil {
			return err
		}
		if !r.jsonl {
			if _, err := fmt.Fprintln(r.file, joinCSV(append(slices.Clone(r.names), reasonColumn))); err != nil {
				return err
			}
		}
	}
	r.n++
	_, err = fmt.Fprintln(r.file, r.row(rec, why))
	return err
}

func (r *rejects) row(rec record, why string) string {
	switch {
	case r.jsonl && rec.fields == nil:
		return toJSON(map[string]string{"line": rec.raw, reasonColumn: why})
	case r.jsonl:
		fields := maps.Clone(rec.fields)
		fields[reasonColumn] = why
		return toJSON(fields)
	case rec.fields == nil:
		return rec.raw + "," + joinCSV([]string{why})
	}
	var row []string
	for _, name := range r.names {
		row = append(row, rec.fields[name])
	}
	return joinCSV(append(row, why))
}

func toJSON(fields map[string]string) string {
	b, _ := json.Marshal(fields) // strings always do
	return string(b)
}

// joinCSV is a row without its end.
func joinCSV(row []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(row) // a Builder takes all
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// close ends the file; it is nil where nothing was rejected.
func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
