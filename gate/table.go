package gate

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Table holds, by number, the freezes that may stand, the allow list, and what rules
// deny. It is safe for concurrent use: a lookup waits for nothing but a change of one
// part in 1,024. A freeze takes about 60 bytes.
//
// Times are kept to the microsecond, as storage keeps them.
type Table struct {
	shards [shards]shard
	// seed is another one in every table, so that nobody can choose numbers that collide.
	seed   uint64
	seq    atomic.Int64
	labels interner[label]
	oddIDs interner[string]
	agents interner[string]
}

// lateness is for how long Sweep keeps what somebody ended: news of it that are older
// may still be on their way, and must not bring it back.
const lateness = time.Hour

// NewTable makes an empty table.
func NewTable() *Table {
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails: crypto/rand ends the program instead
	return &Table{seed: binary.NativeEndian.Uint64(seed[:])}
}

// hash spreads the digits over 64 bits (the finalizer of SplitMix64).
func (t *Table) hash(digits uint64) uint64 {
	h := digits ^ t.seed
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (t *Table) shard(hash uint64) *shard { return &t.shards[hash>>(64-shardBits)] }

// Apply takes over what became of freezes: new ones, and ones that were extended or
// released. It can be repeated, and needs no order: what has the higher Seq stays, and
// a released freeze never comes back.
func (t *Table) Apply(freezes ...freeze.Freeze) {
	// Releases come last: where a freeze takes the place of another, who looks meanwhile
	// must not miss both.
	for _, released := range []bool{false, true} {
		for _, f := range freezes {
			if released == (f.Release != nil) {
				t.apply(t.freezeRecord(f), f.Release)
			}
		}
	}
}

// ApplyAllow takes over what became of entries of the allow list, in the same way.
func (t *Table) ApplyAllow(allows ...freeze.Allow) {
	for _, a := range allows {
		t.apply(t.allowRecord(a), a.Ended)
	}
}

func (t *Table) apply(r record, release *freeze.Release) {
	t.saw(r.seq())
	end := int64(endless)
	if release != nil {
		t.saw(release.Seq)
		end = micros(release.At)
	}
	hash := t.hash(r.digits())
	s := t.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.merge(s, hash, r, end)
}

// merge adds the record, or lets it take the place of an older one of the same id.
func (t *Table) merge(s *shard, hash uint64, r record, end int64) {
	w := s.room(t.hash).find(hash, r.digits())
	for old := w.next(); old != nil; old = w.next() {
		if old.id != r.id || old.key&^ended != r.key {
			continue
		}
		before := w.v.endOf(w.place, old)
		if r.seq() < old.seq() {
			r = *old
		}
		if r.seq() > old.seq() || end < before {
			s.replace(&w, r, min(end, before))
		}
		return
	}
	s.add(r, end, t.hash)
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

// Standing is the freeze that answers for the number at that moment, wherever the call
// comes from, without what the gate has no use for: Note, Evidence, Actor and Release.
func (t *Table) Standing(n number.Number, at time.Time) (freeze.Freeze, bool) {
	found := t.find(n, "", "", micros(at))
	if found.frozen.key == 0 {
		return freeze.Freeze{}, false
	}
	return t.freeze(&found.frozen), true
}

// found is what answers for a number, of each kind the one that ends last. A zero
// record is none.
type found struct{ frozen, allowed, denied record }

func (t *Table) find(n number.Number, line, agent string, at int64) (out found) {
	hash := t.hash(n.Digits())
	s := t.shard(hash)
	for {
		exchanges := s.exchanges.Load()
		out = found{}
		w := s.read().find(hash, n.Digits())
		for r := w.next(); r != nil; r = w.next() {
			if !w.stands(r, at) || !t.concerns(r, line, agent) {
				continue
			}
			best := out.of(r)
			if best.key == 0 || t.before(r, best) {
				*best = *r
			}
		}
		if s.exchanges.Load() == exchanges {
			return out
		}
	}
}

func (f *found) of(r *record) *record {
	switch {
	case r.is(isFreeze):
		return &f.frozen
	case r.is(isAllow):
		return &f.allowed
	default:
		return &f.denied
	}
}

// concerns reports whether the record answers an ask with that line and agent: a freeze
// of a line answers for its line and where no line is named; a denial of an agent for
// that agent alone.
func (t *Table) concerns(r *record, line, agent string) bool {
	switch {
	case r.is(isFreeze) && line != "":
		l := t.labels.value(r.label()).line
		return l == "" || l == line
	case r.is(isDenial) && r.id[0] != 0:
		return t.agents.value(uint32(r.id[0])) == agent
	}
	return true
}

// before orders records of one kind, as freezeBefore and its kin do.
func (t *Table) before(a, b *record) bool {
	if a.until != b.until {
		return a.until > b.until
	}
	if a.is(isDenial) {
		x, y := t.denial(a), t.denial(b)
		return denialBefore(&x, &y)
	}
	return t.idOf(a) < t.idOf(b)
}

// Len is how many freezes the table holds, whether they stand or not.
func (t *Table) Len() int {
	n := 0
	t.each(func(r *record, _ int64) {
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
	t.each(func(r *record, end int64) {
		if r.is(isFreeze) && r.from <= at && at < min(r.until, end) {
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
func (t *Table) each(visit func(r *record, end int64)) {
	for i := range t.shards {
		t.shards[i].read().each(visit)
	}
}

// Sweep drops what ended by itself by now, and what somebody ended an hour ago, so that
// its room can be used anew, and says how much it dropped. Asks about moments before now
// are not the table's to answer afterwards.
func (t *Table) Sweep(now time.Time) (dropped int) {
	at, long := micros(now), micros(now.Add(-lateness))
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		dropped += s.sweep(func(r *record, end int64) bool { return r.until <= at || end <= long }, t.hash)
		s.mu.Unlock()
	}
	return dropped
}
