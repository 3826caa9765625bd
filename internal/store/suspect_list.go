package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/review"
)

const (
	// hiddenSuspect are those of which it is hidden what was found.
	hiddenSuspect = `s.blind = 1 AND s.verdict = ''`
	// rankOfSuspect is the score that counts in a list by score; see review.HighestFirst. It is an index's.
	rankOfSuspect = `(CASE WHEN ` + hiddenSuspect + ` THEN 1.0 ELSE s.score END)`
	// claimedSuspect is claimed at a time, leftSuspect waits for a supervisor. Both are few, with indexes of their own.
	claimedSuspect = `s.id IN (SELECT q.id FROM suspects q WHERE q.verdict = '' AND q.claim_until > ?)`
	// openLook is a second look that waits.
	openLook    = `s.id IN (SELECT q.id FROM suspects q WHERE q.verdict = '' AND q.second_of IS NOT NULL)`
	leftSuspect = `s.id IN (SELECT q.id FROM suspects q WHERE q.verdict = '' AND q.passed_at > 0)`
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
	c.decidedDuring(f.DecidedAt)
	c.forReviewer(f)
	if f.Passed {
		c.parts = append(c.parts, leftSuspect)
	}
	if f.Disputed {
		c.add(`s.verdict <> '' AND EXISTS (SELECT 1 FROM suspects x
			WHERE x.second_of = s.id AND x.verdict <> '' AND x.verdict <> s.verdict)`)
	}
	if !f.Number.IsZero() {
		c.add("s.number = ?", f.Number.Digits())
	}
	if f.Recordings != nil {
		c.addIn("s.recording_id", anys(f.Recordings))
	}
	if len(f.Except) > 0 {
		c.except(f)
	}
	if f.Decided {
		c.parts = append(c.parts, "s.verdict IN ('confirmed', 'dismissed') AND s.kind <> 'second'")
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

// decidedDuring selects those that were decided in a time, and not taken back since.
func (c *conditions) decidedDuring(s review.Span) {
	if s == (review.Span{}) {
		return
	}
	of := conditions{args: c.args, parts: []string{"o.reversed_at IS NULL"}}
	of.during("o.made_at", s.From, s.Until)
	c.args = of.args
	c.parts = append(c.parts, "s.verdict <> '' AND s.id IN (SELECT o.suspect_id FROM decisions o"+of.where()+")")
}

// except leaves out those of some recordings.
func (c *conditions) except(f review.Filter) {
	part := "s.recording_id NOT IN (" + c.argsOf(anys(f.Except)) + ")"
	if len(f.But) > 0 {
		part = "(" + part + " OR s.id IN (" + c.argsOf(anys(f.But)) + "))"
	}
	c.parts = append(c.parts, part)
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

// appealedAt is when a second look was asked for: read for few, so that indexes needn't have it.
const appealedAt = `(SELECT z.appealed_at FROM suspects z WHERE z.id = s.id)`

// forReviewer leaves out the second looks that a reviewer may not take, and what isn't his where he asks for
// that.
func (c *conditions) forReviewer(f review.Filter) {
	if f.For == "" {
		return
	}
	// By the call, which has few decisions, and not by the reviewer, who has thousands.
	c.add(`(s.second_of IS NULL OR s.verdict <> '' OR s.appealed_by <> ? AND NOT EXISTS
		(SELECT 1 FROM decisions o WHERE o.made_by || '' = ? AND
			o.suspect_id IN (s.second_of, CASE WHEN s.appealed_by <> '' THEN s.id END) AND (s.appealed_by = '' OR
			CASE WHEN o.suspect_id = s.id THEN o.reversed_at ELSE o.made_at END <= `+appealedAt+`)))`, f.For, f.For)
	if f.Mine {
		c.add(`s.id IN (SELECT id FROM suspects WHERE verdict = '' AND claim_by IS NOT NULL AND claim_by = ?
			UNION ALL SELECT q.id FROM suspects q JOIN decisions o ON o.suspect_id = q.id
				WHERE o.made_by = ? AND o.reversed_at IS NOT NULL AND q.verdict = '' AND
				(q.claim_until IS NULL OR q.claim_until <= ?)
			UNION ALL SELECT id FROM suspects WHERE verdict = 'confirmed' AND decided_by = ? AND decided_by <> ''
			UNION ALL SELECT id FROM suspects WHERE verdict = 'dismissed' AND decided_by = ? AND decided_by <> '')`,
			f.For, f.For, micros(f.Now), f.For, f.For)
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

// suspectIDs selects the ids of what a list has: so what it passes over is passed over in an index alone. Where few are asked
// for, which have an index of their own, these are sorted instead of going through all others in the list's order.
func suspectIDs(c *conditions, f review.Filter, limit int) string {
	order := suspectOrders[f.Order]
	if f.Passed || f.Mine || f.State == review.Claimed || f.ShortID != "" || f.IDs != nil || f.Recordings != nil ||
		!f.Number.IsZero() || f.Decided || f.DecidedAt != (review.Span{}) {
		order = strings.ReplaceAll(order, "s.created_at", "s.created_at + 0")
	}
	return `SELECT s.id FROM suspects s` + c.where() + order + c.limit(limit)
}

// List lists suspects in the filter's order.
func (s *Suspects) List(ctx context.Context, f review.Filter) ([]review.Suspect, error) {
	c := suspectConditions(f)
	query := selectSuspects + ` WHERE s.id IN (` + suspectIDs(&c, f, f.Limit) + `)` + suspectOrders[f.Order]
	suspects, err := list(ctx, s.r, scanSuspect, query, c.args...)
	return suspects, wrap("list suspects", err)
}

// countedSuspects are the suspects with the same verdict and class, hidden or not.
type countedSuspects struct {
	verdict            review.State
	class              keywords.Class
	blind              bool
	n, claimed, passed int64
	oldest             sql.NullInt64 // of those that are open
}

func scanCounted(rw row) (n countedSuspects, err error) {
	err = rw.Scan(&n.verdict, &n.class, &n.blind, &n.n, &n.claimed, &n.passed, &n.oldest)
	return n, err
}

// Count counts what List would list, from an index alone or, where nothing but lines is selected, from what triggers
// keep.
func (s *Suspects) Count(ctx context.Context, f review.Filter) (review.Counts, error) {
	query, args := countSuspects(f)
	if keptCount(f) {
		query, args = keptCounts(f)
	}
	return s.counts(ctx, query, args)
}

// counts sums up what a query counts.
func (s *Suspects) counts(ctx context.Context, query string, args []any) (review.Counts, error) {
	var out review.Counts
	sums := map[review.Count]int64{} // with N 0
	err := each(ctx, s.r, scanCounted, func(n countedSuspects) error {
		out.Passed += n.passed
		if at := fromOptional(n.oldest); n.oldest.Valid && (out.Oldest.IsZero() || at.Before(out.Oldest)) {
			out.Oldest = at
		}
		if n.verdict != "" {
			sums[review.Count{State: n.verdict, Class: n.class}] += n.n
			return nil
		}
		if n.blind {
			n.class = ""
		}
		sums[review.Count{State: review.Claimed, Class: n.class}] += n.claimed
		sums[review.Count{State: review.Open, Class: n.class}] += n.n - n.claimed
		return nil
	}, query, args...)
	for of, n := range sums {
		if of.N = n; n > 0 {
			out.Of = append(out.Of, of)
		}
	}
	slices.SortFunc(out.Of, func(a, b review.Count) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Class, b.Class))
	})
	return out, wrap("count suspects", err)
}

// keptCount tells that a filter selects by nothing but lines, and for a reviewer.
func keptCount(f review.Filter) bool {
	if f.Mine {
		return false
	}
	f.For, f.Line, f.Lines = "", "", nil
	return len(suspectConditions(f).parts) == 0
}

// keptCounts counts what is kept, what of it is claimed and was left to a supervisor, and the oldest that is open,
// less the second looks that the reviewer may not take: all of these are few, with indexes of their own. It is one
// statement, so that it is of one moment.
func keptCounts(f review.Filter) (query string, args []any) {
	var c conditions
	now := c.arg(micros(f.Now))
	where := func(parts ...string) string {
		c.parts = parts
		if f.Line != "" {
			c.add("s.line = ?", f.Line)
		}
		if len(f.Lines) > 0 {
			c.addIn("s.line", anys(f.Lines))
		}
		return c.where()
	}
	takes := func() string { // those that the reviewer may take
		var of conditions
		of.args = c.args
		of.forReviewer(review.Filter{For: f.For})
		c.args = of.args
		return strings.Join(append(of.parts, "1 = 1"), " AND ")
	}
	query = `SELECT s.verdict, s.class, s.blind, SUM(s.count), 0, 0, CAST(NULL AS BIGINT) FROM suspect_counts s` + where() +
		` GROUP BY s.verdict, s.class, s.blind
		UNION ALL SELECT '', s.class, s.blind, 0, COUNT(*), 0, CAST(NULL AS BIGINT) FROM suspects s` +
		where(strings.Replace(claimedSuspect, "?", now, 1), takes()) + ` GROUP BY s.class, s.blind
		UNION ALL SELECT '', '', 0, 0, 0, COUNT(*), CAST(NULL AS BIGINT) FROM suspects s` +
		where(leftSuspect, takes()) + `
		UNION ALL SELECT * FROM (SELECT '', '', 0, 0, 0, 0, s.created_at FROM suspects s` +
		where("s.verdict = ''", "(s.claim_until IS NULL OR s.claim_until <= "+now+")", takes()) +
		` ORDER BY s.created_at, s.id LIMIT 1) oldest`
	if f.For != "" {
		query += ` UNION ALL SELECT '', s.class, s.blind, -COUNT(*), 0, 0, CAST(NULL AS BIGINT) FROM suspects s` +
			where(openLook, "NOT ("+takes()+")") + ` GROUP BY s.class, s.blind`
	}
	return query, c.args
}

// countSuspects counts in the order of an index.
func countSuspects(f review.Filter) (query string, args []any) {
	c := suspectConditions(f)
	now := c.arg(micros(f.Now))
	query = `SELECT s.verdict, s.class, s.blind, COUNT(*), COUNT(CASE WHEN s.verdict = '' AND s.claim_until > ` + now +
		` THEN 1 END), COUNT(CASE WHEN s.verdict = '' THEN s.passed_at END),
		MIN(CASE WHEN s.verdict = '' AND (s.claim_until IS NULL OR s.claim_until <= ` + now + `) THEN s.created_at END)
		FROM suspects s` + c.where() + ` GROUP BY s.verdict, s.class, s.blind`
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
