package gate

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

const (
	// shards is how many parts the table has. Each is built anew alone when it grows, so
	// that a change waits for some milliseconds at most, even with 100 million records.
	shards    = 1 << shardBits
	shardBits = 10
	// A slot holds a mark, bits of the number's hash that tell most others apart without
	// reading their records, above the place of a record, counted from 1: so a shard
	// has room for 4 million, and the table for 4 thousand million. An empty slot is 0.
	placeBits = 22
	placeMask = 1<<placeBits - 1
	minSlots  = 8
	// chunksBits make for 32 to 63 chunks a shard.
	chunksBits = 6
)

// shard is an open-addressing hash table with linear probing: slots that point to
// records, which lie in chunks. Records of one number have a slot each.
//
// Reading takes no lock: a record never changes once a slot points to it. What changes
// gets another record, to which its slot then points; the one before is left where it
// is until the shard is built anew.
type shard struct {
	view atomic.Pointer[view]
	// exchanges counts how often denials were exchanged for others. It counts between
	// the moment when the new ones are there and that when the first old one goes: who
	// read the same count before and after looking has not missed both.
	exchanges atomic.Uint64
	// mu is held by whoever changes the shard.
	mu sync.Mutex
	// used is how many places have a record, live how many of them slots point to.
	used, live int
	_          [24]byte // fills a cache line
}

// view is what readers see of a shard.
type view struct {
	// slots are a power of two, and only read and written atomically.
	slots []uint32
	// chunks hold 1<<chunkBits records each. One is there before a slot points into it.
	chunks    [][]record
	chunkBits uint8
}

// nothing is the view of a shard that was never written to.
var nothing = newView(1)

// newView makes an empty view with so many slots, and places for as many records. Its
// chunks are small, so that little is empty in the last one, and few, so that finding
// one stays in the processor's cache.
func newView(slots int) *view {
	chunkBits := uint8(max(bits.Len(uint(slots))-chunksBits, 3))
	return &view{slots: make([]uint32, slots), chunks: make([][]record, slots>>chunkBits+1), chunkBits: chunkBits}
}

func (s *shard) read() *view {
	if v := s.view.Load(); v != nil {
		return v
	}
	return nothing
}

func (v *view) record(place uint32) *record {
	return &v.chunks[place>>v.chunkBits][place&(1<<v.chunkBits-1)]
}

// home is where the search for a hash begins, markOf how its slots are marked. The
// highest bits of the hash choose the shard.
func (v *view) home(hash uint64) uint32 { return uint32(hash) & uint32(len(v.slots)-1) }
func markOf(hash uint64) uint32         { return uint32(hash>>32) << placeBits }

// endOf is when somebody ended the record at place, endless where nobody did.
func (v *view) endOf(place uint32, r *record) int64 {
	if !r.is(ended) {
		return endless
	}
	return v.record(place + 1).until
}

// each visits the records that slots point to, with when they were ended.
func (v *view) each(visit func(r *record, end int64)) {
	for i := range v.slots {
		if slot := atomic.LoadUint32(&v.slots[i]); slot != 0 {
			place := slot&placeMask - 1
			r := v.record(place)
			visit(r, v.endOf(place, r))
		}
	}
}

// walk goes over the records of a number, the oldest first.
type walk struct {
	v      *view
	mark   uint32
	digits uint64
	// slot is the next one to look at; the one before points to the record which next
	// gave, at place.
	slot, place uint32
}

func (v *view) find(hash, digits uint64) walk {
	return walk{v: v, mark: markOf(hash), digits: digits, slot: v.home(hash)}
}

// next is the next record of the number, nil where there is none.
func (w *walk) next() *record {
	slots := w.v.slots
	for {
		slot := atomic.LoadUint32(&slots[w.slot])
		if slot == 0 {
			return nil
		}
		w.slot = (w.slot + 1) & uint32(len(slots)-1)
		if slot&^placeMask != w.mark {
			continue
		}
		w.place = slot&placeMask - 1
		if r := w.v.record(w.place); r.digits() == w.digits {
			return r
		}
	}
}

// stands reports whether the record that next gave stands at that moment.
func (w *walk) stands(r *record, at int64) bool {
	return r.from <= at && at < r.until && at < w.v.endOf(w.place, r)
}

// add gives a record a slot, behind those that its number has already.
func (s *shard) add(r record, end int64, hashOf func(uint64) uint64) {
	v := s.room(hashOf)
	v.point(hashOf(r.digits()), s.put(v, r, end))
	s.live++
}

// replace lets another record take the place of the one that w gave last. There must
// be room for it, and w must have begun after it was made.
func (s *shard) replace(w *walk, r record, end int64) {
	place := s.put(w.v, r, end)
	before := (w.slot - 1) & uint32(len(w.v.slots)-1)
	atomic.StoreUint32(&w.v.slots[before], w.mark|(place+1))
}

// put keeps a record where no slot points yet, and where it was ended, another one
// behind it that says when.
func (s *shard) put(v *view, r record, end int64) (place uint32) {
	place = uint32(s.used)
	if end == endless {
		*s.take(v) = r
		return place
	}
	r.key |= ended
	*s.take(v) = r
	*s.take(v) = record{until: end}
	return place
}

// take is the next free place.
func (s *shard) take(v *view) *record {
	place := uint32(s.used)
	if chunk := &v.chunks[place>>v.chunkBits]; *chunk == nil {
		*chunk = make([]record, 1<<v.chunkBits)
	}
	s.used++
	return v.record(place)
}

// point gives the record at place a slot. There must be a free one.
func (v *view) point(hash uint64, place uint32) {
	slot := v.home(hash)
	for atomic.LoadUint32(&v.slots[slot]) != 0 {
		slot = (slot + 1) & uint32(len(v.slots)-1)
	}
	atomic.StoreUint32(&v.slots[slot], markOf(hash)|(place+1))
}

// room makes room for another record and its end, and gives the view to write to.
func (s *shard) room(hashOf func(uint64) uint64) *view {
	v := s.read()
	slots := len(v.slots)
	switch enough := slots * 4 / 5; {
	case s.live < enough && s.used+2 <= slots:
		return v
	case s.live < enough/2: // what was replaced took the places
	default:
		slots *= 2
	}
	return s.rebuild(max(slots, minSlots), func(*record, int64) bool { return false }, hashOf)
}

// rebuild builds the shard anew with so many slots, without the records that are over.
// Readers meanwhile go on with what they see.
func (s *shard) rebuild(slots int, over func(r *record, end int64) bool, hashOf func(uint64) uint64) *view {
	old, v := s.read(), newView(slots)
	s.used, s.live = 0, 0
	old.each(func(r *record, end int64) {
		if !over(r, end) {
			v.point(hashOf(r.digits()), s.put(v, *r, end))
			s.live++
		}
	})
	s.view.Store(v)
	return v
}

// sweep drops the records that are over, where they, or what was replaced, are a
// sixteenth of all: until then they don't matter.
func (s *shard) sweep(over func(r *record, end int64) bool, hashOf func(uint64) uint64) (dropped int) {
	v, kept := s.read(), 0
	v.each(func(r *record, end int64) {
		switch {
		case over(r, end):
			dropped++
		case end != endless:
			kept += 2
		default:
			kept++
		}
	})
	if waste := s.used - kept; waste == 0 || waste < s.used/16 {
		return 0
	}
	s.rebuild(len(v.slots), over, hashOf)
	return dropped
}
