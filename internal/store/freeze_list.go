package store

import (
	"context"

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
