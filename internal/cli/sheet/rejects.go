package sheet

import (
	"slices"
)

// RejectedHeader is the first line of a file of rows that were not taken: the table's own,
// with a column more that says why. "" where there is none, as for JSON lines.
func (t *Table) RejectedHeader() string {
	if t.jsonl {
		return ""
	}
	return t.Mark() + Join(append(t.without(t.names), ReasonColumn), t.separator)
}

// Rejected is a row of CSV as it stood there, with the reason behind.
func (t *Table) Rejected(r Row, why string) string {
	switch {
	case r.Cells != nil:
		return Join(append(t.without(r.Cells), why), t.separator)
	case t.Has(ReasonColumn): // it has a reason already, wherever that is
		return r.Raw
	}
	return r.Raw + string(t.separator) + Join([]string{why}, t.separator)
}

// without is a row without the reason of an earlier import.
func (t *Table) without(row []string) []string {
	row = slices.Clone(row)
	if i := slices.Index(t.columns, ReasonColumn); i >= 0 && i < len(row) {
		return slices.Delete(row, i, i+1)
	}
	return row
}
