package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/retention"
)

const selectHolds = `SELECT id, number, COALESCE(call_id, ''), from_at, until_at, reason, actor, created_at,
	released_at, COALESCE(released_by, ''), COALESCE(release, '') FROM holds`

func scanHold(rw row) (retention.Hold, error) {
	var (
		h                     retention.Hold
		r                     retention.HoldRelease
		from, until, released sql.NullInt64
		created               int64
	)
	err := rw.Scan(&h.ID, digitsInto{&h.Number}, &h.CallID, &from, &until, &h.Reason, &h.Actor, &created,
		&released, &r.Actor, &r.Reason)
	h.From, h.Until, h.CreatedAt = fromOptional(from), fromOptional(until), fromMicros(created)
	if released.Valid {
		r.At = fromOptional(released)
		h.Release = &r
	}
	return h, err
}

// AddHold implements retention.Holds.
func (s *Retention) AddHold(ctx context.Context, h retention.Hold) error {
	number, err := digitsOf(h.Number.E164())
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		err := exec(ctx, t, `INSERT INTO holds (id, number, call_id, from_at, until_at,
			reason, actor, created_at) VALUES ($1, $2, NULLIF($3, ''), $4, $5, $6, $7, $8)`, h.ID, number,
			h.CallID, optionalMicros(h.From), optionalMicros(h.Until), h.Reason, h.Actor, micros(h.CreatedAt))
		if err != nil {
			return wrap("place a hold", err)
		}
		return t.notBeingErased(ctx, h.ID)
	})
}

// notBeingErased refuses a hold that would keep something of a person who is being erased.
func (t *writeTx) notBeingErased(ctx context.Context, id retention.HoldID) error {
	erased, err := list(ctx, t, func(rw row) (n number.Number, err error) {
		err = rw.Scan(digitsInto{&n})
		return n, err
	}, `SELECT number FROM erasures WHERE number IS NOT NULL`)
	if err != nil {
		return wrap("look for erasures that are under way", err)
	}
	for _, n := range erased {
		holds, err := t.holdsOn(ctx, n)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(holds, func(h retention.Hold) bool { return h.ID == id }) {
			return &fault.Error{Op: "retention.Hold", Kind: fault.Precondition, Reason: "BEING_ERASED",
				Message: "somebody of whom it would keep something is being erased; nothing was held. Of what is " +
					"left in a while it can be placed again"}
		}
	}
	return nil
}

// ReleaseHold implements retention.Holds.
func (s *Retention) ReleaseHold(
	ctx context.Context, id retention.HoldID, r retention.HoldRelease,
) (h retention.Hold, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		h, err = scanHold(t.QueryRowContext(ctx, selectHolds+` WHERE id = $1`, id))
		if err != nil {
			return missing(err, "holds/"+string(id), "there is no such hold")
		}
		if h.Release != nil {
			return &fault.Error{Op: "retention.ReleaseHold", Kind: fault.Precondition, Reason: "NOT_HELD",
				Subject: h.Name(), Message: "it was released already"}
		}
		h = retention.Hold{ID: id, Reason: h.Reason, Actor: h.Actor, CreatedAt: h.CreatedAt, Release: &r}
		return wrap("release a hold", exec(ctx, t, `UPDATE holds SET number = NULL, call_id = NULL,
			from_at = NULL, until_at = NULL, released_at = $1, released_by = $2, release = $3 WHERE id = $4`,
			micros(r.At), r.Actor, r.Reason, id))
	})
	return h, err
}

// ListHolds implements retention.Holds.
func (s *Retention) ListHolds(ctx context.Context, released bool) ([]retention.Hold, error) {
	holds, err := list(ctx, s.r, scanHold, selectHolds+` WHERE $1 = 1 OR released_at IS NULL ORDER BY id DESC`,
		flag(released))
	return holds, wrap("list holds", err)
}

// holdsOn finds those that stand on anything that is known of a number.
var holdsOn = selectHolds + ` h WHERE h.released_at IS NULL AND (h.number = $1 OR ` + ofCalls("$1") + ` OR ` + ofRecordings("$1") + `
	OR EXISTS (SELECT 1 FROM complaints c WHERE c.number = $1 AND h.from_at <= c.at AND c.at < h.until_at)
	OR EXISTS (SELECT 1 FROM ledger_personal p JOIN freezes f ON f.opened_seq = p.seq WHERE p.number = $1
		AND (h.from_at <= f.from_at AND f.from_at < h.until_at OR ` + ofEvidence + `))
	OR EXISTS (SELECT 1 FROM ledger_personal p JOIN allows f ON f.opened_seq = p.seq WHERE p.number = $1
		AND h.from_at <= f.from_at AND f.from_at < h.until_at))
	ORDER BY h.id`

// HoldsOn implements retention.Holds.
func (s *Retention) HoldsOn(ctx context.Context, n number.Number) ([]retention.Hold, error) {
	return readHolds(ctx, s.r, n)
}

func (t *writeTx) holdsOn(ctx context.Context, n number.Number) ([]retention.Hold, error) {
	return readHolds(ctx, t, n)
}

func readHolds(ctx context.Context, q querier, n number.Number) ([]retention.Hold, error) {
	holds, err := list(ctx, q, scanHold, holdsOn, n.Digits())
	return holds, wrap("look for holds", err)
}
