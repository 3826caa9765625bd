package freeze

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
)

// Limits of what people order.
const (
	// MaxNote is the length of notes and reasons, in characters.
	MaxNote = 2000
	// MaxText is the length of lines and classes, in bytes.
	MaxText = 128
	// MaxAllow is how far ahead an entry of the allow list may end.
	MaxAllow = 366 * 24 * time.Hour
)

// CheckOrder refuses, as fault.Invalid, a freeze that nobody can order: one without a
// number (but for an Imported one that has its name), for a reason that is not a person's or another system's, without any duration,
// or with texts that are too long.
func (f Freeze) CheckOrder() error {
	var wrong fault.Fields
	if f.Number.IsZero() && (f.Reason != Imported || f.NumberMAC == MAC{}) {
		wrong.Add("number", "is missing")
	}
	switch f.Reason {
	case Manual, Complained, Imported:
	default:
		wrong.Add("reason", "is %q; it must be %q, %q or %q", f.Reason, Manual, Complained,
			Imported)
	}
	if f.From.Before(time.Unix(0, 0)) {
		wrong.Add("start_time", "is before 1970")
	}
	if !f.Until.IsZero() && !f.Until.After(f.From) {
		wrong.Add("end_time", "is %s; it must be after the begin, %s", stamp(f.Until),
			stamp(f.From))
	}
	checkText(&wrong, "line", f.Line)
	checkText(&wrong, "class", f.Class)
	CheckNote(&wrong, "reason", f.Note)
	return wrong.Err(createOp)
}

// checkOrders refuses a list of freezes that can't be ordered, and lets those without a
// From begin now.
func checkOrders(freezes []Freeze, now time.Time) ([]Freeze, error) {
	if err := checkCount(createOp, "freezes", len(freezes)); err != nil {
		return nil, err
	}
	orders := make([]Freeze, len(freezes))
	for i, f := range freezes {
		if f.From.IsZero() {
			f.From = now
		}
		if err := f.CheckOrder(); err != nil {
			return nil, inPlace(err, "freezes", i, len(freezes))
		}
		orders[i] = f
	}
	return orders, nil
}

// checkCount refuses an order without anything, or with more than one transaction takes.
func checkCount(op, name string, n int) error {
	var wrong fault.Fields
	if n == 0 || n > MaxOrders {
		wrong.Add(name, "has %d; a request takes 1 to %d", n, MaxOrders)
	}
	return wrong.Err(op)
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
		placed.Fields[j] = fault.Field{Name: fmt.Sprintf("%s[%d].%s", name, i, f.Name),
			Problem: f.Problem}
	}
	return &placed
}

// Extend moves the end of the freeze to a later time; zero is until somebody releases
// it. Precondition where it is over or released, Invalid where it would not end later.
func (f Freeze) Extend(until, now time.Time, note string) (Freeze, error) {
	const op = extendOp
	if f.over(now) {
		return f, notStanding(op, f.ID, "freeze the number anew")
	}
	longer := f
	longer.Until = until
	var wrong fault.Fields
	switch {
	case f.Until.IsZero():
		wrong.Add("end_time", "can't be set: the freeze stands until somebody releases it")
	case !longer.Outlasts(f):
		wrong.Add("end_time", "is %s; it must be after the end so far, %s", stamp(until),
			stamp(f.Until))
	}
	CheckNote(&wrong, "reason", note)
	if err := wrong.Err(op); err != nil {
		return f, err
	}
	return longer, nil
}

// over reports whether the freeze was released, or has ended by itself.
func (f Freeze) over(now time.Time) bool {
	return f.Release != nil || !f.Until.IsZero() && !now.Before(f.Until)
}

func notStanding(op string, id ID, advice string) error {
	return &fault.Error{Op: op, Kind: fault.Precondition, Reason: "NOT_STANDING",
		Subject: "freezes/" + string(id), Message: "it does not stand any more; " + advice}
}

// CheckOrder refuses, as fault.Invalid, an entry of the allow list without a number, or
// without an end that is after its begin and within MaxAllow.
func (a Allow) CheckOrder() error {
	var wrong fault.Fields
	if a.Number.IsZero() {
		wrong.Add("number", "is missing")
	}
	switch {
	case a.Until.IsZero():
		wrong.Add("end_time", "is missing; say until when the number may be called")
	case !a.Until.After(a.From):
		wrong.Add("end_time", "is %s; it must be after the begin, %s", stamp(a.Until),
			stamp(a.From))
	case a.Until.Sub(a.From) > MaxAllow:
		wrong.Add("end_time", "is %s; it may be at most %d days ahead", stamp(a.Until),
			int(MaxAllow/(24*time.Hour)))
	}
	CheckNote(&wrong, "reason", a.Note)
	return wrong.Err("freeze.Allow")
}

func checkText(wrong *fault.Fields, name, s string) {
	if len(s) > MaxText || !utf8.ValidString(s) {
		wrong.Add(name, "has %d bytes; at most %d, in UTF-8, are kept", len(s), MaxText)
	}
}

// CheckNote notes a problem with the field where the text is longer than MaxNote.
func CheckNote(wrong *fault.Fields, field, s string) {
	if n := utf8.RuneCountInString(s); n > MaxNote || !utf8.ValidString(s) {
		wrong.Add(field, "has %d characters; at most %d, in UTF-8, are kept", n, MaxNote)
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
