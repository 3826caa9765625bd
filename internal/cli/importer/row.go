package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// Row is one row of a table that is imported.
type Row struct {
	// Fields are its cells by the names of their columns, without the space around them.
	Fields map[string]string
	line   int
	// raw is the row as it stood there, for the file of rejects.
	raw string
	// err is why it can't be read.
	err error
}

// rows gives the rows until the file ends; what is wrong with one is in its err. An
// error while reading ends them, and is returned by fail.
func (s *table) rows(fail *error) iter.Seq[Row] {
	return func(yield func(Row) bool) {
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

func (s *table) parse(line string) Row {
	r := Row{line: s.line, raw: line}
	switch {
	case !utf8.ValidString(line):
		r.err = errors.New("is not UTF-8; save the file as UTF-8")
	case s.jsonl:
		r.Fields, r.err = s.fromJSON(line)
	default:
		r.Fields, r.err = s.fromCSV(line)
	}
	for _, name := range s.layout.Columns[:s.layout.Needed] {
		if r.err == nil && r.Fields[name] == "" {
			r.err = fmt.Errorf("%s is empty", name)
		}
	}
	return r
}

func (s *table) fromCSV(line string) (map[string]string, error) {
	row, err := files.SplitCSV(line)
	if err != nil {
		return nil, fmt.Errorf("is not readable as CSV: %w", err)
	}
	columns := s.names
	// taken off when it was mended
	if n := len(columns) - 1; len(row) == n && columns[n] == reasonColumn {
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

func (s *table) fromJSON(line string) (map[string]string, error) {
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
			return nil, fmt.Errorf("has a field %q; known are %s", name,
				strings.Join(s.layout.Columns, ", "))
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
