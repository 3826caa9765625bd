package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

func (s *Freezes) conditions(f freeze.Filter) conditions {
	var c conditions
	if !f.Number.IsZero() {
		c.addIn("f.number_mac", anys(macsOf(s.o.Keys, []number.Number{f.Number})))
	}
	for _, text := range []struct{ column, value string }{
		{"f.reason", string(f.Reason)}, {"f.class", f.Class}, {"f.line", f.Line},
		{"f.rule", f.Rule},
	} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	c.during("f.from_at", f.From, f.Until)
	if !f.ShowEnded {
		c.add(stillFrozen, micros(f.Now))
	}
	return c
}

// List lists freezes, the newest first.
func (s *Freezes) List(ctx context.Context, f freeze.Filter) ([]freeze.Freeze, error) {
	c := s.conditions(f)
	if f.Before != nil {
		c.add("(f.from_at, f.id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := selectFreezes + c.where() + ` ORDER BY f.from_at DESC, f.id DESC` + c.limit(f.Limit)
	freezes, err := list(ctx, s.r, scanFreeze, query, c.args...)
	return freezes, wrap("list freezes", err)
}

// Extensions tells how the ends of freezes were moved, in the order in which that was done.
func (s *Freezes) Extensions(ctx context.Context, ids []freeze.ID) (map[freeze.ID][]freeze.Extension, error) {
	found, ends := map[freeze.ID][]freeze.Extension{}, map[freeze.ID]time.Time{}
	for some := range inSizes(ids) {
		err := each(ctx, s.r, scanExtension, func(e extension) error {
			before, later := ends[e.of]
			if !later {
				before = e.Before
			}
			e.Before, ends[e.of] = before, e.Until
			found[e.of] = append(found[e.of], e.Extension)
			return nil
		}, `SELECT l.freeze_id, l.at, o.until, l.until, COALESCE(p.actor, ''), COALESCE(p.text, '')
			FROM ledger l JOIN freezes f ON f.id = l.freeze_id JOIN ledger o ON o.seq = f.opened_seq
			LEFT JOIN ledger_personal p ON p.seq = l.seq
			WHERE l.kind = 'extend' AND l.freeze_id IN `+marks(1, len(some))+` ORDER BY l.seq`, some...)
		if err != nil {
			return nil, wrap("list how freezes were extended", err)
		}
	}
	return found, nil
}

// extension is one of a freeze; Before is the end that the freeze was opened with.
type extension struct {
	freeze.Extension

	of freeze.ID
}

func scanExtension(rw row) (extension, error) {
	var e extension
	var at int64
	var opened, until sql.NullInt64
	err := rw.Scan(&e.of, &at, &opened, &until, &e.Actor, &e.Note)
	e.At, e.Before, e.Until = fromMicros(at), fromOptional(opened), fromOptional(until)
	return e, err
}

// exportPage is how many freezes Each reads at once.
const exportPage = 1000

// Each hands the freezes that f selects to visit, the oldest first, until visit
// fails; its error is returned as it is. Before and Limit don't count. It reads page by
// page, so that a slow visit keeps nobody from reading; what is frozen meanwhile may
// come, too.
func (s *Freezes) Each(
	ctx context.Context, f freeze.Filter, visit func(freeze.Freeze) error,
) error {
	var after *request.Cursor
	for {
		c := s.conditions(f)
		if after != nil {
			c.add("(f.from_at, f.id) > (?, ?)", micros(after.At), after.ID)
		}
		query := selectFreezes + c.where() + ` ORDER BY f.from_at, f.id` + c.limit(exportPage)
		page, err := list(ctx, s.r, scanFreeze, query, c.args...)
		if err != nil {
			return wrap("list freezes", err)
		}
		for _, x := range page {
			if err := visit(x); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
		last := page[len(page)-1]
		after = &request.Cursor{At: last.From, ID: string(last.ID)}
	}
}
