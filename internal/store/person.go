package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/retention"
)

// BeginErasure implements retention.Beginnings.
func (s *Retention) BeginErasure(
	ctx context.Context, e retention.Erasure, n number.Number,
) (holds []retention.Hold, err error) {
	name, err := hex.DecodeString(e.Name)
	if err != nil {
		return nil, fmt.Errorf("the name of the erasure %s is no hash: %w", e.ID, err)
	}
	digits, err := digitsOf(n.E164())
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		holds = nil
		if !n.IsZero() {
			if holds, err = t.holdsOn(ctx, n); err != nil || len(holds) > 0 {
				return err
			}
		}
		t.e.erased.Store(true)
		return wrap("note an erasure", exec(ctx, t, `INSERT INTO erasures (id, number, number_mac, at)
			VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`, e.ID, digits, name, micros(e.At)))
	})
	return holds, err
}

// CancelErasure implements retention.Beginnings.
func (s *Retention) CancelErasure(ctx context.Context, id string) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		return wrap("forget an erasure", exec(ctx, t, `DELETE FROM erasures WHERE id = $1`, id))
	})
}

// Unnoted implements retention.Beginnings.
func (s *Retention) Unnoted(ctx context.Context, known []retention.Erasure) (unnoted []retention.Unnoted, err error) {
	is := make(map[string]bool, len(known))
	for _, e := range known {
		is[e.ID] = true
	}
	err = each(ctx, s.r, func(rw row) (u retention.Unnoted, err error) {
		var at int64
		err = rw.Scan(&u.ID, &at, digitsInto{&u.Number})
		u.At = fromMicros(at)
		return u, err
	}, func(u retention.Unnoted) error {
		if !is[u.ID] {
			unnoted = append(unnoted, u)
		}
		return nil
	}, `SELECT id, at, number FROM erasures WHERE number IS NOT NULL ORDER BY id`)
	return unnoted, wrap("look for erasures that were begun", err)
}

// CloseErasure implements retention.People.
func (s *Retention) CloseErasure(ctx context.Context, id string, tally map[string]int64) error {
	text, err := toJSON(tally)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		return wrap("note what was erased", exec(ctx, t,
			`UPDATE erasures SET number = NULL, tally = $1 WHERE id = $2`, text, id))
	})
}

// EndErasure implements retention.People.
func (s *Retention) EndErasure(ctx context.Context, id string) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		return wrap("note that an erasure is done", exec(ctx, t,
			`UPDATE erasures SET done_at = $1 WHERE id = $2`, micros(t.e.now()), id))
	})
}

// Unfinished implements retention.People.
func (s *Retention) Unfinished(
	ctx context.Context, known []retention.Erasure,
) (map[string]retention.Begun, error) {
	type begun struct {
		retention.Begun

		id   string
		done bool
	}
	out := make(map[string]retention.Begun, len(known))
	for _, e := range known {
		out[e.ID] = retention.Begun{}
	}
	err := each(ctx, s.r, func(rw row) (b begun, err error) {
		err = rw.Scan(&b.id, digitsInto{&b.Number}, &b.Closed, &b.done)
		return b, err
	}, func(b begun) error {
		if _, is := out[b.id]; is {
			out[b.id] = b.Begun
		}
		if b.done {
			delete(out, b.id)
		}
		return nil
	}, `SELECT id, number, tally <> '', done_at IS NOT NULL FROM erasures`)
	return out, wrap("look for erasures that are under way", err)
}

// FindNumber implements retention.People.
func (s *Retention) FindNumber(
	ctx context.Context, is func(number.Number) bool,
) (found number.Number, err error) {
	err = each(ctx, s.r, func(rw row) (n number.Number, err error) {
		err = rw.Scan(digitsInto{&n})
		return n, err
	}, func(n number.Number) error {
		if found.IsZero() && is(n) {
			found = n
		}
		return nil
	}, `SELECT number FROM calls UNION SELECT number FROM recordings UNION SELECT number FROM suspects
		UNION SELECT number FROM complaints UNION SELECT number FROM ledger_personal WHERE number IS NOT NULL`)
	return found, wrap("look for a number by its name", err)
}

