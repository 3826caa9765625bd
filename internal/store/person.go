package store

import (
	"context"
	"encoding/hex"
	"errors"
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
			if holds, err = t.holdsOn(ctx, n); err != nil {
				return err
			}
			if len(holds) > 0 { // and the audit's record must not tell of an erasure
				return errHeld
			}
		}
		t.e.erased.Store(true)
		return wrap("note an erasure", exec(ctx, t, `INSERT INTO erasures (id, number, number_mac, at)
			VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`, e.ID, digits, name, micros(e.At)))
	})
	if errors.Is(err, errHeld) {
		err = nil
	}
	return holds, err
}

// errHeld rolls an erasure back that holds stand against.
var errHeld = errors.New("a hold stands")

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

// DoomPerson implements retention.People.
func (s *Retention) DoomPerson(
	ctx context.Context, n number.Number,
) (going map[string]int64, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		going = map[string]int64{}
		rows, err := list(ctx, t, scanRowID, recordingsOf, n.Digits())
		if err != nil {
			return fmt.Errorf("look for a person's recordings: %w", err)
		}
		for kind, query := range goingWith {
			var count int64
			if err := t.QueryRowContext(ctx, query, n.Digits()).Scan(&count); err != nil {
				return fmt.Errorf("count what goes with a person's recordings: %w", err)
			}
			going[kind] = count
		}
		for _, rowid := range rows {
			if err := t.doom(ctx, rowid, true); err != nil {
				return fmt.Errorf("note that a recording is to go: %w", err)
			}
		}
		return nil
	})
	return going, err
}

const recordingsOf = `SELECT rowid FROM recordings WHERE number = $1`

// goingWith counts what goes with a number's recordings.
var goingWith = map[string]string{
	"transcripts": `SELECT COUNT(*) FROM transcripts WHERE recording_id IN (SELECT id FROM recordings WHERE number = $1)`,
	"suspects": `SELECT COUNT(*) FROM suspects WHERE kind <> 'second'
		AND recording_id IN (SELECT id FROM recordings WHERE number = $1)`,
	"decisions": `SELECT COUNT(*) FROM decisions WHERE suspect_id IN (SELECT id FROM suspects
		WHERE recording_id IN (SELECT id FROM recordings WHERE number = $1))`,
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
	told, err := s.toldOf(ctx, n)
	if err != nil {
		return nil, false, err
	}
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = t.e.prepared(t.tx)
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
		if err := t.untell(ctx, n, told); err != nil {
			return fmt.Errorf("erase what the feed told: %w", err)
		}
		went["ledger"], err = t.forgetInLedger(ctx, n)
		return err
	})
	return went, more, err
}

// told are the changes that tell of a number, of those up to the last.
type told struct {
	seqs []int64
	last int64
}

// toldOf looks through the changes, of which there are many and no index leads to a number's: beside the
// transaction, so that nobody waits for it.
func (e *engine) toldOf(ctx context.Context, n number.Number) (found told, err error) {
	if found.last, err = e.LastChange(ctx); err != nil {
		return found, err
	}
	found.seqs, err = list(ctx, e.r, scanRowID, `SELECT seq FROM changes WHERE number = $1 AND seq <= $2`,
		n.Digits(), found.last)
	return found, wrap("look for what the feed told of a person", err)
}

// untell takes the number from the changes that tell of it: those that were found, and what came since.
func (t *writeTx) untell(ctx context.Context, n number.Number, of told) error {
	for _, seq := range of.seqs {
		if err := exec(ctx, t, `UPDATE changes SET number = NULL WHERE seq = $1`, seq); err != nil {
			return err
		}
	}
	return exec(ctx, t, untold, of.last, n.Digits())
}

const untold = `UPDATE changes SET number = NULL WHERE seq > $1 AND number = $2`

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
		some, err := changed(ctx, t, personalGone, mac)
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
	t.changed(feed.Change{Kind: feed.Erased, ID: t.e.o.Keys.NumberMAC(n).String(), Number: n})
	return went, nil
}

// personalGone erases what the ledger says of who has a name.
const personalGone = `DELETE FROM ledger_personal WHERE seq IN (SELECT seq FROM ledger WHERE number_mac = $1)`

// Frozen implements retention.People.
func (s *Retention) Frozen(ctx context.Context, n number.Number, at time.Time) (bool, error) {
	found, err := freezes(ctx, s.r, s.o.Keys, freeze.Query{Numbers: []number.Number{n}, Unreleased: true,
		EndsAfter: at})
	return len(found) > 0, err
}
