package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/review"
)

// Reviews implements figures.Store.
func (s *Figures) Reviews(
	ctx context.Context, from, until time.Time, firstDay, lastDay string,
) (figures.Reviews, error) {
	var r figures.Reviews
	a, b := micros(from), micros(until)
	for _, step := range []func() error{
		func() error { return s.suspects(ctx, &r, a, b) },
		func() (err error) {
			r.Strata, err = list(ctx, s.r, scanStratum, strata, firstDay, lastDay)
			return err
		},
		func() error {
			return each(ctx, s.r, scanReviewed, func(c reviewed) error {
				c.addTo(&r.Sampled)
				return nil
			}, `SELECT COUNT(*), verdict, blind FROM suspects
				WHERE day <> '' AND day BETWEEN $1 AND $2 AND kind = '' GROUP BY verdict, blind`,
				firstDay, lastDay)
		},
		func() error {
			return each(ctx, s.r, scanPair, func(c pair) error { return c.addTo(&r.Pairs) }, pairs, a, b)
		},
	} {
		if err := step(); err != nil {
			return figures.Reviews{}, fmt.Errorf("count what was reviewed: %w", err)
		}
	}
	return r, nil
}

// suspects counts those that were found in a stretch of time.
func (s *Figures) suspects(ctx context.Context, r *figures.Reviews, from, until int64) error {
	return each(ctx, s.r, scanReviewed, func(c reviewed) error {
		into := &r.Shown
		if c.blind {
			into = &r.Blind
		}
		c.addTo(into)
		return nil
	}, `SELECT COUNT(*), verdict, blind FROM suspects
		WHERE created_at >= $1 AND created_at < $2 AND kind = '' GROUP BY verdict, blind`, from, until)
}

const strata = `SELECT b.eligible, b.samples, COUNT(s.id), COUNT(CASE WHEN s.verdict = 'confirmed' THEN 1 END)
	FROM blind_days b LEFT JOIN suspects s ON s.day = b.day AND s.kind = 'sample' AND s.verdict <> '' AND s.day <> ''
	WHERE b.day BETWEEN $1 AND $2 AND b.eligible > 0 GROUP BY b.day, b.eligible, b.samples ORDER BY b.day`

// pairs are the second looks that are decided, beside what stood of the first when they were: what
// was decided later is no judgement of its own. Nobody agrees with themselves. A second look that an appeal
// made was not chosen by chance. Of one that became an appeal's it counts what the appeal took back; where that was
// nothing, since nobody had decided on it yet, the answer: it has no first round then.
const pairs = `SELECT COUNT(*), f.verdict, l.verdict` + pairsFrom + ` GROUP BY f.verdict, l.verdict`

const pairsFrom = `
	FROM suspects x JOIN decisions l ON l.suspect_id = x.id AND (l.reversed_at = x.appealed_at OR l.round = x.round AND
			(x.appealed_at IS NULL OR NOT EXISTS (SELECT 1 FROM decisions e WHERE e.suspect_id = x.id AND e.round = 1)))
		JOIN decisions f ON f.suspect_id = x.second_of AND f.made_at <= l.made_at
			AND (f.reversed_at IS NULL OR f.reversed_at >= l.made_at)
	WHERE x.created_at >= $1 AND x.created_at < $2 AND x.kind = 'second' AND f.made_by <> l.made_by`

func scanStratum(rw row) (s figures.Stratum, err error) {
	err = rw.Scan(&s.Calls, &s.Samples, &s.Decided, &s.Confirmed)
	return s, err
}

// reviewed is a count of suspects with the same verdict.
type reviewed struct {
	n       int64
	verdict review.Verdict
	blind   bool
}

func scanReviewed(rw row) (c reviewed, err error) {
	err = rw.Scan(&c.n, &c.verdict, &c.blind)
	return c, err
}

func (c reviewed) addTo(d *figures.Decided) {
	switch c.verdict {
	case review.Confirm:
		d.Confirmed += c.n
	case review.Dismiss:
		d.Dismissed += c.n
	default:
		d.Open += c.n
	}
}

// pair is a count of calls on which two decided in the same way.
type pair struct {
	n             int64
	first, second review.Verdict
}

func scanPair(rw row) (c pair, err error) {
	err = rw.Scan(&c.n, &c.first, &c.second)
	return c, err
}

func (c pair) addTo(p *figures.Pairs) error {
	switch {
	case c.first == review.Confirm && c.second == review.Confirm:
		p.BothConfirmed += c.n
	case c.first == review.Confirm:
		p.FirstConfirmed += c.n
	case c.second == review.Confirm:
		p.SecondConfirmed += c.n
	default:
		p.BothDismissed += c.n
	}
	return nil
}
