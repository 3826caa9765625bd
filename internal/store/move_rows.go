package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/fault"
)

const (
	// movedAtOnce and movedBytes bound a portion: transcripts are large, and calls are many.
	movedAtOnce = 5000
	movedBytes  = 8 << 20
)

// moveTable is a table on its way.
type moveTable struct {
	name string
	// keys are the columns by whose order it is read, columns those that are written, kinds theirs.
	keys, columns []string
	kinds         []string
	// primary are the target's primary key.
	primary []string
	rowid   bool
	whole   int64
}

// plan is all that is to be moved: a table after those that its rows refer to.
func (m *Move) plan(ctx context.Context) ([]*moveTable, error) {
	if m.done {
		return nil, nil
	}
	names, err := m.from.tables(ctx)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, apart)
	if names, err = m.ordered(ctx, names); err != nil {
		return nil, err
	}
	tables := make([]*moveTable, 0, len(names))
	for _, name := range names {
		t, err := m.table(ctx, name)
		if err != nil {
			return nil, wrap("look at the table "+name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// ordered puts tables behind those that they refer to.
func (m *Move) ordered(ctx context.Context, names []string) (out []string, err error) {
	refers := map[string][]string{}
	type pair struct{ from, to string }
	pairs, err := list(ctx, m.to.r, func(rw row) (p pair, err error) {
		err = rw.Scan(&p.from, &p.to)
		return p, err
	}, `SELECT CAST(a.relname AS TEXT), CAST(b.relname AS TEXT) FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid
		JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f' AND c.connamespace = CAST(CURRENT_SCHEMA() AS regnamespace)`)
	if err != nil {
		return nil, fmt.Errorf("read which tables refer to others: %w", err)
	}
	for _, p := range pairs {
		refers[p.from] = append(refers[p.from], p.to)
	}
	var put func(name string)
	put = func(name string) {
		if slices.Contains(out, name) || !slices.Contains(names, name) {
			return
		}
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
		for _, to := range refers[name] {
			put(to)
		}
		out = append(out, name)
	}
	for _, name := range slices.Clone(names) {
		put(name)
	}
	return out, nil
}

// table is how a table is to be moved.
func (m *Move) table(ctx context.Context, name string) (*moveTable, error) {
	w, err := m.from.walk(ctx, name)
	if err != nil {
		return nil, err
	}
	t := &moveTable{name: name, keys: w.keys, columns: w.columns, rowid: slices.Equal(w.keys, []string{"rowid"})}
	kinds := map[string]string{}
	err = each(ctx, m.to.r, func(rw row) (c [2]string, err error) {
		err = rw.Scan(&c[0], &c[1])
		return c, err
	}, func(c [2]string) error { kinds[c[0]] = c[1]; return nil }, `SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT)
		FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND CAST(table_name AS TEXT) = $1`, name)
	if err != nil {
		return nil, err
	}
	if _, has := kinds["rowid"]; has && t.rowid {
		t.columns = append([]string{"rowid"}, t.columns...)
	} else {
		t.rowid = false
	}
	if len(kinds) != len(t.columns) {
		return nil, fmt.Errorf("it has %d columns in PostgreSQL and %d here: both must be made by this program", len(kinds),
			len(t.columns))
	}
	for _, c := range t.columns {
		t.kinds = append(t.kinds, kinds[c])
	}
	there, err := m.to.walk(ctx, name)
	if err != nil {
		return nil, err
	}
	t.primary = there.keys
	err = m.from.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM "`+name+`"`).Scan(&t.whole)
	return t, err
}

// Rows moves all rows that are not there yet. What keys are given out next, and how far changes were pruned, goes
// with them.
func (m *Move) Rows(ctx context.Context) error {
	if m.done {
		return nil
	}
	var whole, done int64
	for _, t := range m.tables {
		whole += t.whole
	}
	for _, t := range m.tables {
		err := m.rowsOf(ctx, t, func(n int64) { done += n; m.o.Progress(t.name, done, whole) })
		if err != nil {
			return fmt.Errorf("move the table %s: %w", t.name, err)
		}
	}
	return wrap("set what comes next", m.inTx(ctx, func(tx pgx.Tx) error { return m.next(ctx, tx) }))
}

func (m *Move) rowsOf(ctx context.Context, t *moveTable, told func(int64)) error {
	var text string
	var moved int64
	var done bool
	err := m.conn.QueryRow(ctx, `SELECT cursor, moved, done FROM `+movingTable+` WHERE name = $1`, t.name).Scan(&text, &moved, &done)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	told(moved)
	var after []any
	if text != "" {
		if after, err = parseKey(text); err != nil {
			return err
		}
	}
	for !done {
		rows, last, err := m.portion(ctx, t, after)
		if err != nil {
			return err
		}
		done = len(rows) == 0
		if !done {
			after = last
			if text, err = formatKey(after); err != nil {
				return err
			}
		}
		moved += int64(len(rows))
		if err := m.inTx(ctx, func(tx pgx.Tx) error {
			if err := put(ctx, tx, t, rows); err != nil {
				return err
			}
			return note(ctx, tx, t.name, text, moved, done)
		}); err != nil {
			return err
		}
		told(int64(len(rows)))
	}
	return nil
}

// put writes rows as they are.
func put(ctx context.Context, tx pgx.Tx, t *moveTable, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `ALTER TABLE "`+t.name+`" DISABLE TRIGGER USER`); err != nil {
		return err
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `ALTER TABLE "`+t.name+`" ENABLE TRIGGER USER`)
	return err
}

// enough ends the reading of a portion.
var errEnough = errors.New("enough")

// portion reads the next rows of a table, as the target takes them, and gives the key of the last.
func (m *Move) portion(ctx context.Context, t *moveTable, after []any) (rows [][]any, last []any, err error) {
	size := 0
	err = m.read(ctx, t, after, m.o.AtOnce, func(key, values []any) error {
		for i, v := range values {
			fit, n, err := suited(v, t.kinds[i])
			if err != nil {
				return &fault.Error{Kind: fault.Precondition, Reason: "UNMOVABLE_VALUE", Message: fmt.Sprintf("the column %s of the "+
					"row with the key %v %v: correct it in the source, and run this again", t.columns[i], key, err)}
			}
			values[i] = fit
			size += n
		}
		rows, last = append(rows, values), key
		if size > movedBytes {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, last, err
}

// read visits rows of the source in the order of their keys.
func (m *Move) read(ctx context.Context, t *moveTable, after []any, limit int, visit func(key, values []any) error) error {
	var c conditions
	if after != nil {
		places := make([]string, len(after))
		for i, v := range after {
			places[i] = c.arg(v)
		}
		c.parts = append(c.parts, "("+quoted(t.keys)+") > ("+strings.Join(places, ", ")+")")
	}
	width := len(t.keys) + len(t.columns)
	return each(ctx, m.from.r, scanValues(width), func(values []any) error {
		return visit(values[:len(t.keys)], values[len(t.keys):])
	}, `SELECT `+quoted(t.keys)+`, `+quoted(t.columns)+` FROM "`+t.name+`"`+c.where()+` ORDER BY `+quoted(t.keys)+c.limit(limit),
		c.args...)
}

func scanValues(width int) func(row) ([]any, error) {
	return func(rw row) ([]any, error) {
		values, into := make([]any, width), make([]any, width)
		for i := range values {
			into[i] = &values[i]
		}
		return values, rw.Scan(into...)
	}
}

// leastSize is what a value takes at least, in bytes.
const leastSize = 8

// suited is a value of SQLite, where each has a type of its own, for a column that has one, and its size in bytes.
func suited(v any, kind string) (fit any, size int, err error) {
	if v == nil {
		return nil, leastSize, nil
	}
	switch kind {
	case "text":
		return suitedText(v)
	case "bytea":
		switch x := v.(type) {
		case string:
			return []byte(x), leastSize + len(x), nil
		case []byte:
			return x, leastSize + len(x), nil
		}
		return nil, 0, fmt.Errorf("holds no bytes, but %T", v)
	}
	return suitedNumber(v, kind)
}

func suitedText(v any) (fit any, size int, err error) {
	text, is := textOf(v)
	switch {
	case !is:
		return nil, 0, fmt.Errorf("holds no text, but %T", v)
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		return nil, 0, errors.New("holds a text with a zero byte in it, or that is no UTF-8, which PostgreSQL can't keep")
	}
	return text, leastSize + len(text), nil
}

func suitedNumber(v any, kind string) (fit any, size int, err error) {
	switch x := v.(type) {
	case int64:
		if kind == "double precision" {
			return float64(x), leastSize, nil
		}
		return x, leastSize, nil
	case float64:
		if kind == "bigint" && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x), leastSize, nil
		}
		return x, leastSize, nil
	}
	return nil, 0, fmt.Errorf("holds no number, but %T", v)
}

// keyPart is a value of a key as it is written down.
type keyPart struct {
	Int   *int64  `json:"i,omitempty"`
	Text  *string `json:"s,omitempty"`
	Bytes []byte  `json:"b,omitempty"`
}

func formatKey(key []any) (string, error) {
	parts := make([]keyPart, len(key))
	for i, v := range key {
		switch x := v.(type) {
		case int64:
			parts[i].Int = &x
		case string:
			parts[i].Text = &x
		case []byte:
			parts[i].Bytes = x
		default:
			return "", fmt.Errorf("a key holds %T", v)
		}
	}
	text, err := json.Marshal(parts)
	return string(text), err
}

func parseKey(text string) (key []any, err error) {
	var parts []keyPart
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil, fmt.Errorf("read how far it came: %w", err)
	}
	for _, p := range parts {
		switch {
		case p.Int != nil:
			key = append(key, *p.Int)
		case p.Text != nil:
			key = append(key, *p.Text)
		default:
			key = append(key, p.Bytes)
		}
	}
	return key, nil
}

// next has the target give out the numbers that the source would.
func (m *Move) next(ctx context.Context, tx pgx.Tx) error {
	for _, t := range m.tables {
		if !t.rowid {
			continue
		}
		_, err := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence('"`+t.name+`"', 'rowid'),
			(SELECT COALESCE(MAX(rowid), 0) + 1 FROM "`+t.name+`"), FALSE)`)
		if err != nil {
			return err
		}
	}
	var last int64
	if err := m.from.r.QueryRowContext(ctx, sqliteDialect.lastChange).Scan(&last); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE writer SET pruned = COALESCE((SELECT MIN(seq) - 1 FROM changes), $1)`, last)
	return err
}
