package output

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"github.com/refrain-asr/refrain/internal/cli/visible"
	"github.com/refrain-asr/refrain/number"
)

// Table lines columns up for people, also where Chinese characters are two cells wide. The zero
// value is one of particulars, whose rows begin with what they are.
type Table struct {
	columns []string
	rows    [][]string
	begun   bool
	widths  []int
}

// NewTable is a table whose first line names its columns.
func NewTable(columns ...string) *Table { return &Table{columns: columns} }

// Add adds a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// named are the columns, or the rows of a table of particulars, whose cells come from outside and
// are often made of a number.
var named = []string{"agent", "line", "call", "source", "part", "code"}

// cell is a cell as it is shown: whatever stands in it, it steers no terminal, and numbers are masked
// where names are made of them.
func (t *Table) cell(row []string, i int) string {
	name := row[0]
	if t.columns != nil {
		name = t.columns[min(i, len(t.columns)-1)]
	}
	if (i > 0 || t.columns != nil) && slices.Contains(named, strings.ToLower(name)) {
		return visible.Cell(number.MaskName(row[i]))
	}
	return visible.Cell(row[i])
}

// gap is what stands between two columns, and what a line that goes on is indented by, in cells.
const gap = 2

// Write writes the rows, two spaces between the columns; the names of these before the first. Rows
// that are added later line up with them. Where people watch a terminal that is not wide enough, a row
// goes on in further lines, indented, and so do the names, so that no line breaks where the terminal
// happens to end; only what fills more than a line by itself is shortened. What other programs read
// has a line a row.
func (t *Table) Write(w io.Writer) error { return t.write(w, width(w)) }

// write writes the rows in lines of so many cells; 0 is without a limit.
func (t *Table) write(w io.Writer, cells int) error {
	var rows [][]string
	if t.columns != nil && !t.begun {
		rows = [][]string{slices.Clone(t.columns)}
	}
	for _, row := range t.rows {
		shown := make([]string, len(row))
		for i := range row {
			shown[i] = t.cell(row, i)
		}
		rows = append(rows, shown)
	}
	t.rows, t.begun = nil, true
	for _, row := range rows {
		for i := range row {
			if cells > gap {
				row[i] = Shorten(row[i], cells-gap)
			}
		}
	}
	t.widths = widest(t.widths, rows)
	for _, row := range rows {
		for n, part := range fold(t.widths, cells) {
			if err := writeLine(w, row, t.widths, part, n > 0); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
		}
	}
	return nil
}

// widest are the columns' widths in cells, which were so wide before.
func widest(widths []int, rows [][]string) []int {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	return widths
}

// span is a run of columns that make one line: from first up to, but not including, end.
type span struct{ first, end int }

// fold shares the columns out to lines of so many cells; 0 is without a limit. A column that is wider
// by itself has a line of its own.
func fold(widths []int, cells int) (lines []span) {
	at, used := span{}, 0
	for i, n := range widths {
		if cells > 0 && i > at.first && used+gap+n > cells {
			lines = append(lines, at)
			at, used = span{first: i}, gap
		}
		if i > at.first {
			used += gap
		}
		used += n
		at.end = i + 1
	}
	return append(lines, at)
}

func writeLine(w io.Writer, row []string, widths []int, part span, goesOn bool) error {
	var line strings.Builder
	if goesOn {
		line.WriteString(strings.Repeat(" ", gap))
	}
	for i := part.first; i < min(part.end, len(row)); i++ {
		line.WriteString(row[i])
		line.WriteString(strings.Repeat(" ", widths[i]-uniseg.StringWidth(row[i])+gap))
	}
	text := strings.TrimRight(line.String(), " ")
	if text == "" && goesOn {
		return nil // nothing stands in these columns
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// width is how many cells a line has where w is a terminal, 0 where it is none.
func width(w io.Writer) int {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return 0
	}
	cells, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return cells
}

// Shorten cuts text that is wider than cells, and marks the cut.
func Shorten(text string, cells int) string {
	if uniseg.StringWidth(text) <= cells {
		return text
	}
	var out strings.Builder
	width := 1 // of the mark
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if width += g.Width(); width > cells {
			break
		}
		out.WriteString(g.Str())
	}
	return out.String() + "…"
}
