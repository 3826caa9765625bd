package gate

import (
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// DenyAll takes over what rules deny, by number, in place of all that they denied before:
// other rules are in force. It must come in one order with Deny.
func (t *Table) DenyAll(denials map[number.Number][]calls.Denial) {
	for n, of := range denials {
		t.Deny(n, of)
	}
	for _, n := range t.denied() {
		if _, still := denials[n]; !still {
			t.Deny(n, nil)
		}
	}
}

// denied are the numbers of which rules deny something.
func (t *Table) denied() []number.Number {
	var found []number.Number
	t.each(func(r *record, _ int64) {
		if r.is(isDenial) && r.until != never {
			found = append(found, numberOf(r))
		}
	})
	return found
}

// Knows reports whether the table has heard of the freeze, and whether somebody ended it.
func (t *Table) Knows(f freeze.Freeze) (known, over bool) {
	r := t.freezeRecord(f)
	hash := t.hash(r.digits())
	w := t.shard(hash).read().find(hash, r.digits())
	for old := w.next(); old != nil; old = w.next() {
		if old.id == r.id && old.key&^ended == r.key {
			return true, old.is(ended)
		}
	}
	return false, false
}
