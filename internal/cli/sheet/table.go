package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table is a table that is read row by row.
type Table struct {
	*Text
	layout Layout
	maps   []mapping
	// names are the columns as they stand there, and columns what they are; JSON lines
	// have none.
	names     []string
	columns   header
	separator byte
	jsonl     bool
	form      string
	// place is that of the line that was given last, and seen how many were read.
	place, seen int
	// ahead are lines that were read and are to be given again.
	ahead []aheadLine
	json  jsonColumns
}

// ErrNameless is the error of Open about a table without any name of a column that it knows.
var ErrNameless = errors.New("its first line names none of the columns")

// Open opens a table: CSV whose first line names the columns, a workbook, or (by its name
// *.jsonl or *.ndjson) a file with a JSON object a line. Its errors name the file.
func Open(path string, l Layout, o Options) (*Table, error) {
	text, err := OpenText(path, o)
	if err != nil {
		return nil, inFile(path, err)
	}
	t := &Table{Text: text, layout: l, jsonl: isJSONL(path), json: jsonColumns{}}
	if t.maps, err = o.mappings(l); err == nil && !t.jsonl {
		err = t.readHeader()
	}
	if err == nil && l.Whole {
		err = t.noneLost()
	}
	if err != nil {
		t.Close()
		return nil, inFile(path, err)
	}
	return t, nil
}

func isJSONL(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".jsonl" || ext == ".ndjson"
}

// JSONL tells a file of JSON objects.
func (t *Table) JSONL() bool { return t.jsonl }

// Form is what a table without a line of names was taken for; "" where it has one.
func (t *Table) Form() string { return t.form }

// Has tells whether the table has a column; for JSON lines nobody knows before the end.
func (t *Table) Has(column string) bool { return slices.Contains(t.columns, column) }

// NameOf is how the table calls a column; "" where it has none.
func (t *Table) NameOf(column string) string {
	if i := slices.Index(t.columns, column); i >= 0 {
		return strings.TrimSpace(t.names[i])
	}
	return ""
}

// next reads a line without its end. A row may not go over several lines: then one quote
// too many would swallow the rest of the file.
func (t *Table) next() (string, error) {
	if len(t.ahead) > 0 {
		line := t.ahead[0]
		t.ahead, t.place = t.ahead[1:], line.place
		return line.text, line.err
	}
	line, err := t.ReadLine(t.seen + 1)
	if err != nil {
		return "", err
	}
	t.seen++
	t.place = t.seen
	return string(bytes.TrimRight(line, "\r\n")), nil
}

// filled reads a line that has more than separators.
func (t *Table) filled() (string, error) {
	for {
		line, err := t.next()
		if err != nil || !empty(line) {
			return line, err
		}
	}
}

func empty(line string) bool { return strings.Trim(line, " \t\u00a0,;\"") == "" }

func (t *Table) readHeader() error {
	line, err := t.filled()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it is empty; its first line must name the columns, such as %s",
			strings.Join(t.layout.Columns, ","))
	}
	if err != nil {
		return err
	}
	if !utf8.ValidString(line) {
		return errors.New("its first line is not UTF-8; save the file as UTF-8, or name its " +
			"--encoding")
	}
	if separator, ok := NamedSeparator(line); ok && !t.Book {
		if line, err = t.filled(); err != nil {
			return fmt.Errorf("the line of names behind sep=: %w", err)
		}
		return t.takeHeader(line, separator)
	}
	if t.Book {
		return t.takeHeader(line, ',')
	}
	return t.takeHeader(line, SeparatorOf(line, t.layout.known))
}

func (t *Table) takeHeader(line string, separator byte) (err error) {
	t.separator = separator
	if t.names, err = Split(line, separator); err != nil {
		return fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	if t.columns, err = t.layout.resolve(t.names, t.maps, true); err != nil {
		return err
	}
	if t.columns.none() {
		return t.headless(line)
	}
	t.noteOver(t.columns.passedOver(t.names))
	return t.columns.missing(t.layout, t.names)
}

// headless takes a table that begins with its first row.
func (t *Table) headless(line string) error {
	cells := t.names
	for _, f := range t.forms() {
		if !f.Is(cells) {
			continue
		}
		t.form, t.names = f.Name, f.Columns
		t.ahead = []aheadLine{{text: line, place: t.place}}
		var err error
		if t.columns, err = t.layout.resolve(t.names, nil, false); err != nil {
			return err
		}
		if name := t.columns.lacks(t.layout); name != "" {
			return fmt.Errorf("it looks like %s, but %s is missing%s", f.Name, name, f.Advice)
		}
		return nil
	}
	return fmt.Errorf("%w that are needed (%s); put a line "+
		"with their names above it, or say which is which with --map %s=NAME", ErrNameless,
		strings.Join(t.layout.Columns[:t.layout.Needed], ", "), t.layout.Columns[0])
}

// forms are those of the layout, cut to what the first row has, and a list of numbers.
func (t *Table) forms() []Form {
	var all []Form
	for _, f := range t.layout.Forms {
		f.Columns = f.Columns[:min(len(f.Columns), max(len(t.names), 1))]
		all = append(all, f)
	}
	if t.layout.Lone == "" {
		return all
	}
	return append(all, Form{Name: "a list of numbers", Columns: []string{t.layout.Lone},
		Is: func(cells []string) bool {
			return LooksLikeNumber(cells[0]) && empty(strings.Join(cells[1:], ""))
		}})
}

func (t *Table) noteOver(names []string) {
	if len(names) > 0 && !t.layout.Keeps {
		t.Notes = append(t.Notes, "columns that are passed over: "+strings.Join(names, ", "))
	}
}

// inFile names the file that an error is about, where it doesn't itself.
func inFile(path string, err error) error {
	if strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
