package store

import (
	"context"
	"strings"

	"github.com/refrain-asr/refrain/review"
)

const (
	// hiddenSuspect are those of which it is hidden what was found.
	hiddenSuspect = `s.blind = 1 AND s.verdict = ''`
	// rankOfSuspect is the score that counts in a list by score; see review.HighestFirst. It is an index's.
	rankOfSuspect = `(CASE WHEN ` + hiddenSuspect + ` THEN 1.0 ELSE s.score END)`
	// claimedSuspect is claimed at a time.
	claimedSuspect = `s.verdict = '' AND s.claim_until > ?`
)

var suspectOrders = map[review.Direction]string{
	review.OldestFirst:  ` ORDER BY s.created_at, s.id`,
	review.NewestFirst:  ` ORDER BY s.created_at DESC, s.id DESC`,
	review.HighestFirst: ` ORDER BY ` + rankOfSuspect + ` DESC, s.created_at, s.id`,
}

func suspectConditions(f review.Filter) conditions {
	var c conditions
	c.inState(f)
	if f.Class != "" { // which would tell what is hidden
		c.add("s.class = ? AND (s.blind = 0 OR s.verdict <> '')", f.Class)
	}
	if f.MinScore > 0 {
		c.add("s.score >= ? AND (s.blind = 0 OR s.verdict <> '')", f.MinScore)
	}
	if f.MaxScore > 0 {
		c.add("s.score <= ? AND (s.blind = 0 OR s.verdict <> '')", f.MaxScore)
	}
	for _, text := range []struct{ column, value string }{{"s.agent", f.Agent}, {"s.line", f.Line}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	if len(f.Lines) > 0 {
		c.addIn("s.line", anys(f.Lines))
	}
	c.during("s.created_at", f.Created.From, f.Created.Until)
	c.during("s.called_at", f.Called.From, f.Called.Until)
	c.forReviewer(f)
	if f.Passed {
		c.add("s.passed_at IS NOT NULL AND s.verdict = ''")
	}
	if f.Disputed {
		c.add(`s.verdict <> '' AND EXISTS (SELECT 1 FROM suspects x
			WHERE x.second_of = s.id AND x.verdict <> '' AND x.verdict <> s.verdict)`)
	}
	if !f.Number.IsZero() {
		c.add("s.number = ? AND s.verdict <> '' AND s.kind <> 'second' AND s.recording_id <> ?", f.Number.Digits(),
			f.Except)
	}
	if f.IDs != nil {
		c.addIn("s.id", anys(f.IDs))
	}
	if f.ShortID != "" {
		c.add("SUBSTR(s.id, 21) = ? AND s.id LIKE ?", f.ShortID[max(0, len(f.ShortID)-review.MinShort):],
			"%"+f.ShortID)
	}
	c.behind(f)
	return c
}

// inState selects by the state at a time.
func (c *conditions) inState(f review.Filter) {
	switch f.State {
	case "":
	case review.Open:
		c.add("s.verdict = '' AND (s.claim_until IS NULL OR s.claim_until <= ?)", micros(f.Now))
	case review.Claimed:
		c.add(claimedSuspect, micros(f.Now))
	default:
		c.add("s.verdict = ?", f.State)
	}
}

// forReviewer leaves out the second looks that a reviewer may not take, and what isn't his where he asks for
// that.
func (c *conditions) forReviewer(f review.Filter) {
	if f.For == "" {
		return
	}
	c.add(`(s.second_of IS NULL OR s.verdict <> '' OR s.appealed_by <> ? AND NOT EXISTS
		(SELECT 1 FROM decisions o WHERE o.made_by = ? AND
			(o.suspect_id = s.second_of OR o.suspect_id = s.id AND s.appealed_by <> '')))`, f.For, f.For)
	if f.Mine {
		c.add(`s.id IN (SELECT s.id FROM suspects s WHERE `+claimedSuspect+` AND s.claim_by = ?
			UNION ALL SELECT id FROM suspects WHERE verdict = 'confirmed' AND decided_by = ? AND decided_by <> ''
			UNION ALL SELECT id FROM suspects WHERE verdict = 'dismissed' AND decided_by = ? AND decided_by <> '')`,
			micros(f.Now), f.For, f.For, f.For)
	}
}

// behind continues a list.
func (c *conditions) behind(f review.Filter) {
	if f.After == nil {
		return
	}
	at, id := micros(f.After.At), f.After.ID
	switch f.Order {
	case review.OldestFirst:
		c.add("(s.created_at, s.id) > (?, ?)", at, id)
	case review.NewestFirst:
		c.add("(s.created_at, s.id) < (?, ?)", at, id)
	case review.HighestFirst:
		c.add(rankOfSuspect+" <= ? AND ("+rankOfSuspect+" < ? OR (s.created_at, s.id) > (?, ?))",
			f.After.Rank, f.After.Rank, at, id)
	}
}

// suspectIDs selects the ids of what a list has: so what it passes over is passed over in an index alone.
func suspectIDs(c *conditions, order review.Direction, limit int) string {
	return `SELECT s.id FROM suspects s` + c.where() + suspectOrders[order] + c.limit(limit)
}

// List lists suspects in the filter's order.
func (s *Suspects) List(ctx context.Context, f review.Filter) ([]review.Suspect, error) {
	c := suspectConditions(f)
	query := selectSuspects + ` WHERE s.id IN (` + suspectIDs(&c, f.Order, f.Limit) + `)` + suspectOrders[f.Order]
	suspects, err := list(ctx, s.r, scanSuspect, query, c.args...)
	return suspects, wrap("list suspects", err)
}

// countOf is one row of Count.
type countOf struct {
	review.Count
	passed, oldest int64
}

// Count counts what List would list, from an index alone.
func (s *Suspects) Count(ctx context.Context, f review.Filter) (review.Counts, error) {
	var out review.Counts
	query, args := countSuspects(f)
	err := each(ctx, s.r, func(rw row) (n countOf, err error) {
		err = rw.Scan(&n.State, &n.Class, &n.N, &n.passed, &n.oldest)
		return n, err
	}, func(n countOf) error {
		out.Of, out.Passed = append(out.Of, n.Count), out.Passed+n.passed
		if at := fromMicros(n.oldest); n.State == review.Open && (out.Oldest.IsZero() || at.Before(out.Oldest)) {
			out.Oldest = at
		}
		return nil
	}, query, args...)
	return out, wrap("count suspects", err)
}

// countSuspects counts by state and by class.
func countSuspects(f review.Filter) (query string, args []any) {
	c := suspectConditions(f)
	query = `SELECT CASE WHEN s.verdict <> '' THEN s.verdict WHEN s.claim_until > ` + c.arg(micros(f.Now)) +
		` THEN 'claimed' ELSE 'open' END AS state, CASE WHEN ` + hiddenSuspect + ` THEN '' ELSE s.class END AS found,
		COUNT(*), COUNT(CASE WHEN s.verdict = '' THEN s.passed_at END), MIN(s.created_at)
		FROM suspects s` + c.where() + ` GROUP BY state, found ORDER BY state, found`
	return query, c.args
}

// Siblings counts for each of the suspects how many others of its number wait, as far as the filter's reviewer
// may see them.
func (s *Suspects) Siblings(
	ctx context.Context, of []review.Suspect, f review.Filter,
) (map[review.ID]int, error) {
	type waiting struct {
		number    int64
		recording string
	}
	found := map[int64]map[string]bool{}
	var numbers []any
	for _, x := range of {
		n := int64(x.Number.Digits())
		if n != 0 && found[n] == nil {
			found[n] = map[string]bool{}
			numbers = append(numbers, n)
		}
	}
	for some := range inSizes(numbers) {
		c := suspectConditions(review.Filter{For: f.For, Lines: f.Lines})
		c.add("s.verdict = ''")
		c.addIn("s.number", some)
		err := each(ctx, s.r, func(rw row) (w waiting, err error) {
			err = rw.Scan(&w.number, &w.recording)
			return w, err
		}, func(w waiting) error { found[w.number][w.recording] = true; return nil },
			`SELECT s.number, s.recording_id FROM suspects s`+c.where(), c.args...)
		if err != nil {
			return nil, wrap("count the suspects of numbers", err)
		}
	}
	counts := map[review.ID]int{}
	for _, x := range of {
		others := found[int64(x.Number.Digits())]
		counts[x.ID] = len(others)
		if others[x.RecordingID] {
			counts[x.ID]--
		}
	}
	return counts, nil
}

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
	const fresh, unpassed = "(s.claim_by IS NULL OR s.claim_by <> ?)", "s.passed_at IS NULL"
	for _, choose := range []func(*conditions) bool{
		func(c *conditions) bool {
			c.add("s.passed_at IS NOT NULL AND s.passed_by <> ? AND "+fresh, n.For, n.For)
			return n.Supervisor
		},
		func(c *conditions) bool {
			c.add("s.number = ? AND "+unpassed+" AND "+fresh, last, n.For)
			return last != 0
		},
		func(c *conditions) bool { c.add(unpassed+" AND "+fresh, n.For); return true },
		func(c *conditions) bool {
			if !n.Supervisor {
				c.add(unpassed)
			}
			return true
		},
	} {
		c := suspectConditions(n.Filter)
		if !choose(&c) {
			continue
		}
		ids, err := list(ctx, t, scanText, suspectIDs(&c, n.Order, 1), c.args...)
		if err != nil || len(ids) > 0 {
			return review.ID(strings.Join(ids, "")), wrap("look for the next suspect", err)
		}
	}
	return "", nil
}
