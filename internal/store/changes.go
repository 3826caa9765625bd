package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// KeepChanges is for how long changes can be read again.
const KeepChanges = 7 * 24 * time.Hour

// changeWidth is how many columns a stored change has.
const changeWidth = 5

// number writes the changes of the transaction down, and gives them their numbers: as
// nobody else writes meanwhile, these are in the order of commits.
func (t *writeTx) number(ctx context.Context) error {
	if len(t.changes) == 0 {
		return nil
	}
	if !t.e.d.shared {
		if err := t.QueryRowContext(ctx, t.e.d.lastChange).Scan(&t.last); err != nil {
			return fmt.Errorf("read the number of the latest change: %w", err)
		}
	}
	now := t.e.now()
	rows := make([][]any, len(t.changes))
	for i := range t.changes {
		c := &t.changes[i]
		c.Seq, c.At = t.last+1+int64(i), now
		of := sql.NullInt64{Int64: int64(c.Number.Digits()), Valid: !c.Number.IsZero() && c.Kind != feed.Erased}
		rows[i] = []any{c.Seq, micros(c.At), string(c.Kind), c.ID, of}
	}
	for some := range t.e.d.rowSizes(rows) {
		err := exec(ctx, t, `INSERT INTO changes (seq, at, kind, id, number) VALUES `+
			tuples(len(some)/changeWidth, changeWidth), some...)
		if err != nil {
			return fmt.Errorf("note what was changed: %w", err)
		}
	}
	return nil
}

// LastChange is the number of the latest change, 0 where there was none. Whoever copies
// what the feed tells of reads it first, and the copy after that: some changes then come
// twice, and none is missed.
func (e *engine) LastChange(ctx context.Context) (seq int64, err error) {
	err = e.r.QueryRowContext(ctx, e.d.lastChange).Scan(&seq)
	return seq, wrap("read the number of the latest change", err)
}

// Changes lists up to limit changes, 1 or more, behind that with the number after, in the
// order of commits, without what was changed: it is to be looked up. Precondition
// CHANGES_GONE where some of them were pruned, or there never were so many, as in a backup
// that was put back: then everything must be read anew.
func (e *engine) Changes(ctx context.Context, after int64, limit int) ([]feed.Change, error) {
	last, err := e.LastChange(ctx) // before the list: what is committed in between may come, too
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, e.r, scanChange,
		`SELECT seq, at, kind, id, number FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2`, after,
		limit)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	first := after + 1
	if len(found) > 0 {
		first = found[0].Seq
	}
	if first != after+1 || len(found) == 0 && last != after {
		return nil, &fault.Error{Op: "feed.Read", Kind: fault.Precondition, Reason: "CHANGES_GONE",
			Message: fmt.Sprintf("the changes behind number %d are not kept any more; read "+
				"everything anew", after)}
	}
	return found, nil
}

func scanChange(rw row) (feed.Change, error) {
	var c feed.Change
	var at int64
	var digits sql.NullInt64
	err := rw.Scan(&c.Seq, &at, &c.Kind, &c.ID, &digits)
	if err != nil {
		return c, err
	}
	c.At = fromMicros(at)
	if digits.Valid {
		c.Number, err = number.FromDigits(uint64(digits.Int64))
	}
	return c, err
}

// prunedAtOnce is how many changes one transaction drops: others wait for it.
const prunedAtOnce = 10_000

// PruneChanges drops the changes from before a time, in portions.
func (e *engine) PruneChanges(ctx context.Context, before time.Time) error {
	for {
		var dropped int64
		err := e.inTx(ctx, func(ctx context.Context, tx Tx) (err error) {
			if e.d.notePruned != "" {
				if err := exec(ctx, tx, e.d.notePruned); err != nil {
					return err
				}
			}
			dropped, err = changed(ctx, tx, `DELETE FROM changes WHERE seq IN
				(SELECT seq FROM changes ORDER BY seq LIMIT $1) AND at < $2`, prunedAtOnce, micros(before))
			return err
		})
		if err != nil || dropped == 0 {
			return wrap("prune the changes", err)
		}
	}
}
