package gate

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Table holds, by number, the freezes that may stand, the allow list, and what rules
// deny. It is safe for concurrent use: a lookup waits for nothing but a change of one
// part in 256. A freeze takes about 65 bytes.
//
// Times are kept to the microsecond, as storage keeps them.
type Table struct {
	parts [parts]part
	// seed is another one in every table, so that nobody can choose numbers that collide.
	seed   maphash.Seed
	seq    atomic.Int64
	labels interner[label]
	oddIDs interner[string]
	agents interner[string]
	// erased are the names of numbers whose digits were erased, names is what Named set.
	erased interner[freeze.MAC]
	names  func(number.Number) []freeze.MAC
	// blind is set where it holds no numbers at all, but their names; see NewNamedTable.
	blind bool
}

// lateness is for how long Sweep keeps what somebody ended: news of it that are older
// may still be on their way, and must not bring it back.
const lateness = time.Hour

// NewTable makes an empty table.
func NewTable() *Table { return &Table{seed: maphash.MakeSeed()} }

func (t *Table) hash(digits uint64) uint64 { return maphash.Comparable(t.seed, digits) }
func (t *Table) part(hash uint64) *part    { return &t.parts[partOf(hash)] }
func partOf(hash uint64) int               { return int(hash >> (64 - partBits)) }

// Apply takes over what became of freezes: new ones, and ones that were extended or
// released. It can be repeated, and needs no order: what has the higher Seq stays, and
// a released freeze never comes back.
func (t *Table) Apply(freezes ...freeze.Freeze) {
	// Releases come last: where a freeze takes the place of another, who looks meanwhile
	// must not miss both.
	for _, released := range []bool{false, true} {
		for _, f := range freezes {
			if released == (f.Release != nil) {
				s := t.spotOf(f.Number, f.NumberMAC)
				t.apply(s, t.freezeRecord(s, f), f.Release)
			}
		}
	}
}

// ApplyAllow takes over what became of entries of the allow list, in the same way.
func (t *Table) ApplyAllow(allows ...freeze.Allow) {
	for _, a := range allows {
		s := t.spotOf(a.Number, a.NumberMAC)
		t.apply(s, t.allowRecord(s, a), a.Ended)
	}
}

func (t *Table) apply(s spot, r record, release *freeze.Release) {
	t.saw(r.seq())
	end := int64(endless)
	if release != nil {
		t.saw(release.Seq)
		end = micros(release.At)
	}
	p := t.part(s.hash)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.merge(s.hash, r, end)
}

func (t *Table) saw(seq int64) {
	for {
		seen := t.seq.Load()
		if seq <= seen || t.seq.CompareAndSwap(seen, seq) {
			return
		}
	}
}

// Seq is the highest place in the ledger that the table has seen.
func (t *Table) Seq() int64 { return t.seq.Load() }

// Knows reports whether the table has heard of the freeze, and whether somebody ended it.
func (t *Table) Knows(f freeze.Freeze) (known, over bool) {
	s := t.spotOf(f.Number, f.NumberMAC)
	r := t.freezeRecord(s, f)
	p := t.part(s.hash)
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, old := range p.of(s.hash, s.key) {
		if old.isOf(&r) {
			return true, old.is(ended)
		}
	}
	return false, false
}

// Len is how many freezes the table holds, whether they stand or not.
func (t *Table) Len() int {
	n := 0
	t.each(func(_ *part, _ place, r *record) {
		if r.is(isFreeze) {
			n++
		}
	})
	return n
}

// Active counts the freezes that stand, by reason. It reads the whole table, some 5 ns a
// record.
func (t *Table) Active(now time.Time) map[freeze.Reason]int {
	at := micros(now)
	byLabel := map[uint32]int{}
	t.each(func(_ *part, _ place, r *record) {
		if r.is(isFreeze) && r.stands(at) {
			byLabel[r.label()]++
		}
	})
	active := map[freeze.Reason]int{}
	for l, n := range byLabel {
		active[t.labels.value(l).reason] += n
	}
	return active
}

// each visits every record.
func (t *Table) each(visit func(p *part, i place, r *record)) {
	for k := range t.parts {
		p := &t.parts[k]
		p.mu.RLock()
		p.each(func(i place, r *record) { visit(p, i, r) })
		p.mu.RUnlock()
	}
}

// Sweep drops what ended by itself by now, and what somebody ended an hour ago, so that
// its room can be used anew, and says how much it dropped. Asks about moments before now
// are not the table's to answer afterwards.
func (t *Table) Sweep(now time.Time) (dropped int) {
	at, long := micros(now), micros(now.Add(-lateness))
	for k := range t.parts {
		p := &t.parts[k]
		over := func(i place, r *record) bool { return r.until <= at || p.endOf(i, r) <= long }
		if t.blind {
			dropped += p.drop(func(_ uint32, i place, r *record) bool { return over(i, r) })
			continue
		}
		dropped += t.sweep(p, over)
	}
	return dropped
}

func (t *Table) sweep(p *part, over func(i place, r *record) bool) (dropped int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each(func(i place, r *record) {
		if over(i, r) {
			dropped += p.remove(t.hash(r.digits()), over)
		}
	})
	return dropped
}
