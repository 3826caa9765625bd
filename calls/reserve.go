package calls

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// How long a reservation holds.
const (
	// DefaultHold is long enough to dial and let it ring.
	DefaultHold = 5 * time.Minute
	MaxHold     = time.Hour
)

// Known is all that is known of a number at a moment, for deciding about a call.
type Known struct {
	At time.Time
	// History are the calls that rules can look back on, reserved ones too.
	History History
	Freezes []freeze.Freeze
	Allows  []freeze.Allow
	// Again tells that the call was reserved already, and that it is asked whether a freeze
	// that came since ends that. What else speaks against calls does not, so there is no
	// History: the reservation itself would count.
	Again bool
	// Denials are what the rules deny of the number, where that is known without History,
	// which is then left out.
	Denials []Denial
}

// Reserved is the answer to a reservation.
type Reserved struct {
	// Granted tells that the call may be made until Call.ReservedUntil.
	Granted bool
	Call    Call
	// Again tells that it was granted before.
	Again bool
}

// reservation is one on its way.
type reservation struct {
	// ctx is as that of a report.
	ctx    context.Context //nolint:containedctx // as there
	call   Call
	hold   time.Duration
	decide func(Known) bool
	out    Reserved
	err    error
}

const reserveOp = "calls.Reserve"

// Reserve asks decide whether the call may be made, in a transaction in which nobody
// else reserves or reports, and where it may, counts it as an attempt from now on. It
// starts now where c.Start is zero. The same call id again is answered as the first time
// without asking, but that a freeze ends the reservation: where there is one on the number,
// decide is asked about it (Known.Again). decide must not use the store. When Reserve returns, the reservation is
// durable and the gate knows.
//
// Precondition CALL_REPORTED where the call was reported already, RESERVATION_EXPIRED
// where its reservation ended: it stays an attempt, so that another try needs another
// call id. Exists RESERVATION_CONFLICT where the id was used for another number.
func (s *Service) Reserve(
	ctx context.Context, c Call, hold time.Duration, decide func(Known) bool,
) (Reserved, error) {
	c = Call{ID: c.ID, Number: c.Number, Agent: c.Agent, Line: c.Line, CallerID: c.CallerID,
		Start: c.Start, Virtual: c.Virtual}
	if err := checkReservation(c, hold, s.now()); err != nil {
		return Reserved{}, err
	}
	r := &reservation{ctx: ctx, call: c, hold: hold, decide: decide}
	if err := s.queue.do(&turn{ctx: ctx, reserve: r}); err != nil {
		return Reserved{}, fmt.Errorf("reserve a call: %w", err)
	}
	return r.out, r.err
}

// checkReservation wants of a reservation what is wanted of a report, as far as it can
// be known before the call.
func checkReservation(c Call, hold time.Duration, now time.Time) error {
	if c.Start.IsZero() {
		c.Start = now
	}
	c.Outcome, c.Revision = Failed, 1
	if err := c.Check(now); err != nil {
		return err
	}
	var wrong fault.Fields
	if hold <= 0 || hold > MaxHold {
		wrong.Add("hold", "is %s; it must be above 0 and at most %s", hold, MaxHold)
	}
	return wrong.Err(reserveOp)
}

// reserve answers one reservation. Its error is the store's; the caller's own is in r.
func (w *writer) reserve(ctx context.Context, r *reservation) error {
	stored, err := w.tx.CallsByID(ctx, []string{r.call.ID})
	if err != nil {
		return err
	}
	if old, ok := stored[r.call.ID]; ok {
		if r.err = request.CheckLine(r.ctx, reserveOp, "calls/"+old.ID, old.Line); r.err != nil {
			return nil //nolint:nilerr // the caller's own error is in r
		}
		r.out, r.err = w.repeated(old, r.call)
		if r.out.Granted {
			return w.stillGranted(ctx, r)
		}
		return nil
	}
	gone, err := w.tx.GoneCalls(ctx, []string{r.call.ID})
	if err != nil {
		return err
	}
	if gone[r.call.ID] {
		r.out, r.err = w.repeated(Call{Revision: 1}, r.call)
		return nil
	}
	if len(request.Lines(r.ctx)) > 0 {
		parts, err := w.tx.PartsOf(ctx, []string{r.call.ID})
		if err != nil {
			return err
		}
		if r.err = checkParts(r.ctx, reserveOp, r.call, parts[r.call.ID]); r.err != nil {
			return nil //nolint:nilerr // the caller's own error is in r
		}
	}
	known, err := w.known(ctx, r.call)
	if err != nil {
		return err
	}
	if r.out.Granted = r.decide(known); !r.out.Granted {
		return nil
	}
	c := r.call
	if c.Start.IsZero() {
		c.Start = w.now
	}
	c = c.rounded()
	c.ReservedUntil = w.now.Add(r.hold).Truncate(time.Microsecond)
	r.out.Call = c
	return w.write(ctx, []change{{nil, c}})
}

