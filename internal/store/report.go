package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Reported is what became of the report of a call.
type Reported struct {
	// Call is the call as it counts now.
	Call   calls.Call
	Status calls.Status
	// Opened are the freezes of rules that rest on the call, and that no later report of
	// the same transaction had a part in.
	Opened []freeze.Freeze
	// Err is why the report was refused; then nothing else is set.
	Err error
}

// report is one on its way.
type report struct {
	call calls.Call
	out  Reported
}

// ReportCalls takes 1 to 1,000 reports, in their order, and answers each; one that is
// refused (Invalid by calls.Call.Check, Exists by calls.Merge) keeps no other from
// counting. What the rules make of them is frozen and released in the same transaction.
// When it returns, they are durable and the gate knows.
//
// Callers that come together share a transaction. Where ctx ends, its error is returned,
// but the reports may yet be kept: the same again then finds them Unchanged.
func (db *DB) ReportCalls(ctx context.Context, reported []calls.Call) ([]Reported, error) {
	if err := checkCount("calls.Report", len(reported)); err != nil {
		return nil, err
	}
	now := db.now()
	reports := make([]*report, len(reported))
	for i, c := range reported {
		c.Start, c.ReservedUntil, c.Untrusted = inMicros(c.Start), time.Time{}, false
		reports[i] = &report{call: c, out: Reported{Err: c.Check(now)}}
	}
	if err := db.committer.take(&turn{ctx: ctx, reports: reports}); err != nil {
		return nil, wrap("report calls", err)
	}
	out := make([]Reported, len(reports))
	for i, r := range reports {
		out[i] = r.out
	}
	return out, nil
}

// effects are what a transaction did that the gate and the callers must hear of.
type effects struct {
	freezes []freeze.Freeze
	denials map[number.Number][]calls.Denial
	// opened are the freezes that a call brought about, by its id.
	opened map[string][]freeze.Freeze
}

func (e *effects) tell(o Options) {
	if len(e.freezes) > 0 {
		o.Standing(e.freezes...)
	}
	for n, denials := range e.denials {
		o.Denied(n, denials)
	}
}

// takeTurns does what the turns want: all reports at once, then each reservation by
// itself, since what one takes is gone for the next.
func (db *DB) takeTurns(ctx context.Context, q querier, together []*turn, all *effects) error {
	all.denials, all.opened = map[number.Number][]calls.Denial{}, map[string][]freeze.Freeze{}
	var reports []*report
	for _, t := range together {
		reports = append(reports, t.reports...)
	}
	w := &callWriter{db: db, q: q, rules: db.o.Timeline(), now: db.now(), slots: map[slotKey]LineSlot{},
		changed: map[string]bool{}, effects: all}
	if err := w.report(ctx, reports); err != nil {
		return err
	}
	for _, t := range together {
		if t.reserve == nil {
			continue
		}
		if err := w.reserve(ctx, t.reserve); err != nil {
			return err
		}
	}
	return nil
}

// callWriter writes calls, and what follows of them, in a transaction.
type callWriter struct {
	db    *DB
	q     querier
	rules calls.Timeline
	now   time.Time
	// slots are the counts of lines, as far as they were looked at.
	slots map[slotKey]LineSlot
	// changed are the calls that the transaction wrote.
	changed map[string]bool
	*effects
}

// change is what became of a call; old is nil for a new one.
type change struct {
	old *calls.Call
	now calls.Call
}

func (w *callWriter) report(ctx context.Context, reports []*report) error {
	changes, err := w.merge(ctx, reports)
	if err != nil {
		return err
	}
	if len(changes) > 0 {
		if err := w.write(ctx, changes); err != nil {
			return err
		}
	}
	for _, r := range reports {
		if r.out.Err != nil {
			continue
		}
		r.out.Opened = w.opened[r.call.ID]
		delete(w.opened, r.call.ID) // several reports of a call brought it about once
		if r.out.Call.Untrusted, err = w.untrusted(ctx, r.out.Call); err != nil {
			return err
		}
	}
	return nil
}

// merge answers the reports, and returns what they change, one change a call.
func (w *callWriter) merge(ctx context.Context, reports []*report) ([]change, error) {
	var ids []string
	for _, r := range reports {
		if r.out.Err == nil {
			ids = append(ids, r.call.ID)
		}
	}
	stored, err := callsByID(ctx, w.q, ids)
	if err != nil {
		return nil, err
	}
	var changes []change
	place := map[string]int{}
	for _, r := range reports {
		if r.out.Err != nil {
			continue
		}
		var known *calls.Call
		if c, ok := stored[r.call.ID]; ok {
			known = &c
		}
		old := known
		i, changed := place[r.call.ID]
		if changed {
			known = &changes[i].now
		}
		merged, status, err := calls.Merge(known, r.call)
		if err != nil {
			r.out.Err = err
			continue
		}
		r.out.Call, r.out.Status = merged, status
		switch {
		case status != calls.Created && status != calls.Updated:
		case changed:
			changes[i].now = merged
		default:
			place[r.call.ID] = len(changes)
			changes = append(changes, change{old, merged})
		}
	}
	return changes, nil
}

// write stores the changes and draws the consequences.
func (w *callWriter) write(ctx context.Context, changes []change) error {
	changed := make([]calls.Call, len(changes))
	for i, c := range changes {
		changed[i], w.changed[c.now.ID] = c.now, true
	}
	if err := putCalls(ctx, w.q, changed, w.now); err != nil {
		return err
	}
	touched := touchedBy(changes)
	if err := w.countSlots(ctx, changes, touched); err != nil {
		return err
	}
	return w.draw(ctx, touched)
}

// touchedBy says around which times the calls of which numbers changed.
func touchedBy(changes []change) map[number.Number][]span {
	touched := map[number.Number][]span{}
	touch := func(c calls.Call) { touched[c.Number] = append(touched[c.Number], span{c.Start, c.Start}) }
	for _, c := range changes {
		touch(c.now)
		if c.old != nil && (c.old.Number != c.now.Number || !c.old.Start.Equal(c.now.Start)) {
			touch(*c.old)
		}
	}
	return touched
}

// draw brings the rules' freezes and denials of the touched numbers up to date.
func (w *callWriter) draw(ctx context.Context, touched map[number.Number][]span) error {
	reach := w.rules.Reach()
	numbers, around := sortedNumbers(touched), []span(nil)
	for _, n := range numbers {
		for i := range touched[n] { // calls matter to those that come after them
			touched[n][i].to = touched[n][i].to.Add(reach)
		}
		touched[n] = joined(touched[n])
		for _, s := range touched[n] {
			around = append(around, span{s.from.Add(-reach), s.to})
		}
	}
	histories, err := w.db.histories(ctx, w.q, numbers, joined(around), w.rules)
	if err != nil {
		return err
	}
	standing, err := w.db.ruledFreezes(ctx, w.q, numbers)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		for _, s := range touched[n] {
			if err := w.reconcile(ctx, n, *histories[n], standing[n], s); err != nil {
				return err
			}
		}
		// What lies further back was not counted for now, nor was it before.
		if last := touched[n][len(touched[n])-1]; !last.to.Before(w.now) {
			w.denials[n] = w.rules.Denials(*histories[n], w.now)
		}
	}
	return nil
}

func sortedNumbers(touched map[number.Number][]span) []number.Number {
	numbers := make([]number.Number, 0, len(touched))
	for n := range touched {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(a, b number.Number) int { return cmp.Compare(a.Digits(), b.Digits()) })
	return numbers
}

// ruledFreeze is a freeze of a rule that nobody released.
type ruledFreeze struct {
	freeze.Freeze
	mac      freeze.MAC
	extended bool
}

// erased tells that the calls that it rests on can't be looked at again.
func (f ruledFreeze) erased() bool { return f.Number.IsZero() }

// mayBe tells, as far as can be known without its calls, that the firing made it.
func (f ruledFreeze) mayBe(x calls.Firing) bool {
	return f.Rule == x.Rule && f.RuleVersion == x.Version && f.From.Equal(x.From)
}

// ruledFreezes reads the freezes of rules on the numbers that nobody released.
func (db *DB) ruledFreezes(ctx context.Context, q querier, numbers []number.Number) (map[number.Number][]ruledFreeze, error) {
	macs, names := db.macs(numbers)
	out := map[number.Number][]ruledFreeze{}
	for some := range inSizes(macs) {
		query := selectRuledFreezes + ` WHERE f.number_mac IN ` + marks(2, len(some)) + ` AND f.reason = $1 AND f.released_at IS NULL ORDER BY f.opened_seq`
		err := each(ctx, q, scanRuledFreeze, func(f ruledFreeze) error {
			out[names[f.mac]] = append(out[names[f.mac]], f)
			return nil
		}, query, append([]any{freeze.Ruled}, some...)...)
		if err != nil {
			return nil, fmt.Errorf("read the freezes of numbers: %w", err)
		}
	}
	return out, nil
}

// reconcile opens and releases freezes of rules until they are what the calls say.
func (w *callWriter) reconcile(ctx context.Context, n number.Number, h calls.History, standing []ruledFreeze, s span) error {
	var known []freeze.Freeze
	for _, f := range standing {
		if !f.erased() {
			known = append(known, f.Freeze)
		}
	}
	open, release := calls.Reconcile(known, w.rules.Firings(h, s.from, s.to), s.from, s.to, w.now)
	for _, f := range standing {
		// What a person extended stands by that person's order.
		if f.extended || !slices.Contains(release, f.ID) {
			continue
		}
		ended, err := w.db.releaseFreeze(ctx, w.q, f.Freeze, freeze.Release{
			Cause: freeze.Corrected, At: w.now, Actor: rulesActor, Reason: "the calls that it rests on were corrected"})
		if err != nil {
			return fmt.Errorf("release freezes/%s: %w", f.ID, err)
		}
		w.freezes = append(w.freezes, ended)
	}
	for _, x := range open {
		if slices.ContainsFunc(standing, func(f ruledFreeze) bool { return f.erased() && f.mayBe(x) }) {
			continue
		}
		if err := w.open(ctx, n, x); err != nil {
			return err
		}
	}
	return nil
}

// rulesActor is who releases where corrections do.
const rulesActor = "rules"

func (w *callWriter) open(ctx context.Context, n number.Number, x calls.Firing) error {
	f, err := w.db.openFreeze(ctx, w.q, x.Freeze(calls.Call{Number: n}))
	if err != nil {
		return err
	}
	w.freezes = append(w.freezes, f)
	for _, id := range slices.Backward(x.Calls) {
		if w.changed[id] {
			w.opened[id] = append(w.opened[id], f)
			break
		}
	}
	return nil
}
