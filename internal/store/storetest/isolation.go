package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// Isolation tries with two writers at once whether a store isolates them as the comments
// of its interfaces demand.
type Isolation struct {
	// Place gives an Opener of an empty database of the test's own.
	Place func(t *testing.T) Opener
	// Twice opens the database once for each writer; else both write through one store.
	Twice bool
	// Within runs a check: synctest.Test where a writer that has to wait does so in this
	// process, so that no time passes by it; else func(t, f) { f(t) }.
	Within func(t *testing.T, f func(*testing.T))
}

// isolation are the checks, by name. Each says what was not isolated, nil for nothing.
var isolation = map[string]func(t *testing.T, one, other *bench) error{
	"OneRequest":       checkOneRequest,
	"ReadThenFreeze":   checkReadThenFreeze,
	"PlacesInLedger":   checkPlacesInLedger,
	"LastAttempt":      checkLastAttempt,
	"CountsOfLine":     checkCountsOfLine,
	"DecisionsOnOne":   checkDecisionsOnOne,
	"AttemptsAtSpeech": checkAttempts,
}

// Run runs the checks, and hands to judge what each found.
func (i Isolation) Run(t *testing.T, judge func(t *testing.T, err error)) {
	t.Helper()
	for name, check := range isolation {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := i.Place(t)
			i.Within(t, func(t *testing.T) {
				one := newBench(t, open)
				judge(t, check(t, one, one.beside(t, i.Twice)))
			})
		})
	}
}

// checkOneRequest: of one request at a time one is carried out, the others wait for it.
func checkOneRequest(t *testing.T, one, other *bench) error {
	t.Helper()
	type answer struct {
		ids   string
		again bool
	}
	m, ctx, n := newMeeting(), t.Context(), numberOf(t, 1)
	got, errs := both(one, other, func(b *bench) (answer, error) {
		ids, again, err := b.Freezes.Once(ctx, request.Request{Method: "CreateFreeze", ID: "r1"},
			"n", func(ctx context.Context, tx freeze.Tx) ([]string, error) {
				m.wait()
				f, err := b.opening(ctx, tx, n)
				return []string{string(f.ID)}, err
			})
		return answer{fmt.Sprint(ids), again}, err
	})
	return errors.Join(errs[0], errs[1], wrong("the second's answer", got[0].ids, got[1].ids),
		wrong("one repeats the other", true, got[0].again != got[1].again), one.sound(ctx, 1))
}

// checkReadThenFreeze: what was read of a number stays true until the commit.
func checkReadThenFreeze(t *testing.T, one, other *bench) error {
	t.Helper()
	m, ctx, n := newMeeting(), t.Context(), numberOf(t, 1)
	opened, errs := both(one, other, func(b *bench) (int, error) {
		ids, _, err := b.Freezes.Once(ctx, request.Request{}, "",
			func(ctx context.Context, tx freeze.Tx) ([]string, error) {
				found, err := tx.Freezes(ctx, freeze.Query{Numbers: []number.Number{n}})
				m.wait()
				if err != nil || len(found) > 0 {
					return nil, err
				}
				f, err := b.opening(ctx, tx, n)
				return []string{string(f.ID)}, err
			})
		return len(ids), err
	})
	return errors.Join(errs[0], errs[1], wrong("freezes opened", 1, opened[0]+opened[1]),
		one.sound(ctx, 1))
}

// checkPlacesInLedger: from the first entry on nobody else enters anything.
func checkPlacesInLedger(t *testing.T, one, other *bench) error {
	t.Helper()
	m, ctx := newMeeting(), t.Context()
	numbers := map[*bench]number.Number{one: numberOf(t, 1), other: numberOf(t, 2)}
	apart, errs := both(one, other, func(b *bench) (apart int64, err error) {
		_, _, err = b.Freezes.Once(ctx, request.Request{}, "",
			func(ctx context.Context, tx freeze.Tx) ([]string, error) {
				first, err := b.opening(ctx, tx, numbers[b])
				m.wait()
				if err != nil {
					return nil, err
				}
				second, err := b.opening(ctx, tx, numbers[b])
				apart = second.Seq - first.Seq
				return nil, err
			})
		return apart, err
	})
	return errors.Join(errs[0], errs[1], wrong("between the first's entries", 1, apart[0]),
		wrong("between the second's entries", 1, apart[1]),
		one.sound(ctx, 4))
}

