package calls

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// slotKey is ten minutes of a line.
type slotKey struct {
	line string
	at   time.Time
}

// lineCounts keeps the counts of lines up to date, in one transaction.
type lineCounts struct {
	tx Lines
	// known are those that were read or written before.
	known map[slotKey]LineSlot
}

// count adds the changes, and finds the numbers whose calls' line is taken for failing now
// and was not before, or the other way round.
func (l lineCounts) count(ctx context.Context, rules Timeline, changes []change, a affected) error {
	more := slotChanges(changes)
	for _, key := range inSlotOrder(more) {
		more := more[key]
		before, err := l.slot(ctx, key)
		if err != nil {
			return err
		}
		after := before
		after.Attempts, after.Rejected = before.Attempts+more.Attempts, before.Rejected+
			more.Rejected
		after.Failed = rules.failed(after)
		if err := l.tx.PutSlot(ctx, after); err != nil {
			return err
		}
		l.known[key] = after
		if !rules.changedTrust(before, after) {
			continue
		}
		if err := l.affect(ctx, key, a); err != nil {
			return err
		}
	}
	return nil
}

// inSlotOrder are the keys in an order, so that transactions lock them alike.
func inSlotOrder(slots map[slotKey]LineSlot) []slotKey {
	return slices.SortedFunc(maps.Keys(slots), func(a, b slotKey) int {
		return cmp.Or(cmp.Compare(a.line, b.line), a.at.Compare(b.at))
	})
}

// slot reads the counts of a line, unless this transaction did before.
func (l lineCounts) slot(ctx context.Context, key slotKey) (LineSlot, error) {
	if s, ok := l.known[key]; ok {
		return s, nil
	}
	s, err := l.tx.Slot(ctx, key.line, key.at)
	if err == nil {
		l.known[key] = s
	}
	return s, err
}

// untrusted tells whether the line of a call was failing.
func (l lineCounts) untrusted(ctx context.Context, rules Timeline, c Call) (bool, error) {
	if c.Line == "" {
		return false, nil
	}
	s, err := l.slot(ctx, slotKey{c.Line, SlotOf(c.Start)})
	return rules.Failing(c.Start, s), err
}

// affect adds the numbers that were called on the line in those ten minutes.
func (l lineCounts) affect(ctx context.Context, key slotKey, a affected) error {
	numbers, err := l.tx.NumbersCalled(ctx, key.line, key.at)
	for _, n := range numbers {
		a.add(n, Span{key.at, key.at.Add(Slot)}, false)
	}
	return err
}

// Failing reports whether a line with these counts was failing by the rules of the time.
func (t Timeline) Failing(at time.Time, s LineSlot) bool {
	rules := t.At(at)
	return rules != nil && rules.Guard.Failing(s)
}

// guards are those of the rules that were in force in a slot.
func (t Timeline) guards(at time.Time) (found []Guard) {
	end := at.Add(Slot)
	for i, a := range t {
		later, over := !a.Since.Before(end), i+1 < len(t) && !t[i+1].Since.After(at)
		if !later && !over {
			found = append(found, a.RuleSet.Guard)
		}
	}
	return found
}

// failed reports whether any of the rules that were in force in the slot take the line for
// failing.
func (t Timeline) failed(s LineSlot) bool {
	return slices.ContainsFunc(t.guards(s.At), func(g Guard) bool { return g.Failing(s) })
}

// changedTrust tells whether the line was taken for failing and is no more, or the other
// way round, by any of the rules that were in force in the slot.
func (t Timeline) changedTrust(before, after LineSlot) bool {
	return slices.ContainsFunc(t.guards(before.At),
		func(g Guard) bool { return g.Failing(before) != g.Failing(after) })
}

// slotChanges is by how much the changes raise or lower the counts. Reservations don't
// count: nobody knows yet how they end. Nor do calls without a line.
func slotChanges(changes []change) map[slotKey]LineSlot {
	out := map[slotKey]LineSlot{}
	for _, c := range changes {
		if c.old != nil {
			addToSlot(out, *c.old, -1)
		}
		addToSlot(out, c.now, 1)
	}
	for key, s := range out {
		if s == (LineSlot{}) {
			delete(out, key)
		}
	}
	return out
}

func addToSlot(slots map[slotKey]LineSlot, c Call, by int) {
	if c.Revision == 0 || c.Line == "" {
		return
	}
	key := slotKey{c.Line, SlotOf(c.Start)}
	s := slots[key]
	s.Attempts += by
	if c.Outcome == Rejected {
		s.Rejected += by
	}
	slots[key] = s
}
