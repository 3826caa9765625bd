package sheet

import "slices"

// Extended writes a table's rows as CSV, in UTF-8, with columns more. What the table has under
// their names is left out: it is an earlier run's.
type Extended struct {
	table   *Table
	columns []string
	kept    []int
}

// Extend prepares for that. JSON lines have no columns: of them only those that are added are written.
func (t *Table) Extend(columns ...string) *Extended {
	e := &Extended{table: t, columns: columns}
	for i, name := range t.names {
		if !slices.ContainsFunc(columns, func(c string) bool { return SameName(c, name) }) {
			e.kept = append(e.kept, i)
		}
	}
	return e
}

// Header is the first line, without its end.
func (e *Extended) Header() string { return e.table.Mark() + e.row(e.table.names, e.columns) }

// Row is a row, without its end, with what stands in the columns. One whose cells could not be told
// stands in the first as it was.
func (e *Extended) Row(r Row, cells []string) string {
	own := r.Cells
	if own == nil {
		own = make([]string, len(e.table.names))
		if len(e.kept) > 0 {
			own[e.kept[0]] = r.Raw
		}
	}
	return e.row(own, cells)
}

func (e *Extended) row(own, cells []string) string {
	row := make([]string, 0, len(e.kept)+len(cells))
	for _, i := range e.kept {
		row = append(row, own[i])
	}
	return Join(append(row, cells...), e.table.separator)
}
