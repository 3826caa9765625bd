package output

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// Table lines columns up for people, also where Chinese characters are two cells wide.
type Table struct{ rows [][]string }

// Add adds a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// Write writes the rows, two spaces between the columns.
func (t *Table) Write(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range t.rows {
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