// checkLastAttempt: all calls to a number, by which a reservation is decided, stay as they
// are until it is written.
func checkLastAttempt(t *testing.T, one, other *bench) error {
	t.Helper()
	for i := range 5 {
		c := call(t, fmt.Sprint("before", i), 1, -time.Minute)
		c.Outcome = calls.NoAnswer
		one.reported(t, c)
	}
	m, ctx, n := newMeeting(), t.Context(), numberOf(t, 1)
	ids := map[*bench]string{one: "c1", other: "c2"}
	got, errs := both(one, other, func(b *bench) (calls.Reserved, error) {
		return b.calls.Reserve(ctx, calls.Call{ID: ids[b], Number: n}, calls.DefaultHold,
			func(k calls.Known) bool {
				m.wait()
				return b.byTheRules(k)
			})
	})
	if err := errors.Join(errs[:]...); err != nil { // a store that was refused a write may refuse the count
		return err
	}
	return errors.Join(wrong("one of them gets the last attempt", true, got[0].Granted != got[1].Granted),
		wrong("calls", 6, one.count(t, `SELECT COUNT(*) FROM calls`)))
}

// checkCountsOfLine: the counts of a line stay as they were read until they are written.
func checkCountsOfLine(t *testing.T, one, other *bench) error {
	t.Helper()
	m, ctx := newMeeting(), t.Context()
	_, errs := both(one, other, func(b *bench) (struct{}, error) {
		return struct{}{}, b.Calls.Write(ctx, func(ctx context.Context, tx calls.Tx) error {
			s, err := tx.Slot(ctx, "sales", begin)
			m.wait()
			if err != nil {
				return err
			}
			s.Attempts++
			return tx.PutSlot(ctx, s)
		})
	})
	slots, err := one.Calls.LineSlots(ctx, begin, begin.Add(calls.Slot))
	counted := 0
	for _, s := range slots {
		counted += s.Attempts
	}
	return errors.Join(errs[0], errs[1], err, wrong("counted", 2, counted))
}

// checkDecisionsOnOne: of two changes of a suspect the second sees what the first wrote.
func checkDecisionsOnOne(t *testing.T, one, other *bench) error {
	t.Helper()
	m, ctx, s := newMeeting(), t.Context(), one.suspect(t, 1, "not_interested")
	_, errs := both(one, other, func(b *bench) (review.Suspect, error) {
		service := *b.review
		service.Periods = func(c keywords.Class) (time.Duration, bool) {
			m.wait()
			return periods(c)
		}
		return service.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{})
	})
	decided, refused := 0, 0
	for i, err := range errs {
		switch {
		case err == nil:
			decided++
		case fault.ReasonOf(err) == "ALREADY_DECIDED":
			refused, errs[i] = refused+1, nil
		}
	}
	return errors.Join(errs[0], errs[1], wrong("decisions", 1, decided),
		wrong("refusals", 1, refused), one.sound(ctx, 1))
}

// checkAttempts: as many attempts at a recording are counted as were begun.
func checkAttempts(t *testing.T, one, other *bench) error {
	t.Helper()
	m, ctx, r := newMeeting(), t.Context(), one.created(t, 1)
	one.atClock, other.atClock = m.wait, m.wait
	begun, errs := both(one, other, func(b *bench) (int, error) {
		_, err := b.Recordings.BeginAttempt(ctx, r.ID, r.Attempts)
		switch {
		case err == nil:
			return 1, nil
		case fault.KindOf(err) == fault.Precondition: // the other one has it
			return 0, nil
		}
		return 0, err
	})
	one.atClock, other.atClock = nil, nil
	kept, err := one.Recordings.Get(ctx, r.ID)
	return errors.Join(errs[0], errs[1], err, wrong("attempts", begun[0]+begun[1], kept.Attempts))
}
