package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// maxFindings is how many findings a Verification holds: who rewrote a table makes
// millions, and a few tell as much.
const maxFindings = 100

// Verification is what a check of the ledger brought to light.
type Verification struct {
	// Entries is how many entries were read, Head the MAC of the last sound one.
	Entries int64
	Head    freeze.MAC
	// Erased counts the entries whose personal data were erased, which is no finding.
	Erased int64
	// Findings are what is wrong, 100 at most; each is freeze.ErrTampered.
	Findings []error
}

func (v *Verification) find(format string, args ...any) {
	v.add(fmt.Errorf("%w: "+format, append([]any{freeze.ErrTampered}, args...)...))
}

func (v *Verification) add(err error) {
	if err != nil && len(v.Findings) < maxFindings {
		v.Findings = append(v.Findings, err)
	}
}

// VerifyLedger checks the ledger from its first entry to its last: the chain, that the
// personal data fit their commitments, and that the tables of freezes and of the allow
// list say the same as the ledger. Want is the MAC of an entry that must be there, zero
// for none. It reads one moment's state and keeps nobody from writing. The error is
// about reading only: what is wrong with the ledger is in the Findings.
func (db *DB) VerifyLedger(ctx context.Context, want freeze.MAC) (Verification, error) {
	tx, err := db.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Verification{}, fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	var v Verification
	if err := db.verifyChain(ctx, tx, want, &v); err != nil {
		return v, fmt.Errorf("verify the ledger: %w", err)
	}
	for _, c := range comparisons {
		err := each(ctx, tx, scanText, func(what string) error { v.find(c.finding, what); return nil }, c.query, maxFindings)
		if err != nil {
			return v, fmt.Errorf("compare the tables with the ledger: %w", err)
		}
	}
	return v, nil
}

// verifyChain stops to follow the chain where it breaks: nothing behind that is proven.
func (db *DB) verifyChain(ctx context.Context, tx querier, want freeze.MAC, v *Verification) error {
	chain := freeze.Verifier{Keys: db.o.Keys, Want: want}
	broken := false
	err := eachLine(ctx, tx, 0, func(l Line) error {
		v.Entries++
		if !broken {
			err := chain.Next(l.Entry)
			v.add(err)
			broken = err != nil
		}
		db.verifyPersonal(l, v)
		return nil
	})
	_, v.Head = chain.Head()
	v.add(chain.End())
	return err
}

func (db *DB) verifyPersonal(l Line, v *Verification) {
	if l.Personal == nil {
		v.Erased++
		return
	}
	if l.Personal.Commitment() != l.Commitment {
		v.find("what entry %d says of people was changed", l.Seq)
		return
	}
	if l.Personal.Number == "" { // released after the number had been erased
		return
	}
	n, err := number.FromE164(l.Personal.Number)
	if err != nil || db.o.Keys.NumberMAC(n) != l.NumberMAC {
		v.find("entry %d is about another number than its personal data", l.Seq)
	}
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
	{"freezes/%s is not in the ledger, or was changed since it was opened", `SELECT f.id FROM freezes f LEFT JOIN ledger l ON l.seq = f.opened_seq
		WHERE l.seq IS NULL OR (l.kind, l.freeze_id, l.number_mac, l.reason, l.class, l.at, l.line, l.rule, l.rule_version)
			<> ('freeze', f.id, f.number_mac, f.reason, f.class, f.from_at, f.line, f.rule, f.rule_version) LIMIT $1`},
	{"freezes/%s does not end when the ledger says", `SELECT f.id FROM freezes f LEFT JOIN ledger l ON l.seq = f.seq
		WHERE l.seq IS NULL OR l.freeze_id <> f.id OR l.kind NOT IN ('freeze', 'extend')
			OR COALESCE(l.until, -1) <> COALESCE(f.until_at, -1) LIMIT $1`},
	{"freezes/%s was extended in the ledger, but not among the freezes", `SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'extend' AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = l.freeze_id AND f.seq >= l.seq) LIMIT $1`},
	{"freezes/%s was released in the ledger, but not among the freezes", `SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'release' AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = l.freeze_id AND f.released_seq = l.seq) LIMIT $1`},
	{"freezes/%s was not released as the freezes say", `SELECT f.id FROM freezes f LEFT JOIN ledger l ON l.seq = f.released_seq
		WHERE (f.released_at IS NOT NULL OR f.released_seq IS NOT NULL OR f.cause <> '') AND (l.seq IS NULL OR l.kind <> 'release'
			OR l.freeze_id <> f.id OR COALESCE(f.released_at, -1) <> l.at
			OR f.cause <> CASE l.reason WHEN '' THEN 'released' ELSE l.reason END) LIMIT $1`},
	{"allowances/%s is in the ledger, but not on the allow list", `SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'allow' AND NOT EXISTS (SELECT 1 FROM allows a WHERE a.id = l.freeze_id AND a.opened_seq = l.seq) LIMIT $1`},
	{"allowances/%s is not in the ledger, or was changed", `SELECT a.id FROM allows a LEFT JOIN ledger l ON l.seq = a.opened_seq
		WHERE l.seq IS NULL OR (l.kind, l.freeze_id, l.number_mac, l.at, COALESCE(l.until, -1))
			<> ('allow', a.id, a.number_mac, a.from_at, a.until_at) LIMIT $1`},
	{"allowances/%s was ended in the ledger, but not on the allow list", `SELECT l.freeze_id FROM ledger l
		WHERE l.kind = 'disallow' AND NOT EXISTS (SELECT 1 FROM allows a WHERE a.id = l.freeze_id AND a.ended_seq = l.seq) LIMIT $1`},
	{"allowances/%s was not ended as the allow list says", `SELECT a.id FROM allows a LEFT JOIN ledger l ON l.seq = a.ended_seq
		WHERE (a.ended_at IS NOT NULL OR a.ended_seq IS NOT NULL) AND (l.seq IS NULL OR l.kind <> 'disallow' OR l.freeze_id <> a.id
			OR COALESCE(a.ended_at, -1) <> l.at) LIMIT $1`},
}
