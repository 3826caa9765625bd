package store

import (
	"context"
	"strings"

	"github.com/refrain-asr/refrain/review"
)

// Which suspect a reviewer gets next.

// lastNumber is the number on which a reviewer decided last, 0 for none.
func (t *writeTx) lastNumber(ctx context.Context, by string) (n int64, err error) {
	err = t.QueryRowContext(ctx, `SELECT s.number FROM decisions d JOIN suspects s ON s.id = d.suspect_id
		WHERE d.made_by = $1 ORDER BY d.made_at DESC LIMIT 1`, by).Scan(&n)
	if found, err := there(missing(err, "decisions", "none")); !found {
		return 0, err
	}
	return n, nil
}

// nextSuspect is the one that comes next for a reviewer, "" where there is none.
func (t *writeTx) nextSuspect(ctx context.Context, n review.Next) (review.ID, error) {
	last, err := t.lastNumber(ctx, n.For)
	if err != nil {
		return "", wrap("look for what was decided last", err)
	}
	n.State = review.Open
	if n.Mine {
		return t.nextOfMine(ctx, n)
	}
	const fresh, notLeft = "(s.claim_by IS NULL OR s.claim_by <> ?)", "s.passed_at IS NULL"
	handed := n.Filter
	handed.Passed = true
	for _, choice := range []struct {
		applies bool
		review.Filter
		condition string
		args      []any
	}{
		{n.Supervisor, handed, "s.passed_by <> ? AND " + fresh, []any{n.For, n.For}},
		{last != 0, n.Filter, "s.number = ? AND " + notLeft + " AND " + fresh, []any{last, n.For}},
		{true, n.Filter, notLeft + " AND " + fresh, []any{n.For}},
		{!n.Supervisor, n.Filter, notLeft, nil},
		{n.Supervisor, n.Filter, "1 = 1", nil},
	} {
		if !choice.applies {
			continue
		}
		c := suspectConditions(choice.Filter)
		c.add(choice.condition, choice.args...)
		c.undecidedLook(n.For)
		ids, err := list(ctx, t, scanText, suspectIDs(&c, choice.Filter, 1), c.args...)
		if err != nil || len(ids) > 0 {
			return review.ID(strings.Join(ids, "")), wrap("look for the next suspect", err)
		}
	}
	return "", nil
}

// undecidedLook leaves out those on whose second look somebody decided: they may not decide on these.
func (c *conditions) undecidedLook(by string) {
	c.add(`(s.second_of IS NOT NULL OR NOT EXISTS (SELECT 1 FROM suspects l JOIN decisions o ON o.suspect_id = l.id
		WHERE l.second_of = s.id AND o.made_by = ?))`, by)
}

// nextOfMine is the one of a reviewer's own that comes next: what he held and what waits for him again, and then
// what he holds, by whose lease ends first. So whoever asks again gets each in turn.
func (t *writeTx) nextOfMine(ctx context.Context, n review.Next) (review.ID, error) {
	open := suspectConditions(n.Filter)
	if !n.Supervisor {
		open.parts = append(open.parts, "s.passed_at IS NULL")
	}
	open.undecidedLook(n.For)
	openIDs := suspectIDs(&open, n.Filter, 1)
	n.State = review.Claimed
	held := suspectConditions(n.Filter)
	held.add("s.claim_by = ?", n.For)
	heldIDs := `SELECT s.id FROM suspects s` + held.where() + ` ORDER BY s.claim_until, s.id` + held.limit(1)
	for _, q := range []struct {
		query string
		args  []any
	}{{openIDs, open.args}, {heldIDs, held.args}} {
		ids, err := list(ctx, t, scanText, q.query, q.args...)
		if err != nil || len(ids) > 0 {
			return review.ID(strings.Join(ids, "")), wrap("look for the next of one's own suspects", err)
		}
	}
	return "", nil
}
