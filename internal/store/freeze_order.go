package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/review"
)

// maxOrders is how many freezes or complaints one transaction takes.
const maxOrders = 1000

// CreateFreezes opens 1 to 1,000 freezes that people or other systems ordered, all or
// none, and returns them; one without a From begins now. Left out are Imported ones that
// have ended already, or that stand already with the same line and end: so an import can
// be repeated. A repeated req returns what it opened the first time. When it returns,
// the gate knows. Invalid where a freeze can't be ordered (see freeze.CheckOrder), or
// the request's ID was used for others.
func (db *DB) CreateFreezes(ctx context.Context, freezes []freeze.Freeze, req review.Request) ([]freeze.Freeze, error) {
	if err := checkCount("freeze.Create", len(freezes)); err != nil {
		return nil, err
	}
	subject := db.orderDigest(freezes)
	now := db.now()
	orders := make([]freeze.Freeze, len(freezes))
	for i, f := range freezes {
		if f.From.IsZero() {
			f.From = now
		}
		if err := f.CheckOrder(); err != nil {
			return nil, inPlace(err, "freezes", i, len(freezes))
		}
		orders[i] = f
	}
	return db.changeFreezes(ctx, req, subject, func(ctx context.Context, tx Tx) ([]freeze.Freeze, error) {
		var opened []freeze.Freeze
		q := prepared(tx)
		for _, f := range orders {
			skip, err := db.importedBefore(ctx, q, f, now)
			if err != nil {
				return nil, err
			}
			if skip {
				continue
			}
			if f, err = db.openFreeze(ctx, q, f); err != nil {
				return nil, err
			}
			opened = append(opened, f)
		}
		return opened, nil
	})
}

// checkCount refuses a request without orders, or with more than one transaction takes.
func checkCount(op string, n int) error {
	if n >= 1 && n <= maxOrders {
		return nil
	}
	return &fault.Error{Op: op, Kind: fault.Invalid, Reason: "INVALID_REQUEST",
		Message: fmt.Sprintf("there are %d; 1 to %d can be taken at once", n, maxOrders)}
}

// inPlace says of a fault which of several orders it is about.
func inPlace(err error, name string, i, n int) error {
	wrong, ok := errors.AsType[*fault.Error](err)
	if !ok || n == 1 {
		return err
	}
	placed := *wrong
	placed.Fields = make([]fault.Field, len(wrong.Fields))
	for j, f := range wrong.Fields {
		placed.Fields[j] = fault.Field{Name: fmt.Sprintf("%s[%d].%s", name, i, f.Name), Problem: f.Problem}
	}
	return &placed
}

// orderDigest tells requests apart without naming a number.
func (db *DB) orderDigest(freezes []freeze.Freeze) string {
	h := sha256.New()
	for _, f := range freezes {
		_, _ = fmt.Fprintf(h, "%x %q %q %q %d %d %q\n", db.numberMAC(f.Number), f.Reason, f.Class, f.Line, f.From.UnixMicro(), f.Until.UnixMicro(), f.Note)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// importedBefore tells of an Imported freeze that it is over, or stands already.
func (db *DB) importedBefore(ctx context.Context, tx querier, f freeze.Freeze, now time.Time) (bool, error) {
	if f.Reason != freeze.Imported {
		return false, nil
	}
	if !f.Until.IsZero() && !now.Before(f.Until) {
		return true, nil
	}
	stands, err := exists(ctx, tx, `SELECT 1 FROM freezes WHERE number_mac = $1 AND reason = $2 AND line = $3
			AND COALESCE(until_at, -1) = COALESCE($4, -1) AND released_at IS NULL`,
		db.numberMAC(f.Number), f.Reason, f.Line, optionalMicros(f.Until))
	return stands, wrap("look for the same freeze", err)
}

// ExtendFreeze moves the end of a freeze that stands to a later time; a zero until is
// until somebody releases it. A repeated req changes nothing. When it returns, the gate
// knows. NotFound where there is no such freeze; else what freeze.Freeze.Extend refuses.
func (db *DB) ExtendFreeze(ctx context.Context, id freeze.ID, until time.Time, actor, note string, req review.Request) (freeze.Freeze, error) {
	touched, err := db.changeFreezes(ctx, req, "freezes/"+string(id), func(ctx context.Context, tx Tx) ([]freeze.Freeze, error) {
		f, err := readFreeze(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		now := db.now()
		if f, err = f.Extend(inMicros(until), now, note); err != nil {
			return nil, err
		}
		f, err = db.extendFreeze(ctx, tx, f, now, freeze.NewPersonal(f.Number, actor, note, freeze.Evidence{}))
		return []freeze.Freeze{f}, err
	})
	if err != nil {
		return freeze.Freeze{}, err
	}
	return touched[0], nil
}

// extendFreeze writes the end that the freeze has now.
func (db *DB) extendFreeze(ctx context.Context, tx Tx, f freeze.Freeze, now time.Time, p freeze.Personal) (freeze.Freeze, error) {
	mac, err := numberMACOf(ctx, tx, `SELECT number_mac FROM freezes WHERE id = $1`, string(f.ID))
	if err != nil {
		return f, err
	}
	e, err := db.appendEntry(ctx, tx, freeze.Entry{Kind: freeze.Extended, FreezeID: f.ID, At: now, Until: f.Until, NumberMAC: mac}, p)
	if err != nil {
		return f, err
	}
	f.Seq = e.Seq
	err = exec(ctx, tx, `UPDATE freezes SET until_at = $1, seq = $2 WHERE id = $3`, optionalMicros(f.Until), f.Seq, f.ID)
	return f, wrap("extend the freeze", err)
}
