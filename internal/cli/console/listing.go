package console

import "github.com/refrain-asr/refrain/internal/cli/output"

// Listing shows a list page by page: a line of JSON for each thing, or for people the row of a
// table.
type Listing[T, Line any] struct {
	*Console
	Format output.Format
	// None is what people are told where there is nothing; "" for nothing.
	None string
	// Columns are the names of a row's cells.
	Columns []string
	// Line is a thing as JSON, and Row are the cells of its row.
	Line func(T) Line
	Row  func(T) []string

	table *output.Table
}

// Page shows a page. Those that follow line up with the first.
func (l *Listing[T, Line]) Page(page []T) error {
	switch {
	case l.Format == output.JSON:
		return JSONLines(l.Console, page, l.Line)
	case l.table != nil:
	case len(page) > 0:
		l.table = output.NewTable(l.Columns...)
	case l.None != "":
		return l.Println(l.None)
	default:
		return nil
	}
	for _, thing := range page {
		l.table.Add(l.Row(thing)...)
	}
	return l.table.Write(l.Out)
}
