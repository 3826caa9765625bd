package gate

import (
	"encoding/binary"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// NewNamedTable makes an empty table that holds no numbers, but the names (keyed hashes) that the ledger knows
// them by: names gives all that a number may have. What it is told of must come with its NumberMAC.
//
// Of a name 90 bits tell one number from another, so of ten million numbers two are taken for one with a chance of
// 1 in 10¹³; nobody can bring that about who has not the key of the names.
func NewNamedTable(names func(number.Number) []freeze.MAC) *Table {
	t := NewTable()
	t.names, t.blind = names, true
	return t
}

// spot is where the records of a number are: behind a hash, under a key.
type spot struct{ hash, key uint64 }

// spotOf is the spot of a number, or where its digits are not known that of its name.
func (t *Table) spotOf(n number.Number, name freeze.MAC) spot {
	if !t.blind {
		key := t.keyOf(n, name)
		return spot{t.hash(key), key}
	}
	if name == (freeze.MAC{}) && !n.IsZero() {
		name = t.names(n)[0]
	}
	return spotOfName(name)
}

// spotOfName takes of a name the 8 bits that tell the part and the 32 that lead to the records there, and for the
// key as many as records have for digits.
func spotOfName(name freeze.MAC) spot {
	return spot{binary.BigEndian.Uint64(name[:8]), binary.BigEndian.Uint64(name[8:16]) >> flagBits}
}

func (t *Table) findNamed(ask Ask, at int64) (best answering) {
	if ask.Number.IsZero() {
		return best
	}
	for i, name := range t.names(ask.Number) {
		found := t.findSpot(spotOfName(name), ask, at)
		if i > 0 {
			found = t.better(best, found)
		}
		best = found
	}
	return best
}

func (t *Table) findAllNamed(
	numbers []number.Number, ask Ask, at time.Time, each func(i int, found *Found),
) {
	var found Found // each keeps none
	for i, n := range numbers {
		ask.Number = n
		found = t.Find(ask, at)
		each(i, &found)
	}
}

// DenyNamed is Deny for the number of a name.
func (t *Table) DenyNamed(name freeze.MAC, denials []calls.Denial) { t.deny(spotOfName(name), denials) }

// DenyOnly takes over what rules deny, by names, in place of all that they denied before: other rules are in
// force. Who asks meanwhile misses none that are denied before and after. It is for tables without numbers.
func (t *Table) DenyOnly(denials map[freeze.MAC][]calls.Denial) {
	type at struct {
		part int
		hash uint32
		key  uint64
	}
	keep := make(map[at]bool, len(denials))
	for name, of := range denials {
		t.DenyNamed(name, of)
		s := spotOfName(name)
		keep[at{partOf(s.hash), uint32(s.hash), s.key}] = true
	}
	for k := range t.parts {
		t.parts[k].drop(func(hash uint32, _ place, r *record) bool {
			return r.is(isDenial) && !keep[at{k, hash, r.digits()}]
		})
	}
}

// drop removes the records that are over, which it is told with the low half of their hashes, and says how many.
// While it looks for them others may look, too.
func (p *part) drop(over func(hash uint32, i place, r *record) bool) (dropped int) {
	hashes := p.hashesOf(over)
	if len(hashes) == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, hash := range hashes {
		dropped += p.remove(uint64(hash), func(i place, r *record) bool { return over(hash, i, r) })
	}
	return dropped
}

// hashesOf are the hashes behind which some records are over.
func (p *part) hashesOf(over func(hash uint32, i place, r *record) bool) (hashes []uint32) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for hash, i := range p.first {
		for more := true; more; {
			r := p.at(i)
			if over(hash, i, r) {
				hashes = append(hashes, hash)
				break
			}
			if more = r.is(hasMore); more {
				i = p.next[i]
			}
		}
	}
	return hashes
}
