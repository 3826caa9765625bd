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
func (db *DB) appendEntry(ctx context.Context, tx Tx, e freeze.Entry, p freeze.Personal) (freeze.Entry, error) {
	seq, head, err := ledgerHead(ctx, tx)
	if err != nil {
		return e, fmt.Errorf("read the ledger's head: %w", err)
	}
	e.Commitment = p.Commitment()
	e = db.o.Keys.Seal(seq, head, e)
	err = exec(ctx, tx, `INSERT INTO ledger (seq, kind, freeze_id, at, reason, class, until, number_mac, commitment, prev, mac)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.Seq, e.Kind, e.FreezeID, micros(e.At), e.Reason, e.Class, optionalMicros(e.Until),
		e.NumberMAC[:], e.Commitment[:], e.Prev[:], e.MAC[:])
	if err != nil {
		return e, fmt.Errorf("append to the ledger: %w", err)
	}
	evidence, err := toJSON(p.Evidence)
	if err != nil {
		return e, err
	}
	err = exec(ctx, tx, `INSERT INTO ledger_personal (seq, number, actor, text, evidence, salt) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.Seq, p.Number, p.Actor, p.Text, evidence, p.Salt)
	return e, wrap("append to the ledger", err)
}

func ledgerHead(ctx context.Context, tx Tx) (seq int64, head freeze.MAC, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq, mac FROM ledger ORDER BY seq DESC LIMIT 1`).Scan(&seq, macInto{&head})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, freeze.MAC{}, nil
	}
	return seq, head, err
}

// Ledger hands all entries to visit, in order, until it fails; its error is returned
// as it is.
func (db *DB) Ledger(ctx context.Context, visit func(freeze.Entry) error) error {
	return each(ctx, db.r, scanEntry, visit, `SELECT seq, kind, freeze_id, at, reason, class, until, number_mac, commitment, prev, mac
		FROM ledger ORDER BY seq`)
}

func scanEntry(rw row) (freeze.Entry, error) {
	var (
		e     freeze.Entry
		at    int64
		until sql.NullInt64
	)
	err := rw.Scan(&e.Seq, &e.Kind, &e.FreezeID, &at, &e.Reason, &e.Class, &until,
		macInto{&e.NumberMAC}, macInto{&e.Commitment}, macInto{&e.Prev}, macInto{&e.MAC})
	e.At, e.Until = fromMicros(at), fromOptional(until)
	return e, wrap("read the ledger", err)
}

// Personal reads what the ledger's entry with that number says of people. NotFound
// where it was erased, or there is no such entry.
func (db *DB) Personal(ctx context.Context, seq int64) (freeze.Personal, error) {
	var p freeze.Personal
	err := db.r.QueryRowContext(ctx, `SELECT number, actor, text, evidence, salt FROM ledger_personal WHERE seq = $1`, seq).
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
