package gate

import (
	"slices"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/number"
)

// Deny takes over what rules deny of a number, in place of what they denied before.
// Changes of one number must come in their order.
func (t *Table) Deny(n number.Number, denials []calls.Denial) {
	hash := t.hash(n.Digits())
	s := t.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	records := make([]record, len(denials))
	for i, d := range denials {
		records[i] = t.denialRecord(n, d)
		t.deny(s, hash, records[i])
	}
	s.exchanges.Add(1)
	for t.undeny(s, hash, n.Digits(), records) {
	}
}

// deny adds a denial, or lets it take the place of the one by the same rule for the
// same agent.
func (t *Table) deny(s *shard, hash uint64, r record) {
	w := s.room(t.hash).find(hash, r.digits())
	for old := w.next(); old != nil; old = w.next() {
		if !sameDenial(old, &r) {
			continue
		}
		if *old != r {
			s.replace(&w, r, endless)
		}
		return
	}
	s.add(r, endless, t.hash)
}

// undeny ends one denial of the number that is not among records, and reports whether
// there was one.
func (t *Table) undeny(s *shard, hash, digits uint64, records []record) bool {
	w := s.read().find(hash, digits)
	for old := w.next(); old != nil; old = w.next() {
		gone := old.is(isDenial) && old.until != never &&
			!slices.ContainsFunc(records, func(r record) bool { return sameDenial(old, &r) })
		if !gone {
			continue
		}
		over := *old
		over.until = never
		t.deny(s, hash, over)
		return true
	}
	return false
}

// sameDenial reports whether two records of a number are denials by the same rule for
// the same agent.
func sameDenial(a, b *record) bool {
	return a.key == b.key && a.is(isDenial) && a.what == b.what && a.id[0] == b.id[0]
}

func (t *Table) denialRecord(n number.Number, d calls.Denial) record {
	l := t.labels.id(label{rule: d.Rule, version: d.Version, window: d.Window, limit: d.Limit})
	return record{
		id:  [2]uint64{uint64(t.agents.id(d.Agent)), uint64(d.Count)},
		key: n.Digits()<<flagBits | isDenial, from: micros(d.From), until: untilMicros(d.Until), what: what(0, l),
	}
}

func (t *Table) denial(r *record) calls.Denial {
	l := t.labels.value(r.label())
	return calls.Denial{
		Rule: l.rule, Version: l.version, Agent: t.agents.value(uint32(r.id[0])), Count: int(r.id[1]), Limit: l.limit,
		From: fromMicros(r.from), Until: fromUntil(r.until), Window: l.window,
	}
}
