package store

import (
	"context"
	"fmt"

	"github.com/refrain-asr/refrain/freeze"
)

// Verify checks the ledger from its first entry to its last: the chain, that the
// personal data fit their commitments, and that the tables of freezes and of the allow
// list say the same as the ledger. Want is the MAC of an entry that must be there, zero
// for none. It reads one moment's state and keeps nobody from writing. The error is
// about reading only: what is wrong with the ledger is in the Findings.
func (s *Freezes) Verify(ctx context.Context, want freeze.MAC) (freeze.Verification, error) {
	var v freeze.Verification
	err := s.reading(ctx, s.r, func(q querier) (err error) {
		v, err = s.verify(ctx, q, want)
		return err
	})
	return v, err
}

func (s *Freezes) verify(ctx context.Context, q querier, want freeze.MAC) (freeze.Verification, error) {
	check := freeze.NewCheck(s.o.Keys, want)
	if err := eachLine(ctx, q, 0,
		func(l freeze.Line) error { check.Line(l); return nil }); err != nil {
		return freeze.Verification{}, fmt.Errorf("verify the ledger: %w", err)
	}
	v := check.End()
	for _, c := range comparisons {
		err := each(ctx, q, scanText, func(what string) error {
			v.Find(c.finding, what)
			return nil
		}, c.query, freeze.MaxFindings)
		if err != nil {
			return v, fmt.Errorf("compare the tables with the ledger: %w", err)
		}
	}
	return v, nil
}

func scanText(rw row) (s string, err error) {
	err = rw.Scan(&s)
	return s, err
}

// comparisons are the ways in which the tables can differ from the ledger. Each query
// names what differs.
var comparisons = []struct{ finding, query string }{
	{"freezes/%s is in the ledger, but not among the freezes", `SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'freeze' AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = l.freeze_id AND f.opened_seq = l.seq) LIMIT $1`},
	{"freezes/%s is not in the ledger, or was changed since it was opened",
		`SELECT f.id FROM freezes f LEFT JOIN ledger l ON l.seq = f.opened_seq
		WHERE l.seq IS NULL OR (l.kind, l.freeze_id, l.number_mac, l.reason, l.class, l.at, l.line, l.rule, l.rule_version)
			<> ('freeze', f.id, f.number_mac, f.reason, f.class, f.from_at, f.line, f.rule, f.rule_version) LIMIT $1`},
	{"freezes/%s does not end when the ledger says",
		`SELECT f.id FROM freezes f LEFT JOIN ledger l ON l.seq = f.seq
		WHERE l.seq IS NULL OR l.freeze_id <> f.id OR l.kind NOT IN ('freeze', 'extend')
			OR COALESCE(l.until, -1) <> COALESCE(f.until_at, -1) LIMIT $1`},
	{"freezes/%s was extended in the ledger, but not among the freezes",
		`SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'extend' AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = l.freeze_id AND f.seq >= l.seq) LIMIT $1`},
	{"freezes/%s was released in the ledger, but not among the freezes",
		`SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'release' AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = l.freeze_id AND f.released_seq = l.seq) LIMIT $1`},
	{"freezes/%s was not released as the freezes say",
		`SELECT f.id FROM freezes f LEFT JOIN ledger l ON l.seq = f.released_seq
		WHERE (f.released_at IS NOT NULL OR f.released_seq IS NOT NULL OR f.cause <> '') AND (l.seq IS NULL OR l.kind <> 'release'
			OR l.freeze_id <> f.id OR COALESCE(f.released_at, -1) <> l.at
			OR f.cause <> CASE l.reason WHEN '' THEN 'released' ELSE l.reason END) LIMIT $1`},
	{"allowances/%s is in the ledger, but not on the allow list", `SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'allow' AND NOT EXISTS (SELECT 1 FROM allows a WHERE a.id = l.freeze_id AND a.opened_seq = l.seq) LIMIT $1`},
	{"allowances/%s is not in the ledger, or was changed",
		`SELECT a.id FROM allows a LEFT JOIN ledger l ON l.seq = a.opened_seq
		WHERE l.seq IS NULL OR (l.kind, l.freeze_id, l.number_mac, l.at, COALESCE(l.until, -1))
			<> ('allow', a.id, a.number_mac, a.from_at, a.until_at) LIMIT $1`},
	{"allowances/%s was ended in the ledger, but not on the allow list",
		`SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'disallow' AND NOT EXISTS (SELECT 1 FROM allows a WHERE a.id = l.freeze_id AND a.ended_seq = l.seq) LIMIT $1`},
	{"allowances/%s was not ended as the allow list says",
		`SELECT a.id FROM allows a LEFT JOIN ledger l ON l.seq = a.ended_seq
		WHERE (a.ended_at IS NOT NULL OR a.ended_seq IS NOT NULL) AND (l.seq IS NULL OR l.kind <> 'disallow' OR l.freeze_id <> a.id
			OR COALESCE(a.ended_at, -1) <> l.at) LIMIT $1`},
}
