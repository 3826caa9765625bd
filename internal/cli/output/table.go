package output

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/refrain-asr/refrain/internal/cli/visible"
	"github.com/refrain-asr/refrain/number"
)

// Table lines columns up for people, also where Chinese characters are two cells wide.
type Table struct{ rows [][]string }

// Add adds a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// named are the columns, or the rows of a table of particulars, whose cells come from outside and
// are often made of a number.
var named = []string{"agent", "line", "call", "source", "part", "code"}

// cell is a cell as it is shown: whatever stands in it, it steers no terminal, and numbers are masked
// where names are made of them.
func (t *Table) cell(row []string, i int) string {
	if slices.Contains(named, strings.ToLower(t.rows[0][min(i, len(t.rows[0])-1)])) ||
		i > 0 && slices.Contains(named, row[0]) {
		return visible.Cell(number.MaskName(row[i]))
	}
	return visible.Cell(row[i])
}

// Write writes the rows, two spaces between the columns.
func (t *Table) Write(w io.Writer) error {
	rows := make([][]string, len(t.rows))
	for j, row := range t.rows {
		rows[j] = make([]string, len(row))
		for i := range row {
			rows[j][i] = t.cell(row, i)
		}
	}
	return write(w, rows)
}

func write(w io.Writer, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+2))
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
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
