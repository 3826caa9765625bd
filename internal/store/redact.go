package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// sealedTables can't be written over: the ledger and what is compared with it, which name nobody by
// themselves, what others keep sealed in the same way, and versions, which are known by their hashes.
var sealedTables = []string{"ledger", "ledger_personal", "freezes", "allows", "gone", "erasures",
	"rule_activations", "lexicon_activations", "goose_db_version", "audit", "audit_anchor"}

// Redact implements retention.People. It goes through all tables that there are, so that none is
// forgotten that comes later.
func (s *Retention) Redact(
	ctx context.Context, n number.Number, rest func(context.Context, time.Duration) error,
) (int64, error) {
	f := number.NewFinder(n)
	r := redaction{engine: s.engine, finder: f, rewriting: s.without(n, f), rest: rest}
	tables, err := s.tables(ctx)
	if err != nil {
		return 0, err
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

// without puts pseudonyms in the place of a number.
func (e *engine) without(n number.Number, f *number.Finder) rewriting {
	return rewriting{
		has:     f.Has,
		lacks:   f.Lacks,
		replace: func(text string) string { return f.Replace(text, e.o.Keys.Pseudonym(text)) },
		blank:   f.Blank,
		is:      func(text string) bool { return text == n.National() || text == n.E164()[1:] },
	}
}

// redaction is on its way through the tables.
type redaction struct {
	*engine
	rewriting

	finder  *number.Finder
	rest    func(context.Context, time.Duration) error
	changed int64
}

// table goes through a table.
func (r *redaction) table(ctx context.Context, table string) error {
	w, err := r.walk(ctx, table)
	if err != nil {
		return err
	}
	for more := true; more; {
		began := time.Now()
		if more, err = r.portion(ctx, w); err != nil {
			return err
		}
		if err := r.rest(ctx, time.Since(began)); err != nil {
			return err
		}
	}
	return nil
}

// portion looks at the next rows, and writes those over in which the number stands.
func (r *redaction) portion(ctx context.Context, w *walk) (more bool, err error) {
	var found [][]any
	more, err = r.next(ctx, w, func(key, values []any) error {
		if len(r.set(w, values)) > 0 {
			found = append(found, key)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return more, err
	}
	err = r.write(ctx, func(ctx context.Context, t *writeTx) error {
		if err := exec(ctx, t, t.e.d.keysLater); err != nil { // a key may be redacted, too
			return err
		}
		for _, key := range found {
			if err := r.update(ctx, t, w, key); err != nil {
				return err
			}
		}
		return nil
	})
	r.changed += int64(len(found))
	return more, err
}

// set are the values of a row that are others without the number, by their places.
func (r *redaction) set(w *walk, values []any) map[int]any {
	var set map[int]any
	for i, v := range values {
		text, is := textOf(v)
		if !is {
			continue
		}
		left := r.text(w.table+"."+w.columns[i], text)
		if left == text {
			continue
		}
		if set == nil {
			set = map[int]any{}
		}
		set[i] = left
		if _, is := v.([]byte); is {
			set[i] = []byte(left)
		}
	}
	return set
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
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	set := r.set(w, now)
	if len(set) == 0 {
		return nil
	}
	if err := errors.Join(r.noteRenamed(ctx, t, w, now, set), r.hits(ctx, t, w, now, set)); err != nil {
		return err
	}
	var assign []string
	for i, v := range set {
		assign = append(assign, `"`+w.columns[i]+`" = `+c.arg(v))
	}
	for i, name := range w.keys {
		c.add(`"`+name+`" = ?`, key[i])
	}
	return exec(ctx, t, `UPDATE "`+w.table+`" SET `+strings.Join(assign, ", ")+c.where(), c.args...)
}

// noteRenamed notes by what name a call or a recording was known in which the number stood: whoever sends
// it again under that name sends nothing new.
func (r *redaction) noteRenamed(
	ctx context.Context, t *writeTx, w *walk, before []any, set map[int]any,
) error {
	named := func(column string) (text string, renamed bool) {
		i := slices.Index(w.columns, column)
		if i < 0 {
			return "", false
		}
		text, _ = textOf(before[i])
		_, renamed = set[i]
		return text, renamed
	}
	call, another := named("call_id")
	switch w.table {
	case "calls":
		if another {
			return t.noteGone(ctx, call, "", "")
		}
	case "recordings":
		part, otherPart := named("part")
		if another || otherPart {
			id, _ := named("id")
			return t.noteGone(ctx, call, part, recording.ID(id))
		}
	}
	return nil
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
				salt = $2 WHERE seq = $1`, f.seq, []byte{}))
		}
		return errors.Join(errs...)
	})
	r.changed += int64(len(found))
	return wrap("erase a number from the ledger's texts", err)
}
