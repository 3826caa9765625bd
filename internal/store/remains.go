package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/number"
)

// Remains tells in which columns a number stands, of all tables: also of those that can't be written over.
func (s *Retention) Remains(ctx context.Context, n number.Number) (left []string, err error) {
	f := number.NewFinder(n)
	look := s.without(n, f)
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		var stands, figures map[string]int
		err := s.eachRow(ctx, table, func(w *walk, values []any) {
			for i, v := range values {
				switch is, figure := look.in(w, i, v, n); {
				case is:
					stands = counted(stands, w.columns[i])
				case figure:
					figures = counted(figures, w.columns[i])
				}
			}
		})
		if err != nil {
			return left, fmt.Errorf("look for a number in %s: %w", table, err)
		}
		why := ""
		if slices.Contains(sealedTables, table) {
			why = "sealed, "
		}
		left = append(left, foundIn(table, stands, why)...)
		left = append(left, foundIn(table, figures, "a figure of the same digits, ")...)
	}
	return left, nil
}

// in tells whether a number stands in a column's value, or only a figure that has its digits.
func (w rewriting) in(at *walk, column int, v any, n number.Number) (is, figure bool) {
	if x, whole := v.(int64); whole {
		return at.columns[column] == "number" && x >= 0 && uint64(x) == n.Digits(), false
	}
	text, isText := textOf(v)
	if !isText {
		return false, false
	}
	if w.text(at.table+"."+at.columns[column], text) != text {
		return true, false
	}
	return false, w.has(text)
}

func counted(in map[string]int, column string) map[string]int {
	if in == nil {
		in = map[string]int{}
	}
	in[column]++
	return in
}

// foundIn says in how many rows of which columns something was found, and why it is there.
func foundIn(table string, in map[string]int, why string) (lines []string) {
	for column, n := range in {
		lines = append(lines, fmt.Sprintf("%s.%s (%srows: %d)", table, column, why, n))
	}
	slices.Sort(lines)
	return lines
}

// eachRow visits all rows of a table.
func (e *engine) eachRow(ctx context.Context, table string, visit func(w *walk, values []any)) error {
	w, err := e.walk(ctx, table)
	if err != nil {
		return err
	}
	for more := true; more; {
		if more, err = e.next(ctx, w, func(_, values []any) error { visit(w, values); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// EachNumber implements retention.People.
func (s *Retention) EachNumber(ctx context.Context, visit func(number.Number) (more bool)) error {
	goOn := true
	err := each(ctx, s.r, func(rw row) (n number.Number, err error) {
		err = rw.Scan(digitsInto{&n})
		return n, err
	}, func(n number.Number) error {
		goOn = goOn && visit(n)
		return nil
	}, `SELECT number FROM calls UNION SELECT number FROM recordings UNION SELECT number FROM suspects
		UNION SELECT number FROM complaints UNION SELECT number FROM ledger_personal WHERE number IS NOT NULL`)
	if err != nil || !goOn {
		return wrap("read the numbers that are kept", err)
	}
	tables, err := s.tables(ctx)
	if err != nil {
		return err
	}
	c := candidates{visit: visit, seen: map[number.Number]bool{}}
	enough := func(string) bool { return c.enough }
	look := rewriting{has: func(string) bool { return !c.enough }, lacks: enough, replace: c.read, blank: c.read,
		is: func(figure string) bool { c.read(figure); return false }}
	for _, table := range tables {
		err := s.eachRow(ctx, table, func(w *walk, values []any) {
			for i, v := range values {
				if text, is := textOf(v); is && !c.enough {
					look.text(table+"."+w.columns[i], text)
				}
			}
		})
		if err != nil {
			return fmt.Errorf("look for numbers in the texts of %s: %w", table, err)
		}
		if c.enough {
			return nil
		}
	}
	return nil
}

// mostSeen is how many candidates are remembered, so that none is visited many times.
const mostSeen = 1 << 18

// candidates hands what may be numbers in texts to visit, until that has enough.
type candidates struct {
	visit  func(number.Number) (more bool)
	seen   map[number.Number]bool
	enough bool
}

// read gives the text as it is.
func (c *candidates) read(text string) string {
	for _, n := range number.Candidates(text) {
		if c.enough || c.seen[n] {
			continue
		}
		if len(c.seen) == mostSeen {
			clear(c.seen)
		}
		c.seen[n] = true
		c.enough = !c.visit(n)
	}
	return text
}
