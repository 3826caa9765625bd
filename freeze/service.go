package freeze

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// MaxOrders is how many freezes or complaints one order may hold.
const MaxOrders = 1000

// Service takes the orders of people and other systems. What it returns is durable, and
// the gate knows of it.
type Service struct {
	Store Store
	// Keys name numbers in the ledger.
	Keys Keys
	// Virtual tells of a number that it stands for whoever uses it just now, so that nobody
	// can be frozen by it; nil for none.
	Virtual func(number.Number) bool
	// Now is the clock.
	Now func() time.Time
}

// Order opens 1 to MaxOrders freezes, all or none, and returns them; one without a From
// begins now. Left out are Imported ones that have ended already, or that stand already
// with the same line and end: so an import can be repeated. A repeated req returns what it
// opened the first time. Invalid where a freeze can't be ordered (see CheckOrder), or the
// request's ID was used for others.
func (s *Service) Order(
	ctx context.Context, req request.Request, freezes []Freeze,
) ([]Freeze, error) {
	subject, now := s.digest(freezes), s.now()
	orders, err := checkOrders(freezes, now)
	if err != nil {
		return nil, err
	}
	for i, f := range orders {
		if err := s.checkReal(createOp, f.Number); err != nil {
			return nil, inPlace(err, "freezes", i, len(orders))
		}
	}
	return s.change(ctx, req, subject, func(ctx context.Context, tx Tx) ([]Freeze, error) {
		w := s.writer(tx, now)
		var opened []Freeze
		for _, f := range orders {
			skip, err := w.imported(ctx, f)
			if err != nil {
				return nil, err
			}
			if skip {
				continue
			}
			if f, err = w.Open(ctx, f); err != nil {
				return nil, err
			}
			opened = append(opened, f)
		}
		return opened, nil
	})
}

// Extend moves the end of a freeze that stands to a later time; a zero until is until
// somebody releases it. A repeated req changes nothing. NotFound where there is no such
// freeze; else what Freeze.Extend refuses.
func (s *Service) Extend(
	ctx context.Context, req request.Request, id ID, until time.Time, by, note string,
) (Freeze, error) {
	if err := request.CheckReason(extendOp, note); err != nil {
		return Freeze{}, err
	}
	touched, err := s.change(ctx, req, "freezes/"+string(id),
		func(ctx context.Context, tx Tx) ([]Freeze, error) {
			f, err := one(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			now := s.now()
			if f, err = f.Extend(micro(until), now, note); err != nil {
				return nil, err
			}
			f, err = s.writer(tx, now).extend(ctx, f, by, note)
			return []Freeze{f}, err
		})
	if err != nil {
		return Freeze{}, err
	}
	return touched[0], nil
}

// Release ends all freezes that stand on the number, or would yet begin to, and returns
// them; a repeated req returns what it ended the first time. Precondition where the number
// is not frozen; Invalid where the request's ID was used for another number.
func (s *Service) Release(
	ctx context.Context, req request.Request, n number.Number, by, reason string,
) ([]Freeze, error) {
	if err := request.CheckReason(releaseOp, reason); err != nil {
		return nil, err
	}
	return s.change(ctx, req, s.Keys.NumberMAC(n).String(),
		func(ctx context.Context, tx Tx) ([]Freeze, error) {
			now := s.now()
			found, err := tx.Freezes(ctx,
				Query{Numbers: []number.Number{n}, Unreleased: true, EndsAfter: now})
			if err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, notFrozen(n)
			}
			for i, f := range found {
				if found[i], err = s.writer(tx, now).Release(ctx, f,
					Release{Cause: ByHand, At: now, Actor: by, Reason: reason}); err != nil {
					return nil, err
				}
			}
			return found, nil
		})
}