func (w *writer) repeated(old, c Call) (Reserved, error) {
	refuse := func(kind fault.Kind, reason, message string) (Reserved, error) {
		return Reserved{}, &fault.Error{Op: reserveOp, Kind: kind, Reason: reason,
			Subject: "calls/" + c.ID, Message: message}
	}
	switch {
	case old.Revision > 0:
		return refuse(fault.Precondition, "CALL_REPORTED", "it was reported already; make a new "+
			"call id for every call")
	case old.Number != c.Number:
		return refuse(fault.Exists, "RESERVATION_CONFLICT",
			"that call id was used for another number; make a new one for every call")
	case !w.now.Before(old.ReservedUntil):
		return refuse(fault.Precondition, "RESERVATION_EXPIRED",
			"its reservation ended at "+old.ReservedUntil.Format(time.RFC3339)+
				" and counts as an attempt; reserve again under a new call id")
	}
	return Reserved{Granted: true, Call: old, Again: true}, nil
}

// stillGranted lets a freeze that came since end a reservation: that somebody may never be
// called is above what was permitted a minute ago.
func (w *writer) stillGranted(ctx context.Context, r *reservation) error {
	k := Known{At: w.now, Again: true}
	err := w.addFreezes(ctx, r.call.Number, &k)
	if err == nil && len(k.Freezes) > 0 && !r.decide(k) {
		r.out = Reserved{}
	}
	return err
}

// known reads what decide may want to know.
func (w *writer) known(ctx context.Context, c Call) (Known, error) {
	k := Known{At: w.now, Denials: w.stillDenied(c)}
	if err := w.addFreezes(ctx, c.Number, &k); err != nil || len(k.Denials) > 0 {
		return k, err
	}
	window := Span{w.now.Add(-w.rules.Reach()), w.now.Add(maxSetBack)}
	histories, err := w.tx.Histories(ctx, []number.Number{c.Number}, []Span{window}, w.rules)
	if err != nil {
		return Known{}, err
	}
	k.History = histories[c.Number].reservedBy(w.now)
	return k, nil
}

// maxSetBack is by how much the clock may be set back without calls being permitted anew.
const maxSetBack = 366 * 24 * time.Hour

// reservedBy is the history with reservations that begin later beginning now. They were made by
// this clock, which has been set back since: the calls are attempts all the same.
func (h History) reservedBy(now time.Time) History {
	h.Calls = slices.Clone(h.Calls)
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Outcome == Pending && c.Start.After(now) {
			c.Start = now
		}
	}
	return h
}

// stillDenied is what the rules are known to deny of a call that begins now: more calls, which may
// have come since, don't lift that.
func (w *writer) stillDenied(c Call) (found []Denial) {
	if w.denied == nil {
		return nil
	}
	for _, d := range w.denied(c.Number) {
		if !w.now.Before(d.From) && w.now.Before(d.Until) && (d.Agent == "" || d.Agent == c.Agent) {
			found = append(found, d)
		}
	}
	return found
}

// addFreezes adds what stands on a number, and what allows it.
func (w *writer) addFreezes(ctx context.Context, n number.Number, k *Known) (err error) {
	numbers := []number.Number{n}
	k.Freezes, err = w.tx.Freezes(ctx,
		freeze.Query{Numbers: numbers, Unreleased: true, EndsAfter: w.now})
	if err != nil {
		return err
	}
	k.Allows, err = w.tx.Allows(ctx, freeze.AllowQuery{Numbers: numbers})
	return err
}