// DoomPerson implements retention.People.
func (s *Retention) DoomPerson(ctx context.Context, n number.Number) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		rows, err := list(ctx, t, scanRowID, `SELECT rowid FROM recordings WHERE number = $1`, n.Digits())
		if err != nil {
			return fmt.Errorf("look for a person's recordings: %w", err)
		}
		for _, rowid := range rows {
			if err := t.doom(ctx, rowid, true); err != nil {
				return fmt.Errorf("note that a recording is to go: %w", err)
			}
		}
		return nil
	})
}

func scanRowID(rw row) (id int64, err error) {
	err = rw.Scan(&id)
	return id, err
}

// ForgetPerson implements retention.People.
func (s *Retention) ForgetPerson(
	ctx context.Context, n number.Number, most int,
) (went map[string]int64, more bool, err error) {
	went = map[string]int64{}
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = prepared(t.tx)
		rows, err := list(ctx, t, scanRowID, `SELECT rowid FROM calls WHERE number = $1 LIMIT $2`, n.Digits(), most)
		if err != nil {
			return fmt.Errorf("look for a person's calls: %w", err)
		}
		for _, rowid := range rows {
			if err := t.dropCall(ctx, rowid); err != nil {
				return fmt.Errorf("erase a call: %w", err)
			}
		}
		went["calls"], more = int64(len(rows)), len(rows) == most
		if more {
			return nil
		}
		if went["complaints"], err = changed(ctx, t, `DELETE FROM complaints WHERE number = $1`,
			n.Digits()); err != nil {
			return fmt.Errorf("erase complaints: %w", err)
		}
		if err := exec(ctx, t, `UPDATE changes SET number = NULL WHERE number = $1`, n.Digits()); err != nil {
			return fmt.Errorf("erase what the feed told: %w", err)
		}
		went["ledger"], err = t.forgetInLedger(ctx, n)
		return err
	})
	return went, more, err
}

// forgetInLedger ends what allows the number to be called, erases what the ledger says of it, and lets
// the gate know its freezes by its name.
func (t *writeTx) forgetInLedger(ctx context.Context, n number.Number) (int64, error) {
	numbers, now := []number.Number{n}, t.e.now()
	entries, err := t.Allows(ctx, freeze.AllowQuery{Numbers: numbers})
	if err != nil {
		return 0, err
	}
	for _, a := range entries {
		if a.Ended != nil || !now.Before(a.Until) {
			continue
		}
		_, err := t.Enter(ctx, freeze.Entry{Kind: freeze.Disallowed, FreezeID: freeze.ID(a.ID), At: now,
			NumberMAC: a.NumberMAC}, freeze.NewPersonal(n, "", "", freeze.Evidence{}))
		if err != nil {
			return 0, fmt.Errorf("end an entry of the allow list: %w", err)
		}
	}
	var went int64
	for _, mac := range macsOf(t.e.o.Keys, numbers) {
		some, err := changed(ctx, t, `DELETE FROM ledger_personal WHERE seq IN
			(SELECT seq FROM ledger WHERE number_mac = $1)`, mac)
		if err != nil {
			return 0, fmt.Errorf("erase what the ledger says of a person: %w", err)
		}
		went += some
	}
	standing, err := t.Freezes(ctx, freeze.Query{Numbers: numbers, Unreleased: true, EndsAfter: now})
	if err != nil {
		return 0, err
	}
	for _, f := range standing {
		t.changed(feed.Change{Kind: feed.Freeze, ID: string(f.ID), Freeze: f})
	}
	t.changed(feed.Change{Kind: feed.Erased, Number: n})
	return went, nil
}

// Frozen implements retention.People.
func (s *Retention) Frozen(ctx context.Context, n number.Number, at time.Time) (bool, error) {
	found, err := freezes(ctx, s.r, s.o.Keys, freeze.Query{Numbers: []number.Number{n}, Unreleased: true,
		EndsAfter: at})
	return len(found) > 0, err
}
