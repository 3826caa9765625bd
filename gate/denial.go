package gate

import (
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Deny takes over what rules deny of a number, in place of what they denied before.
// Changes of one number must come in their order.
func (t *Table) Deny(n number.Number, denials []calls.Denial) {
	t.deny(t.spotOf(n, freeze.MAC{}), denials)
}

func (t *Table) deny(s spot, denials []calls.Denial) {
	records := make([]record, len(denials))
	for i, d := range denials {
		records[i] = t.denialRecord(s, d)
	}
	p := t.part(s.hash)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(s.hash,
		func(_ place, r *record) bool { return r.is(isDenial) && r.digits() == s.key })
	for _, r := range records {
		p.add(s.hash, r)
	}
}

// Denials is what rules deny of a number, as it was taken over last.
func (t *Table) Denials(n number.Number) (found []calls.Denial) {
	s := t.spotOf(n, freeze.MAC{})
	p := t.part(s.hash)
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, r := range p.of(s.hash, s.key) {
		if r.is(isDenial) {
			found = append(found, t.denial(r))
		}
	}
	return found
}

// DenyAll takes over what rules deny, by number, in place of all that they denied before:
// other rules are in force. It must come in one order with Deny.
func (t *Table) DenyAll(denials map[number.Number][]calls.Denial) {
	for n, of := range denials {
		t.Deny(n, of)
	}
	for _, n := range t.Denied() {
		if _, still := denials[n]; !still {
			t.Deny(n, nil)
		}
	}
}

// Denied are the numbers of which rules deny something, some of them repeatedly.
func (t *Table) Denied() []number.Number {
	var found []number.Number
	t.each(func(_ *part, _ place, r *record) {
		if r.is(isDenial) {
			found = append(found, t.numberOf(r))
		}
	})
	return found
}

func (t *Table) denialRecord(s spot, d calls.Denial) record {
	l := t.labels.id(label{rule: d.Rule, version: d.Version, window: d.Window, limit: d.Limit})
	return record{
		id:  [2]uint64{uint64(t.agents.id(d.Agent)), uint64(d.Count)},
		key: s.key<<flagBits | isDenial, what: what(0, l),
		from: micros(d.From), until: untilMicros(d.Until),
	}
}

func (t *Table) denial(r *record) calls.Denial {
	l := t.labels.value(r.label())
	return calls.Denial{
		Rule: l.rule, Version: l.version, Agent: t.agents.value(uint32(r.id[0])),
		Count: int(r.id[1]), Limit: l.limit, Window: l.window,
		From: fromMicros(r.from), Until: fromUntil(r.until),
	}
}