// ReleaseOne ends one freeze that stands, or would yet begin to, and leaves the others on
// its number as they are; a repeated req returns what it ended the first time. NotFound
// where there is no such freeze, Precondition where it is over.
func (s *Service) ReleaseOne(
	ctx context.Context, req request.Request, id ID, by, reason string,
) (Freeze, error) {
	if err := request.CheckReason(releaseOp, reason); err != nil {
		return Freeze{}, err
	}
	ended, err := s.change(ctx, req, "freezes/"+string(id),
		func(ctx context.Context, tx Tx) ([]Freeze, error) {
			f, err := one(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			now := s.now()
			if f.over(now) {
				return nil, notStanding(releaseOp, id, "nothing is left to release")
			}
			f, err = s.writer(tx, now).Release(ctx, f,
				Release{Cause: ByHandAlone, At: now, Actor: by, Reason: reason})
			return []Freeze{f}, err
		})
	if err != nil {
		return Freeze{}, err
	}
	return ended[0], nil
}

// checkReal refuses, as fault.Invalid, a number that stands for whoever uses it.
func (s *Service) checkReal(op string, n number.Number) error {
	var wrong fault.Fields
	if s.Virtual != nil && s.Virtual(n) {
		wrong.Add("number", "is %s, a virtual number (numbers.virtual), which others will have "+
			"tomorrow; freeze the real number behind it", n)
	}
	return wrong.Err(op)
}

const (
	createOp  = "freeze.Create"
	extendOp  = "freeze.Extend"
	releaseOp = "freeze.Release"
)

func notFrozen(n number.Number) error {
	return &fault.Error{Op: releaseOp, Kind: fault.Precondition, Reason: "NOT_FROZEN",
		Message: fmt.Sprintf("the number %s is not frozen", n)}
}

// change returns the freezes that f touched. A repeated req calls no f, and returns what it
// touched the first time, as it is by now.
func (s *Service) change(
	ctx context.Context, req request.Request, subject string,
	f func(context.Context, Tx) ([]Freeze, error),
) ([]Freeze, error) {
	var touched []Freeze
	ids, again, err := s.Store.Once(ctx, req, subject,
		func(ctx context.Context, tx Tx) ([]string, error) {
			var err error
			touched, err = f(ctx, tx)
			return names(touched), err
		})
	if err != nil || !again {
		return touched, err
	}
	if len(ids) == 0 { // a query without ids selects all
		return nil, nil
	}
	return s.Store.Freezes(ctx, Query{IDs: typed[ID](ids)})
}

// Complain notes 1 to MaxOrders complaints, all or none, and freezes each number until
// somebody releases it, unless a complaint's freeze stands on it already. A complaint that
// is known (the same number, time and source) does nothing, even where its freeze was
// released. Invalid where one is incomplete.
func (s *Service) Complain(ctx context.Context, complaints []Complaint) (ComplaintsResult, error) {
	now := s.now()
	if err := checkComplaints(complaints, now); err != nil {
		return ComplaintsResult{}, err
	}
	for i, c := range complaints {
		if err := s.checkReal("freeze.Complain", c.Number); err != nil {
			return ComplaintsResult{}, inPlace(err, "complaints", i, len(complaints))
		}
	}
	var done ComplaintsResult
	_, _, err := s.Store.Once(ctx, request.Request{}, "",
		func(ctx context.Context, tx Tx) ([]string, error) {
			done = ComplaintsResult{}
			for _, c := range complaints {
				if err := s.complain(ctx, tx, c, now, &done); err != nil {
					return nil, fmt.Errorf("note a complaint: %w", err)
				}
			}
			return nil, nil
		})
	return done, err
}

func (s *Service) complain(
	ctx context.Context, tx Tx, c Complaint, now time.Time, done *ComplaintsResult,
) error {
	known, err := tx.Noted(ctx, c)
	switch {
	case err != nil:
		return err
	case known:
		done.Known++
		return nil
	}
	id, err := s.complained(ctx, tx, c, now, done)
	if err != nil {
		return err
	}
	done.Created++
	return tx.Note(ctx, c, id, now)
}

// complained is the freeze that stands for complaints on the number; it is opened where
// there is none.
func (s *Service) complained(
	ctx context.Context, tx Tx, c Complaint, now time.Time, done *ComplaintsResult,
) (ID, error) {
	standing, err := tx.Freezes(ctx, Query{Numbers: []number.Number{c.Number}, Reason: Complained,
		Unreleased: true})
	if err != nil {
		return "", err
	}
	for _, f := range standing {
		if f.Line == "" && f.Until.IsZero() && f.Binds(now) {
			return f.ID, nil
		}
	}
	f, err := s.writer(tx, now).Open(ctx,
		Freeze{Number: c.Number, Reason: Complained, From: now, Actor: c.Actor, Note: c.Text})
	if err == nil {
		done.Frozen = append(done.Frozen, f)
	}
	return f.ID, err
}

// one reads a freeze.
func one(ctx context.Context, r Reader, id ID) (Freeze, error) {
	found, err := r.Freezes(ctx, Query{IDs: []ID{id}})
	if err != nil {
		return Freeze{}, err
	}
	if len(found) == 0 {
		return Freeze{}, &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND",
			Subject: "freezes/" + string(id), Message: "there is no such freeze"}
	}
	return found[0], nil
}

// imported tells of an Imported freeze that it is over, or stands already.
func (w Writer) imported(ctx context.Context, f Freeze) (bool, error) {
	if f.Reason != Imported {
		return false, nil
	}
	if !f.Until.IsZero() && !w.Now.Before(f.Until) {
		return true, nil
	}
	of := Query{Reason: Imported, Unreleased: true}
	if f.Number.IsZero() {
		of.Names = []MAC{f.NumberMAC}
	} else {
		of.Numbers = []number.Number{f.Number}
	}
	standing, err := w.Book.Freezes(ctx, of)
	for _, o := range standing {
		if o.Line == f.Line && o.Until.Equal(micro(f.Until)) {
			return true, err
		}
	}
	return false, err
}

// digest tells orders apart without naming a number.
func (s *Service) digest(freezes []Freeze) string {
	h := sha256.New()
	for _, f := range freezes {
		mac := f.name(s.Keys)
		_, _ = fmt.Fprintf(h, "%x %q %q %q %d %d %q\n", mac[:], f.Reason, f.Class, f.Line,
			f.From.UnixMicro(), f.Until.UnixMicro(), f.Note)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (s *Service) writer(b Book, now time.Time) Writer {
	return Writer{Book: b, Keys: s.Keys, Now: now}
}

// now drops what storage would drop, so that what is answered is what is stored.
func (s *Service) now() time.Time { return micro(s.Now()) }

func names(freezes []Freeze) []string {
	ids := make([]string, len(freezes))
	for i, f := range freezes {
		ids[i] = string(f.ID)
	}
	return ids
}

func typed[T ~string](ids []string) []T {
	out := make([]T, len(ids))
	for i, id := range ids {
		out[i] = T(id)
	}
	return out
}
