package gate

import (
	"sync/atomic"

	"github.com/refrain-asr/refrain/number"
)

// Expect brings what the answers for these numbers are made of into the processor's
// cache. It changes nothing, and asking without it gives the same answers: but then each
// question waits for memory by itself, which among millions of freezes is most of what
// it takes, where here those waits overlap. A thousand numbers fit into the cache.
func (g *Gate) Expect(numbers []number.Number) { g.table.expect(numbers) }

// expect goes on from the slots of all numbers to their records: within a step nothing
// depends on what the one before it loads, so the processor asks memory for many at
// once. What it returns keeps the compiler from leaving the loads out.
//
//go:noinline
func (t *Table) expect(numbers []number.Number) (touched uint64) {
	for _, n := range numbers {
		hash := t.hash(n.Digits())
		v := t.shard(hash).read()
		touched += uint64(atomic.LoadUint32(&v.slots[v.home(hash)]))
	}
	records := make([]*record, 0, 1024)
	for _, n := range numbers {
		hash := t.hash(n.Digits())
		if r := t.shard(hash).read().likely(hash); r != nil {
			records = append(records, r)
		}
	}
	for _, r := range records {
		touched += r.id[0] + r.what // where it begins and ends: it may lie in two lines
	}
	return touched
}

// likely is the first record that is marked like those of the hash, nil where there is
// none. It does not look at the record.
func (v *view) likely(hash uint64) *record {
	mark, mask := markOf(hash), uint32(len(v.slots)-1)
	for at := v.home(hash); ; at = (at + 1) & mask {
		slot := atomic.LoadUint32(&v.slots[at])
		if slot == 0 {
			return nil
		}
		if slot&^placeMask == mark {
			return v.record(slot&placeMask - 1)
		}
	}
}
