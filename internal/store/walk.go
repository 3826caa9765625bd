package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// walkedAtOnce is how many rows are looked at between two rests.
const walkedAtOnce = 2000

// tables are all that there are.
func (e *engine) tables(ctx context.Context) ([]string, error) {
	tables, err := list(ctx, e.r, scanText, e.d.tables)
	return tables, wrap("list the tables", err)
}

// walk is how far somebody has come who goes through all rows of a table, by its key, or by rowid where it
// has one.
type walk struct {
	table         string
	keys, columns []string
	after         []any
}

// column is one of a table, with its place in the key.
type column struct {
	name string
	key  int
}

// walk begins at the first row of a table.
func (e *engine) walk(ctx context.Context, table string) (*walk, error) {
	columns, err := list(ctx, e.r, func(rw row) (c column, err error) {
		err = rw.Scan(&c.name, &c.key)
		return c, err
	}, e.d.columns, table)
	if err != nil {
		return nil, fmt.Errorf("read what columns there are: %w", err)
	}
	w := &walk{table: table}
	for _, c := range columns {
		w.columns = append(w.columns, c.name)
	}
	slices.SortFunc(columns, func(a, b column) int { return a.key - b.key })
	for _, c := range columns {
		if c.key > 0 {
			w.keys = append(w.keys, c.name)
		}
	}
	if len(w.keys) == 0 {
		w.keys = []string{"rowid"}
	}
	return w, nil
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = `"` + n + `"`
	}
	return strings.Join(out, ", ")
}

// next visits the next rows, with their keys; more tells that there may be others.
func (e *engine) next(
	ctx context.Context, w *walk, visit func(key, values []any) error,
) (more bool, err error) {
	var c conditions
	if w.after != nil {
		places := make([]string, len(w.after))
		for i, v := range w.after {
			places[i] = c.arg(v)
		}
		c.parts = append(c.parts, "("+quoted(w.keys)+") > ("+strings.Join(places, ", ")+")")
	}
	width := len(w.keys) + len(w.columns)
	seen := 0
	err = each(ctx, e.r, func(rw row) ([]any, error) {
		values, into := make([]any, width), make([]any, width)
		for i := range values {
			into[i] = &values[i]
		}
		return values, rw.Scan(into...)
	}, func(values []any) error {
		seen++
		w.after = values[:len(w.keys)]
		return visit(values[:len(w.keys)], values[len(w.keys):])
	}, `SELECT `+quoted(w.keys)+`, `+quoted(w.columns)+` FROM "`+w.table+`"`+c.where()+` ORDER BY `+quoted(w.keys)+
		c.limit(walkedAtOnce), c.args...)
	return seen == walkedAtOnce, err
}

// textOf is the text that a value is.
func textOf(v any) (text string, is bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case []byte:
		return string(x), utf8.Valid(x)
	}
	return "", false
}
