package sheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Row is one row of a table.
type Row struct {
	// Fields are its cells by their columns, without what is only there for spreadsheets.
	Fields map[string]string
	// Place is its line, or its row in a workbook, from 1.
	Place int
	// Raw is the row as it stood there, and Cells are its cells; nil where they could not
	// be told.
	Raw   string
	Cells []string
	// Err is why it can't be read.
	Err error
}

// Rows gives the rows until the file ends; what is wrong with one is in its Err. An error
// while reading ends them, and is returned by fail.
func (t *Table) Rows(fail *error) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for {
			line, err := t.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				*fail = err
				return
			}
			if !t.nothing(line) && !yield(t.parse(line)) {
				return
			}
		}
	}
}

// nothing tells lines without a row; a workbook has them behind its last one, too.
func (t *Table) nothing(line string) bool {
	return strings.TrimSpace(line) == "" || t.Book && empty(line)
}

func (t *Table) parse(line string) Row {
	r := Row{Place: t.place, Raw: line}
	switch {
	case !utf8.ValidString(line):
		r.Err = errors.New("is not UTF-8; save the file as UTF-8")
	case !t.Encoding.IsUTF8() && strings.ContainsRune(line, utf8.RuneError):
		r.Err = fmt.Errorf("has what is not %s; name the file's --encoding", t.Encoding.Name)
	case t.jsonl:
		r.Fields, r.Err = t.fromJSON(line)
	default:
		r.Fields, r.Err = t.fromCSV(line, &r)
	}
	t.plainNumbers(&r)
	for _, name := range t.layout.Columns[:t.layout.Needed] {
		text, there := r.Fields[name]
		switch {
		case r.Err != nil || text != "" || there && t.layout.Blank:
		case t.layout.Blank:
			r.Err = fmt.Errorf("%s is missing", name)
		default:
			r.Err = fmt.Errorf("%s is empty", name)
		}
	}
	return r
}

func (t *Table) plainNumbers(r *Row) {
	for _, name := range t.layout.Numbers {
		text := r.Fields[name]
		if text == "" || r.Err != nil {
			continue
		}
		if r.Fields[name], r.Err = Number(text); r.Err != nil {
			r.Err = fmt.Errorf("%s %q %w", name, text, r.Err)
		}
	}
}

func (t *Table) fromCSV(line string, r *Row) (map[string]string, error) {
	row, err := Split(line, t.separator)
	if err != nil {
		return nil, fmt.Errorf("is not readable as CSV: %w", err)
	}
	cells, ok := t.fit(row)
	if !ok {
		return nil, fmt.Errorf("has %d columns, not %d as the first line", len(row), len(t.names))
	}
	r.Cells = cells
	fields := make(map[string]string, len(cells))
	for i, v := range cells {
		if c := t.columns[i]; c != "" && c != ReasonColumn {
			fields[c] = Plain(v)
		}
	}
	return fields, nil
}

// fit makes a row as wide as the line of names. What a row has more or less must be empty;
// what it lacks, nobody wrote: only workbooks leave out what is empty at the end, whoever
// mended a rejected row the reason, and a switch what its form ends with.
func (t *Table) fit(row []string) ([]string, bool) {
	have, want := len(row), len(t.names)
	for have > want && strings.TrimSpace(row[have-1]) == "" {
		have--
	}
	row = row[:have]
	for ; have < want && t.mayLack(have); have++ {
		row = append(row, "")
	}
	return row, have == want
}

// mayLack tells whether a row may end before a column.
func (t *Table) mayLack(column int) bool {
	if t.Book || t.form != "" {
		return true
	}
	for i, c := range t.columns[column:] {
		nameless := c == "" && strings.TrimSpace(t.names[column+i]) == ""
		if c != ReasonColumn && !nameless {
			return false
		}
	}
	return true
}

// jsonColumns are the columns of objects by the names of their fields.
type jsonColumns map[string]header

func (t *Table) fromJSON(line string) (map[string]string, error) {
	object, err := objectOf(line)
	if err != nil {
		return nil, err
	}
	names := sortedKeys(object)
	columns, err := t.columnsOf(names)
	if err != nil {
		return nil, err
	}
	if columns.none() {
		return nil, fmt.Errorf("has none of the fields %s", strings.Join(t.layout.Columns, ", "))
	}
	fields := make(map[string]string, len(object))
	for i, name := range names {
		if columns[i] == "" || columns[i] == ReasonColumn {
			continue
		}
		switch v := object[name].(type) {
		case nil:
			if t.layout.Blank { // it is there, and says nothing
				fields[columns[i]] = ""
			}
		case string:
			fields[columns[i]] = Plain(v)
		case json.Number:
			fields[columns[i]] = v.String()
		default:
			return nil, fmt.Errorf("%s is neither text nor a number", name)
		}
	}
	return fields, nil
}

// objectOf reads a line that is a JSON object and nothing more.
func objectOf(line string) (object map[string]any, err error) {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, errors.New("is no JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something behind its JSON object")
	}
	return object, nil
}

func sortedKeys(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

// maxShapes is how many kinds of objects are remembered.
const maxShapes = 1000

func (t *Table) columnsOf(names []string) (header, error) {
	shape := strings.Join(names, "\x00")
	if h, ok := t.json[shape]; ok {
		return h, nil
	}
	h, err := t.layout.resolve(names, t.maps, false)
	if err != nil {
		return nil, err
	}
	if len(t.json) < maxShapes {
		if len(t.json) == 0 {
			t.noteOver(h.passedOver(names))
		}
		t.json[shape] = h
	}
	return h, nil
}
