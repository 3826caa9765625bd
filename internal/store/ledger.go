package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/freeze"
)

// appendEntry seals an entry behind the last one and keeps what it says of people
// apart from it.
func (db *DB) appendEntry(ctx context.Context, tx querier, e freeze.Entry, p freeze.Personal) (freeze.Entry, error) {
	seq, head, err := ledgerHead(ctx, tx)
	if err != nil {
		return e, fmt.Errorf("read the ledger's head: %w", err)
	}
	e.Commitment = p.Commitment()
	e = db.o.Keys.Seal(seq, head, e)
	err = exec(ctx, tx, `INSERT INTO ledger (`+entryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		e.Seq, e.Kind, e.FreezeID, micros(e.At), e.Reason, e.Class, optionalMicros(e.Until), e.Line, e.Rule, e.RuleVersion,
		e.NumberMAC[:], e.Commitment[:], e.Prev[:], e.MAC[:])
	if err != nil {
		return e, fmt.Errorf("append to the ledger: %w", err)
	}
	evidence, err := toJSON(p.Evidence)
	if err != nil {
		return e, err
	}
	err = exec(ctx, tx, `INSERT INTO ledger_personal (seq, `+personalColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.Seq, p.Number, p.Actor, p.Text, evidence, p.Salt)
	return e, wrap("append to the ledger", err)
}

func ledgerHead(ctx context.Context, tx querier) (seq int64, head freeze.MAC, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq, mac FROM ledger ORDER BY seq DESC LIMIT 1`).Scan(&seq, macInto{&head})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, freeze.MAC{}, nil
	}
	return seq, head, err
}

const entryColumns = `seq, kind, freeze_id, at, reason, class, until, line, rule, rule_version, number_mac, commitment, prev, mac`

const personalColumns = `number, actor, text, evidence, salt`

// Ledger hands all entries to visit, in order, until it fails; its error is returned
// as it is.
func (db *DB) Ledger(ctx context.Context, visit func(freeze.Entry) error) error {
	return each(ctx, db.r, scanEntry, visit, `SELECT `+entryColumns+` FROM ledger ORDER BY seq`)
}

func scanEntry(rw row) (freeze.Entry, error) {
	var e entryRow
	err := rw.Scan(e.dest()...)
	return e.entry(), wrap("read the ledger", err)
}

// entryRow is an entry as it is stored.
type entryRow struct {
	e     freeze.Entry
	at    int64
	until sql.NullInt64
}

func (r *entryRow) dest() []any {
	e := &r.e
	return []any{&e.Seq, &e.Kind, &e.FreezeID, &r.at, &e.Reason, &e.Class, &r.until, &e.Line, &e.Rule, &e.RuleVersion,
		macInto{&e.NumberMAC}, macInto{&e.Commitment}, macInto{&e.Prev}, macInto{&e.MAC}}
}

func (r *entryRow) entry() freeze.Entry {
	r.e.At, r.e.Until = fromMicros(r.at), fromOptional(r.until)
	return r.e
}

// Line is an entry of the ledger with what it says of people.
type Line struct {
	freeze.Entry
	// Personal is nil where it was erased.
	Personal *freeze.Personal
}

// EachEntry hands all entries behind that with the number after to visit, in order,
// until it fails; its error is returned as it is.
func (db *DB) EachEntry(ctx context.Context, after int64, visit func(Line) error) error {
	return eachLine(ctx, db.r, after, visit)
}

func eachLine(ctx context.Context, q querier, after int64, visit func(Line) error) error {
	return each(ctx, q, scanLine, visit, `SELECT l.seq, l.kind, l.freeze_id, l.at, l.reason, l.class, l.until, l.line, l.rule, l.rule_version,
			l.number_mac, l.commitment, l.prev, l.mac, p.number, p.actor, p.text, p.evidence, p.salt
		FROM ledger l LEFT JOIN ledger_personal p ON p.seq = l.seq WHERE l.seq > $1 ORDER BY l.seq`, after)
}

func scanLine(rw row) (Line, error) {
	var (
		e                   entryRow
		number, actor, text sql.NullString
		p                   freeze.Personal
	)
	err := rw.Scan(append(e.dest(), &number, &actor, &text, jsonInto{&p.Evidence}, &p.Salt)...)
	l := Line{Entry: e.entry()}
	if number.Valid {
		p.Number, p.Actor, p.Text = number.String, actor.String, text.String
		l.Personal = &p
	}
	return l, wrap("read the ledger", err)
}

// Personal reads what the ledger's entry with that number says of people. NotFound
// where it was erased, or there is no such entry.
func (db *DB) Personal(ctx context.Context, seq int64) (freeze.Personal, error) {
	var p freeze.Personal
	err := db.r.QueryRowContext(ctx, `SELECT `+personalColumns+` FROM ledger_personal WHERE seq = $1`, seq).
		Scan(&p.Number, &p.Actor, &p.Text, jsonInto{&p.Evidence}, &p.Salt)
	return p, missing(err, fmt.Sprintf("ledger entry %d", seq), "what it says of people was erased, or there is no such entry")
}

// macInto scans a MAC.
type macInto struct{ m *freeze.MAC }

// Scan implements sql.Scanner.
func (i macInto) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(i.m) {
		return fmt.Errorf("a keyed hash of %d bytes is stored as %T of %d bytes", len(i.m), src, len(b))
	}
	copy(i.m[:], b)
	return nil
}

// LedgerHead is the number and the MAC of the ledger's last entry; 0 without any.
func (db *DB) LedgerHead(ctx context.Context) (seq int64, head freeze.MAC, err error) {
	seq, head, err = ledgerHead(ctx, db.r)
	return seq, head, wrap("read the ledger's head", err)
}
