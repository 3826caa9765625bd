package store

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// FreezeFilter selects freezes. Zero fields select all.
type FreezeFilter struct {
	Number number.Number
	Reason freeze.Reason
	Class  string
	// Line selects the freezes that are only about that line.
	Line string
	Rule string
	// From and Until select those that began in this time; Until is exclusive.
	From, Until time.Time
	// ShowEnded adds freezes that were released, or have ended by Now.
	ShowEnded bool
	Now       time.Time
	// Before continues a list: only what began before.
	Before *Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

func (db *DB) freezeConditions(f FreezeFilter) conditions {
	var c conditions
	if !f.Number.IsZero() {
		c.add("f.number_mac = ?", db.numberMAC(f.Number))
	}
	for _, text := range []struct{ column, value string }{
		{"f.reason", string(f.Reason)}, {"f.class", f.Class}, {"f.line", f.Line}, {"f.rule", f.Rule},
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

// Freezes lists freezes, the newest first.
func (db *DB) Freezes(ctx context.Context, f FreezeFilter) ([]freeze.Freeze, error) {
	c := db.freezeConditions(f)
	if f.Before != nil {
		c.add("(f.from_at, f.id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := selectFreezes + c.where() + ` ORDER BY f.from_at DESC, f.id DESC` + c.limit(f.Limit)
	freezes, err := list(ctx, db.r, scanFreeze, query, c.args...)
	return freezes, wrap("list freezes", err)
}

// exportPage is how many freezes EachFreeze reads at once.
const exportPage = 1000

// EachFreeze hands the freezes that f selects to visit, the oldest first, until visit
// fails; its error is returned as it is. Before and Limit don't count. It reads page by
// page, so that a slow visit keeps nobody from reading; what is frozen meanwhile may
// come, too.
func (db *DB) EachFreeze(ctx context.Context, f FreezeFilter, visit func(freeze.Freeze) error) error {
	var after *Cursor
	for {
		c := db.freezeConditions(f)
		if after != nil {
			c.add("(f.from_at, f.id) > (?, ?)", micros(after.At), after.ID)
		}
		query := selectFreezes + c.where() + ` ORDER BY f.from_at, f.id` + c.limit(exportPage)
		page, err := list(ctx, db.r, scanFreeze, query, c.args...)
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
		after = &Cursor{At: last.From, ID: string(last.ID)}
	}
}
