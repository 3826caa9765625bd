package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/review"
)

const (
	// stands selects the decisions of a time that were not taken back.
	stands = `d.made_at >= $1 AND d.made_at < $2 AND d.reversed_at IS NULL`

	decidedHits = `SELECT s.number, d.verdict, d.hits, s.hits FROM decisions d CROSS JOIN suspects s
		WHERE ` + stands + ` AND s.id = d.suspect_id AND s.kind <> 'second'`

	// notOfAppeal leaves out what an appeal's second look decided in the first one's place.
	notOfAppeal = ` AND (d.round = 1 OR NOT EXISTS (SELECT 1 FROM suspects x JOIN decisions y ON y.suspect_id = x.id
			WHERE x.second_of = d.suspect_id AND y.made_at = d.made_at AND y.made_by = d.made_by))`
	decidedBy = `SELECT d.made_by, COUNT(CASE WHEN d.verdict = 'confirmed' THEN 1 END),
			COUNT(CASE WHEN d.verdict = 'dismissed' THEN 1 END)
		FROM decisions d WHERE ` + stands + notOfAppeal + ` GROUP BY d.made_by`
	passedBy = `SELECT passed_by, COUNT(*), 0 FROM suspects WHERE passed_at >= $1 AND passed_at < $2 GROUP BY passed_by`
	// tookOf is the median of an odd number, or the mean of the two in the middle of an even one.
	tookOf = `SELECT made_by, AVG(took), MAX(total) FROM (SELECT d.made_by, d.made_at - d.claimed_at AS took,
			ROW_NUMBER() OVER (PARTITION BY d.made_by ORDER BY d.made_at - d.claimed_at) AS place,
			COUNT(*) OVER (PARTITION BY d.made_by) AS total
		FROM decisions d WHERE ` + stands + ` AND d.claimed_at IS NOT NULL) timed
		WHERE place IN ((total + 1) / 2, (total + 2) / 2) GROUP BY made_by`
	pairsBy = `SELECT f.made_by, l.made_by, f.verdict = l.verdict, COUNT(*)` + pairsFrom +
		` GROUP BY f.made_by, l.made_by, f.verdict = l.verdict`

	// day counts what happened on a day: each part goes through a stretch of an index.
	day = `SELECT c.n, c.rejected, s.confirmed, s.dismissed, f.n, g.n, p.n FROM
		(SELECT COUNT(*) AS n, COUNT(CASE WHEN outcome = $4 THEN 1 END) AS rejected
			FROM calls WHERE start_at >= $1 AND start_at < $2) c,
		(SELECT COUNT(CASE WHEN verdict = 'confirmed' THEN 1 END) AS confirmed,
				COUNT(CASE WHEN verdict = 'dismissed' THEN 1 END) AS dismissed
			FROM suspects WHERE created_at >= $1 AND created_at < $2 AND kind = '') s,
		(SELECT COUNT(*) AS n FROM freezes WHERE from_at >= $1 AND from_at < $2) f,
		(SELECT COALESCE(SUM(count), 0) AS n FROM gate_counts WHERE day = $3 AND reason NOT IN ($5, $6)) g,
		(SELECT COUNT(*) AS n FROM complaints WHERE at >= $1 AND at < $2) p`

	classesOf = `SELECT CASE d.verdict WHEN 'confirmed' THEN d.class ELSE s.class END AS of,
			COUNT(CASE WHEN d.verdict = 'confirmed' THEN 1 END), COUNT(CASE WHEN d.verdict = 'dismissed' THEN 1 END)
		FROM decisions d CROSS JOIN suspects s
		WHERE ` + stands + ` AND s.id = d.suspect_id AND s.kind <> 'second' GROUP BY of ORDER BY of`
)

// DecidedHits implements figures.Detailed.
func (s *Figures) DecidedHits(
	ctx context.Context, from, until time.Time, visit func(figures.DecidedHits),
) error {
	err := each(ctx, s.r, scanDecidedHits, func(d figures.DecidedHits) error { visit(d); return nil }, decidedHits,
		micros(from), micros(until))
	return wrap("read which hits were decided on", err)
}

// judgedHit is what of a stored hit is counted.
type judgedHit struct {
	Class  string           `json:"class"`
	Phrase string           `json:"phrase"`
	Text   string           `json:"text"`
	Veto   *json.RawMessage `json:"veto"`
}

func scanDecidedHits(rw row) (d figures.DecidedHits, err error) {
	var verdict review.Verdict
	var said, hits sql.RawBytes
	if err := rw.Scan(digitsInto{&d.Number}, &verdict, &said, &hits); err != nil {
		return d, err
	}
	var of []judgedHit
	var verdicts []review.HitDecision
	if err := errors.Join(json.Unmarshal(said, &verdicts), json.Unmarshal(hits, &of)); err != nil {
		return d, err
	}
	d.Confirmed = verdict == review.Confirm
	for _, h := range of {
		d.Hits = append(d.Hits, figures.DecidedHit{Phrase: h.Phrase, Class: h.Class, Text: h.Text, Vetoed: h.Veto != nil})
	}
	if len(verdicts) > 0 {
		d.Correct = map[int]bool{}
	}
	for _, v := range verdicts {
		d.Correct[v.Hit] = v.Correct
	}
	return d, nil
}

