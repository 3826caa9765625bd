package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// sealedTables can't be written over: the ledger and what is compared with it, which name nobody by
// themselves, what others keep sealed in the same way, and versions, which are known by their hashes.
var sealedTables = []string{"ledger", "ledger_personal", "freezes", "allows", "gone", "erasures",
	"rule_activations", "lexicon_activations", "goose_db_version", "audit", "audit_anchor"}

// redactedAtOnce is how many rows are looked at between two rests.
const redactedAtOnce = 2000

// Redact implements retention.People. It goes through all tables that there are, so that none is
// forgotten that comes later.
func (s *Retention) Redact(
	ctx context.Context, n number.Number, rest func(context.Context, time.Duration) error,
) (int64, error) {
	r := redaction{engine: s.engine, finder: number.NewFinder(n), rest: rest}
	tables, err := list(ctx, s.r, scanText, `SELECT name FROM sqlite_schema WHERE type = 'table'
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return 0, fmt.Errorf("list the tables: %w", err)
	}
	for _, table := range tables {
		if slices.Contains(sealedTables, table) {
			continue
		}
		if err := r.table(ctx, table); err != nil {
			return r.changed, fmt.Errorf("look for a number in the texts of %s: %w", table, err)
		}
	}
	return r.changed, r.ledger(ctx)
}

// redaction is on its way through the tables.
type redaction struct {
	*engine
	finder  *number.Finder
	rest    func(context.Context, time.Duration) error
	changed int64
}

// column is one of a table.
type column struct {
	name string
	key  int
}

// table goes through a table by its key, or by rowid where it has one.
func (r *redaction) table(ctx context.Context, table string) error {
	columns, err := list(ctx, r.r, func(rw row) (c column, err error) {
		err = rw.Scan(&c.name, &c.key)
		return c, err
	}, `SELECT name, pk FROM pragma_table_info($1) ORDER BY cid`, table)
	if err != nil {
		return err
	}
	var rowids bool
	err = r.r.QueryRowContext(ctx, `SELECT NOT wr FROM pragma_table_list($1)`, table).Scan(&rowids)
	if err != nil {
		return err
	}
	w := walk{table: table, keys: []string{"rowid"}}
	for _, c := range columns {
		w.columns = append(w.columns, c.name)
	}
	if !rowids {
		w.keys = nil
		slices.SortFunc(columns, func(a, b column) int { return a.key - b.key })
		for _, c := range columns {
			if c.key > 0 {
				w.keys = append(w.keys, c.name)
			}
		}
	}
	for more := true; more; {
		began := time.Now()
		if more, err = r.portion(ctx, &w); err != nil {
			return err
		}
		if err := r.rest(ctx, time.Since(began)); err != nil {
			return err
		}
	}
	return nil
}

// walk is how far a redaction has come in a table.
type walk struct {
	table         string
	keys, columns []string
	after         []any
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = `"` + n + `"`
	}
	return strings.Join(out, ", ")
}

// portion looks at the next rows, and writes those over in which the number stands.
func (r *redaction) portion(ctx context.Context, w *walk) (more bool, err error) {
	var c conditions
	if w.after != nil {
		places := make([]string, len(w.after))
		for i, v := range w.after {
			places[i] = c.arg(v)
		}
		c.parts = append(c.parts, "("+quoted(w.keys)+") > ("+strings.Join(places, ", ")+")")
	}
	width := len(w.keys) + len(w.columns)
	var found [][]any
	seen := 0
	err = each(ctx, r.r, func(rw row) ([]any, error) {
		values, into := make([]any, width), make([]any, width)
		for i := range values {
			into[i] = &values[i]
		}
		return values, rw.Scan(into...)
	}, func(values []any) error {
		seen++
		w.after = values[:len(w.keys)]
		if slices.ContainsFunc(values[len(w.keys):], r.in) {
			found = append(found, values)
		}
		return nil
	}, `SELECT `+quoted(w.keys)+`, `+quoted(w.columns)+` FROM "`+w.table+`"`+c.where()+` ORDER BY `+quoted(w.keys)+
		c.limit(redactedAtOnce), c.args...)
	if err != nil || len(found) == 0 {
		return seen == redactedAtOnce, err
	}
	err = r.write(ctx, func(ctx context.Context, t *writeTx) error {
		if err := exec(ctx, t, `PRAGMA defer_foreign_keys = ON`); err != nil { // a key may be redacted, too
			return err
		}
		for _, values := range found {
			if err := r.update(ctx, t, w, values[:len(w.keys)]); err != nil {
				return err
			}
		}
		return nil
	})
	r.changed += int64(len(found))
	return seen == redactedAtOnce, err
}

// in tells whether the number stands in a value.
func (r *redaction) in(v any) bool {
	switch x := v.(type) {
	case string:
		return r.finder.Has(x)
	case []byte:
		return utf8.Valid(x) && r.finder.Has(string(x))
	}
	return false
}

// update looks at a row again, which may have changed since it was found, and writes it over.
func (r *redaction) update(ctx context.Context, t *writeTx, w *walk, key []any) error {
	var at, c conditions
	for i, name := range w.keys {
		at.add(`"`+name+`" = ?`, key[i])
	}
	now, into := make([]any, len(w.columns)), make([]any, len(w.columns))
	for i := range now {
		into[i] = &now[i]
	}
	err := t.QueryRowContext(ctx, `SELECT `+quoted(w.columns)+` FROM "`+w.table+`"`+at.where(), at.args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !slices.ContainsFunc(now, r.in) {
		return nil
	}
	if err != nil {
		return err
	}
	var set []string
	for i, name := range w.columns {
		v := now[i]
		if !r.in(v) {
			continue
		}
		switch x := v.(type) {
		case string:
			set = append(set, `"`+name+`" = `+c.arg(r.text(x)))
		case []byte:
			set = append(set, `"`+name+`" = `+c.arg([]byte(r.text(string(x)))))
		}
	}
	for i, name := range w.keys {
		c.add(`"`+name+`" = ?`, key[i])
	}
	return exec(ctx, t, `UPDATE "`+w.table+`" SET `+strings.Join(set, ", ")+c.where(), c.args...)
}

// text is a text without the number. In JSON only its texts are looked at: digits in a fraction are
// nobody's number, and to replace them would make it unreadable.
func (r *redaction) text(s string) string {
	if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil && !d.More() {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if e.Encode(r.value(v)) == nil { //nolint:errchkjson // it was JSON just now
				return strings.TrimSuffix(b.String(), "\n")
			}
		}
	}
	return r.finder.Replace(s, r.o.Keys.Pseudonym(s))
}

func (r *redaction) value(v any) any {
	switch x := v.(type) {
	case string:
		return r.finder.Replace(x, r.o.Keys.Pseudonym(x))
	case []any:
		for i := range x {
			x[i] = r.value(x[i])
		}
	case map[string]any:
		for k, of := range x {
			delete(x, k)
			x[r.finder.Replace(k, r.o.Keys.Pseudonym(k))] = r.value(of)
		}
	case json.Number:
		if len(x.String()) >= len("1380013800") && !strings.ContainsAny(x.String(), ".eE") && r.finder.Has(x.String()) {
			return r.o.Keys.Pseudonym(x.String())
		}
	}
	return v
}

// ledger erases what people said about others where the number stands in it: such a text can't be
// changed, since the ledger commits to it, and so goes as a whole; the other's own number stays, which
// the ledger's entry proves.
func (r *redaction) ledger(ctx context.Context) error {
	type personal struct {
		seq int64
		p   freeze.Personal
	}
	var found []personal
	err := each(ctx, r.r, scanLine,
		func(l freeze.Line) error {
			if l.Personal == nil {
				return nil
			}
			about, err := toJSON(l.Personal.Evidence)
			if err != nil {
				return err
			}
			if r.finder.Has(l.Personal.Text) || r.finder.Has(l.Personal.Actor) || r.finder.Has(about) {
				found = append(found, personal{l.Seq, *l.Personal})
			}
			return nil
		}, selectLines, 0)
	if err != nil || len(found) == 0 {
		return wrap("look for a number in the ledger's texts", err)
	}
	err = r.write(ctx, func(ctx context.Context, t *writeTx) error {
		var errs []error
		for _, f := range found {
			errs = append(errs, exec(ctx, t, `UPDATE ledger_personal SET actor = '', text = '', evidence = '{}',
				salt = X'' WHERE seq = $1`, f.seq))
		}
		return errors.Join(errs...)
	})
	r.changed += int64(len(found))
	return wrap("erase a number from the ledger's texts", err)
}
