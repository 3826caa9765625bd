package gate

import (
	"iter"
	"slices"
	"sync"
)

const (
	// parts is how many parts the table has, each with a lock of its own: so a question
	// seldom waits for a change.
	parts    = 1 << partBits
	partBits = 8
	// chunkLen records are made room for at once, so that nothing is copied to grow.
	chunkLen = 128
)

// part holds the records of some numbers. What its maps and chunks hold has no pointers,
// so the garbage collector does not look at millions of records.
type part struct {
	mu sync.RWMutex
	// first leads from the low half of a number's hash to a record. Numbers may share
	// one: each record tells its number.
	first map[uint32]place
	// next leads on from the records that are marked hasMore, which are few.
	next map[place]place
	// ends says when somebody ended the records that are marked so, which are few, too.
	ends   map[place]int64
	chunks []*[chunkLen]record
	// used is how many places were ever taken, free are those that can be taken anew.
	used place
	free []place
	_    [24]byte // fills two cache lines: no part slows another's lock down
}

// place is where a record lies within its part.
type place uint32

func (p *part) at(i place) *record { return &p.chunks[i/chunkLen][i%chunkLen] }

// of visits the records of a number.
func (p *part) of(hash, digits uint64) iter.Seq2[place, *record] {
	return func(yield func(place, *record) bool) {
		i, more := p.first[uint32(hash)]
		for more {
			r := p.at(i)
			if r.digits() == digits && !yield(i, r) {
				return
			}
			if more = r.is(hasMore); more {
				i = p.next[i]
			}
		}
	}
}

// each visits every record.
func (p *part) each(visit func(i place, r *record)) {
	for i := range p.used {
		if r := p.at(i); r.key != 0 {
			visit(i, r)
		}
	}
}

// endOf is when somebody ended the record at that place, endless where nobody did.
func (p *part) endOf(i place, r *record) int64 {
	if !r.is(ended) {
		return endless
	}
	return p.ends[i]
}

// stands reports whether the record stands at that moment, which is now or later.
func (r *record) stands(at int64) bool {
	return (r.is(begun) || r.from <= at) && at < r.until && !r.is(ended)
}

// merge takes over what is said of a freeze or an entry of the allow list: of what is
// known of it what has the higher place in the ledger stays, and so does the earliest end.
func (p *part) merge(hash uint64, r record, end int64) {
	for i, old := range p.of(hash, r.digits()) {
		if !old.isOf(&r) {
			continue
		}
		if r.seq() > old.seq() {
			old.from, old.until, old.what = r.from, r.until, r.what
		}
		p.end(i, end)
		return
	}
	p.end(p.add(hash, r), end)
}

// end marks the record at a place as ended by somebody at that moment; endless is never.
func (p *part) end(i place, at int64) {
	r := p.at(i)
	if at >= p.endOf(i, r) {
		return
	}
	r.key |= ended
	p.ends[i] = at
}

// add takes in another record of a number.
func (p *part) add(hash uint64, r record) place {
	if p.first == nil {
		p.first, p.next, p.ends = map[uint32]place{}, map[place]place{}, map[place]int64{}
	}
	i := p.take()
	if first, ok := p.first[uint32(hash)]; ok {
		r.key |= hasMore
		p.next[i] = first
	}
	p.first[uint32(hash)] = i
	*p.at(i) = r
	return i
}

// take is a place that is free.
func (p *part) take() place {
	if last := len(p.free) - 1; last >= 0 {
		i := p.free[last]
		p.free = p.free[:last]
		return i
	}
	if p.used%chunkLen == 0 {
		p.chunks = append(p.chunks, new([chunkLen]record))
	}
	p.used++
	return p.used - 1
}

// remove frees the places of those records behind a hash that are gone, and says how
// many.
func (p *part) remove(hash uint64, gone func(i place, r *record) bool) (removed int) {
	kept := slices.DeleteFunc(p.unchain(hash), func(i place) bool {
		if !gone(i, p.at(i)) {
			return false
		}
		*p.at(i) = record{}
		delete(p.ends, i)
		p.free = append(p.free, i)
		removed++
		return true
	})
	p.chain(hash, kept)
	return removed
}

// unchain forgets how to get to the records behind a hash, and gives their places.
func (p *part) unchain(hash uint64) (places []place) {
	i, more := p.first[uint32(hash)]
	delete(p.first, uint32(hash))
	for more {
		places = append(places, i)
		r := p.at(i)
		if more = r.is(hasMore); more {
			r.key &^= hasMore
			i = p.next[i]
		}
	}
	for _, i := range places {
		delete(p.next, i)
	}
	return places
}

// chain makes the way to the records at these places, where there is none.
func (p *part) chain(hash uint64, places []place) {
	for n, i := range places {
		if n == 0 {
			p.first[uint32(hash)] = i
			continue
		}
		before := places[n-1]
		p.at(before).key |= hasMore
		p.next[before] = i
	}
}
