package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Complaint is what a called person said to somebody else.
type Complaint struct {
	Number number.Number
	At     time.Time
	// Source is where it came in, such as 12321.
	Source string
	Text   string
	// Actor is who imported it.
	Actor string
}

func (c Complaint) check(now time.Time) error {
	var wrong fault.Fields
	if c.Number.IsZero() {
		wrong.Add("number", "is missing")
	}
	if c.At.IsZero() || c.At.After(now.Add(10*time.Minute)) {
		wrong.Add("time", "is %s; say when they complained, which can't be later than now", c.At.UTC().Format(time.RFC3339))
	}
	if c.Source == "" || len(c.Source) > freeze.MaxText {
		wrong.Add("source", "has %d bytes; say in 1 to %d where the complaint came in", len(c.Source), freeze.MaxText)
	}
	freeze.CheckNote(&wrong, "text", c.Text)
	return wrong.Err("freeze.Complain")
}

// Complaints is what an import of complaints did.
type Complaints struct {
	// Created are new, Known were imported before.
	Created, Known int
	// Frozen are the freezes that it opened.
	Frozen []freeze.Freeze
}

// AddComplaints notes 1 to 1,000 complaints, all or none, and freezes each number until
// somebody releases it, unless a complaint's freeze stands on it already. A complaint
// that is known (the same number, time and source) does nothing, even where its freeze
// was released. When it returns, the gate knows. Invalid where one is incomplete.
func (db *DB) AddComplaints(ctx context.Context, complaints []Complaint) (Complaints, error) {
	if err := checkCount("freeze.Complain", len(complaints)); err != nil {
		return Complaints{}, err
	}
	now := db.now()
	for i, c := range complaints {
		if err := c.check(now); err != nil {
			return Complaints{}, inPlace(err, "complaints", i, len(complaints))
		}
	}
	var done Complaints
	err := db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		q := prepared(tx)
		for _, c := range complaints {
			if err := db.addComplaint(ctx, q, c, now, &done); err != nil {
				return fmt.Errorf("note a complaint: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return Complaints{}, err
	}
	db.o.Standing(done.Frozen...)
	return done, nil
}

func (db *DB) addComplaint(ctx context.Context, tx querier, c Complaint, now time.Time, done *Complaints) error {
	known, err := exists(ctx, tx, `SELECT 1 FROM complaints WHERE number = $1 AND at = $2 AND source = $3`, c.Number.E164(), micros(c.At), c.Source)
	switch {
	case err != nil:
		return err
	case known:
		done.Known++
		return nil
	}
	var id string
	err = tx.QueryRowContext(ctx, `SELECT id FROM freezes WHERE number_mac = $1 AND reason = $2 AND line = '' AND until_at IS NULL
		AND released_at IS NULL AND from_at <= $3`, db.numberMAC(c.Number), freeze.Complained, micros(now)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		var f freeze.Freeze
		f, err = db.openFreeze(ctx, tx, freeze.Freeze{Number: c.Number, Reason: freeze.Complained, From: now, Actor: c.Actor, Note: c.Text})
		id = string(f.ID)
		done.Frozen = append(done.Frozen, f)
	}
	if err != nil {
		return err
	}
	done.Created++
	return exec(ctx, tx, `INSERT INTO complaints (id, number, at, source, text, actor, freeze_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		newID(now), c.Number.E164(), micros(c.At), c.Source, c.Text, c.Actor, id, micros(now))
}

func exists(ctx context.Context, q querier, query string, args ...any) (bool, error) {
	var one int
	err := q.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
