package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// table lines columns up for people, also where Chinese characters are two cells wide.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the rows, two spaces between the columns.
func (t *table) write(w io.Writer) error {
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

// shortened cuts text that is wider than cells, and marks the cut.
func shortened(text string, cells int) string {
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

func sortedKeys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }
