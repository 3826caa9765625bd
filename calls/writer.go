package calls

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// report is one on its way.
type report struct {
	// ctx tells for which lines the report may be (request.CheckLine).
	ctx  context.Context //nolint:containedctx // reports of many callers share a transaction
	call Call
	out  Reported
}

// writer writes calls, and what the rules make of them, in one transaction.
type writer struct {
	tx     Tx
	ledger freeze.Writer
	rules  Timeline
	now    time.Time
	lines  lineCounts
	// denied is Service.Denied.
	denied func(number.Number) []Denial
	// changed are the calls that the transaction wrote.
	changed map[string]bool
	// opened are the freezes that a call brought about, by its id.
	opened map[string][]freeze.Freeze
}

// change is what became of a call; old is nil for a new one.
type change struct {
	old *Call
	now Call
}

// report answers the reports.
func (w *writer) report(ctx context.Context, reports []*report) error {
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
		if r.out.Call.Untrusted, err = w.lines.untrusted(ctx, w.rules, r.out.Call); err != nil {
			return err
		}
	}
	return nil
}

// merge says what became of the reports, and returns what they change, one change a call.
func (w *writer) merge(ctx context.Context, reports []*report) ([]change, error) {
	var ids []string
	for _, r := range reports {
		if r.out.Err == nil {
			ids = append(ids, r.call.ID)
		}
	}
	stored, err := w.tx.CallsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	gone, err := w.gone(ctx, ids, stored)
	if err != nil {
		return nil, err
	}
	erased, err := w.erased(ctx, reports, stored)
	if err != nil {
		return nil, err
	}
	parts, err := w.parts(ctx, reports, stored)
	if err != nil {
		return nil, err
	}
	m := merger{stored: stored, gone: gone, erased: erased, parts: parts, place: map[string]int{}}
	for _, r := range reports {
		if r.out.Err == nil {
			m.add(r)
		}
	}
	return m.changes, nil
}

// merger joins the reports of calls with what is known of them.
type merger struct {
	stored  map[string]Call
	gone    map[string]bool
	erased  map[number.Number]time.Time
	parts   map[string][]Part
	changes []change
	// place is where the change of a call stands.
	place map[string]int
}

func (m *merger) add(r *report) {
	var old *Call
	if c, ok := m.stored[r.call.ID]; ok {
		old = &c
	}
	// It was told before, and erased since, or would have been: that is known, and stays so.
	if m.gone[r.call.ID] || old == nil && r.call.Start.Before(m.erased[r.call.Number]) {
		r.out.Call, r.out.Status = r.call, Unchanged
		return
	}
	known := old
	i, changed := m.place[r.call.ID]
	if changed {
		known = &m.changes[i].now
	}
	if known != nil {
		if err := request.CheckLine(r.ctx, reportOp, "calls/"+known.ID, known.Line); err != nil {
			r.out.Err = err
			return
		}
	} else if err := checkParts(r.ctx, reportOp, r.call, m.parts[r.call.ID]); err != nil {
		r.out.Err = err
		return
	}
	merged, status, err := Merge(known, r.call)
	if err != nil {
		r.out.Err = err
		return
	}
	r.out.Call, r.out.Status = merged, status
	switch {
	case status != Created && status != Updated:
	case changed:
		m.changes[i].now = merged
	default:
		m.place[r.call.ID] = len(m.changes)
		m.changes = append(m.changes, change{old, merged})
	}
}

// write stores the changes, and brings up to date what follows of them.
func (w *writer) write(ctx context.Context, changes []change) error {
	changed := make([]Call, len(changes))
	for i, c := range changes {
		changed[i], w.changed[c.now.ID] = c.now, true
	}
	if err := w.tx.PutCalls(ctx, changed); err != nil {
		return err
	}
	affected := affectedBy(changes)
	if err := w.lines.count(ctx, w.rules, changes, affected); err != nil {
		return err
	}
	return w.update(ctx, affected)
}

// affected says around which times the calls of which numbers changed, or their trust.
type affected map[number.Number]*effect

// effect is what changed of a number.
type effect struct {
	spans []Span
	// more is set where there is nothing but more calls than before: then what the rules
	// denied they still deny, unless one stands for others now.
	more bool
	// calls are those that changed.
	calls []Call
}

func (a affected) add(n number.Number, s Span, more bool) {
	e := a[n]
	if e == nil {
		e = &effect{more: true}
		a[n] = e
	}
	e.spans, e.more = append(e.spans, s), e.more && more
}

func affectedBy(changes []change) affected {
	a := affected{}
	for _, c := range changes {
		a.add(c.now.Number, Span{c.now.Start, c.now.Start}, c.old == nil)
		a[c.now.Number].calls = append(a[c.now.Number].calls, c.now)
		if c.old != nil && (c.old.Number != c.now.Number || !c.old.Start.Equal(c.now.Start)) {
			a.add(c.old.Number, Span{c.old.Start, c.old.Start}, false)
		}
	}
	return a
}

// numbers are in an order, so that transactions lock them alike.
func (a affected) numbers() []number.Number {
	numbers := make([]number.Number, 0, len(a))
	for n := range a {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(x, y number.Number) int {
		return cmp.Compare(x.Digits(), y.Digits())
	})
	return numbers
}

// update brings the rules' freezes and denials of the affected numbers up to date.
func (w *writer) update(ctx context.Context, a affected) error {
	var numbers []number.Number
	for _, n := range a.numbers() {
		same, err := w.saturated(ctx, n, a[n])
		if err != nil {
			return err
		}
		if same {
			delete(a, n)
			continue
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return nil
	}
	var around []Span
	for _, e := range a {
		for i := range e.spans { // calls matter to those that come after them
			e.spans[i] = w.rules.Touched(e.spans[i])
		}
		e.spans = joined(e.spans)
		for _, s := range e.spans {
			around = append(around, w.rules.Needed(s))
		}
	}
	histories, err := w.tx.Histories(ctx, numbers, joined(around), w.rules)
	if err != nil {
		return err
	}
	standing, err := w.standing(ctx, numbers)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		var of []freeze.Freeze
		if len(standing) > 0 { // mostly there are none, and a keyed hash is not free
			for _, mac := range slices.Backward(w.ledger.Keys.NumberMACs(n)) { // in the order of the ledger
				of = append(of, standing[mac]...)
			}
		}
		if err := w.updateNumber(ctx, n, histories[n], of, a[n]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) updateNumber(
	ctx context.Context, n number.Number, h *History, standing []freeze.Freeze, e *effect,
) error {
	for _, s := range e.spans {
		if err := w.reconcile(ctx, n, h, standing, s); err != nil {
			return err
		}
	}
	// What lies further back was not counted for now, nor was it before.
	if last := e.spans[len(e.spans)-1]; last.To.Before(w.now) {
		return nil
	}
	more := e.more && !w.rules.crowded(h.Calls)
	if denials := w.rules.Present().Denials(*h, w.now); len(denials) > 0 || !more {
		w.tx.Deny(n, denials)
	}
	return nil
}

// standing are the freezes of rules on the numbers that nobody released.
func (w *writer) standing(
	ctx context.Context, numbers []number.Number,
) (map[freeze.MAC][]freeze.Freeze, error) {
	found, err := w.tx.Freezes(ctx, freeze.Query{Numbers: numbers, Reason: freeze.Ruled,
		Unreleased: true})
	out := map[freeze.MAC][]freeze.Freeze{}
	for _, f := range found {
		out[f.NumberMAC] = append(out[f.NumberMAC], f)
	}
	return out, err
}

// reconcile opens and releases freezes of rules until they are what the calls say.
func (w *writer) reconcile(
	ctx context.Context, n number.Number, h *History, standing []freeze.Freeze, s Span,
) error {
	var known, erased []freeze.Freeze
	for _, f := range standing {
		// The calls that it rests on can't be looked at again: they were erased, or named somebody who was.
		if f.Number.IsZero() || len(f.Evidence.Calls) == 0 {
			erased = append(erased, f)
			continue
		}
		known = append(known, f)
	}
	open, release := Reconcile(known, w.rules.Firings(*h, s.From, s.To), s.From, s.To, w.now)
	if len(h.Singly) > 0 && len(release) > 0 {
		// What stood beside a freeze that was released by itself stands on.
		all := History{Calls: h.Calls, Releases: h.Releases}
		_, unfounded := Reconcile(known, w.rules.Firings(all, s.From, s.To), s.From, s.To, w.now)
		release = slices.DeleteFunc(release,
			func(id freeze.ID) bool { return !slices.Contains(unfounded, id) })
	}
	for _, f := range known {
		// What a person extended stands by that person's order.
		if f.Extended() || !slices.Contains(release, f.ID) {
			continue
		}
		// Nor can calls be looked at again that were erased since.
		gone, err := w.tx.GoneCalls(ctx, f.Evidence.Calls)
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			continue
		}
		_, err = w.ledger.Release(ctx, f,
			freeze.Release{Cause: freeze.Corrected, At: w.now, Actor: rulesActor,
				Reason: "the calls that it rests on were corrected"})
		if err != nil {
			return err
		}
	}
	for _, x := range open {
		if slices.ContainsFunc(erased, x.mayHaveMade) {
			continue
		}
		if err := w.open(ctx, n, x); err != nil {
			return err
		}
	}
	return nil
}

// rulesActor is who freezes and releases where rules do.
const rulesActor = "rules"

// mayHaveMade tells, as far as can be known without its calls, that the firing made a
// freeze.
func (x Firing) mayHaveMade(f freeze.Freeze) bool {
	return f.Rule == x.Rule && f.RuleVersion == x.Version && f.From.Equal(x.From)
}

func (w *writer) open(ctx context.Context, n number.Number, x Firing) error {
	f, err := w.ledger.Open(ctx, x.Freeze(Call{Number: n}))
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(x.Calls) {
		if w.changed[id] {
			w.opened[id] = append(w.opened[id], f)
			break
		}
	}
	return nil
}

// joined brings spans into order and makes one of those that meet.
func joined(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && !s.From.After(out[last].To) {
			if s.To.After(out[last].To) {
				out[last].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}