// Reviewers implements figures.Detailed.
func (s *Figures) Reviewers(ctx context.Context, from, until time.Time) ([]figures.Reviewer, error) {
	all := map[string]*figures.Reviewer{}
	of := func(name string) *figures.Reviewer {
		if all[name] == nil {
			all[name] = &figures.Reviewer{Name: name}
		}
		return all[name]
	}
	for _, step := range []struct {
		query string
		scan  func(row) error
	}{
		{decidedBy, func(rw row) error {
			n, err := scanCounts(rw)
			of(n.name).Confirmed, of(n.name).Dismissed = n.a, n.b
			return err
		}},
		{passedBy, func(rw row) error {
			n, err := scanCounts(rw)
			of(n.name).Passed = n.a
			return err
		}},
		{tookOf, func(rw row) error {
			var name string
			var took float64
			var timed int64
			err := rw.Scan(&name, &took, &timed)
			of(name).Median, of(name).Timed = time.Duration(took)*time.Microsecond, timed
			return err
		}},
		{pairsBy, func(rw row) error {
			var first, second string
			var alike bool
			var n int64
			err := rw.Scan(&first, &second, &alike, &n)
			for _, r := range []*figures.Reviewer{of(first), of(second)} {
				r.SecondLooks += n
				if alike {
					r.Agreed += n
				}
			}
			return err
		}},
	} {
		err := each(ctx, s.r, func(rw row) (struct{}, error) { return struct{}{}, step.scan(rw) },
			func(struct{}) error { return nil }, step.query, micros(from), micros(until))
		if err != nil {
			return nil, fmt.Errorf("count what reviewers did: %w", err)
		}
	}
	var out []figures.Reviewer
	for _, r := range all {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b figures.Reviewer) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// nameCounts are two counts of one name.
type nameCounts struct {
	name string
	a, b int64
}

func scanCounts(rw row) (c nameCounts, err error) {
	err = rw.Scan(&c.name, &c.a, &c.b)
	return c, err
}

// Day implements figures.Detailed.
func (s *Figures) Day(ctx context.Context, d figures.Day) (figures.Day, error) {
	whole := d.Date
	if !d.Whole {
		whole = ""
	}
	err := s.r.QueryRowContext(ctx, day, micros(d.From), micros(d.Until), whole, calls.Rejected, figures.Checks,
		figures.Avoided).Scan(&d.Calls, &d.Rejected, &d.Confirmed, &d.Dismissed, &d.Freezes, &d.Refused, &d.Complaints)
	if err == nil {
		d.Classes, err = list(ctx, s.r, func(rw row) (c figures.ClassDecisions, err error) {
			err = rw.Scan(&c.Class, &c.Confirmed, &c.Dismissed)
			return c, err
		}, classesOf, micros(d.From), micros(d.Until))
	}
	return d, wrap("count what happened on "+d.Date, err)
}

// groupQueries count by a column, agent or line. What is still to be decided blindly is left out, or it would
// show whether that is a suspect or a sample. A complaint is about the last call to its number before.
func groupQueries(by figures.Part) (ofCalls, ofSuspects, ofComplaints string) {
	column := "agent"
	if by == figures.LinesPart {
		column = "line"
	}
	in := func(query string) string { return strings.ReplaceAll(query, "{}", column) }
	return in(`SELECT {}, COUNT(*), 0 FROM calls WHERE start_at >= $1 AND start_at < $2 AND {} <> '' GROUP BY {}`),
		in(`SELECT {}, COUNT(*), COUNT(CASE WHEN verdict = 'confirmed' THEN 1 END) FROM suspects
			WHERE created_at >= $1 AND created_at < $2 AND kind = '' AND (blind = 0 OR verdict <> '') AND {} <> '' GROUP BY {}`),
		in(`SELECT name, COUNT(*), 0 FROM (SELECT (SELECT c.{} FROM calls c WHERE c.number = p.number AND c.start_at <= p.at
				ORDER BY c.start_at DESC LIMIT 1) AS name
			FROM complaints p WHERE p.at >= $1 AND p.at < $2) named WHERE name <> '' GROUP BY name`)
}

// Groups implements figures.Detailed.
func (s *Figures) Groups(ctx context.Context, by figures.Part, from, until time.Time) ([]figures.Group, error) {
	all := map[string]*figures.Group{}
	ofCalls, ofSuspects, ofComplaints := groupQueries(by)
	for _, step := range []struct {
		query string
		set   func(*figures.Group, nameCounts)
	}{
		{ofCalls, func(g *figures.Group, c nameCounts) { g.Calls = c.a }},
		{ofSuspects, func(g *figures.Group, c nameCounts) { g.Suspects, g.Confirmed = c.a, c.b }},
		{ofComplaints, func(g *figures.Group, c nameCounts) { g.Complaints = c.a }},
	} {
		err := each(ctx, s.r, scanCounts, func(c nameCounts) error {
			if all[c.name] == nil {
				all[c.name] = &figures.Group{Name: c.name}
			}
			step.set(all[c.name], c)
			return nil
		}, step.query, micros(from), micros(until))
		if err != nil {
			return nil, fmt.Errorf("count by %s: %w", by, err)
		}
	}
	var out []figures.Group
	for _, g := range all {
		out = append(out, *g)
	}
	return out, nil
}
