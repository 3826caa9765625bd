package gate

import (
	"math/bits"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// batchLen is how many numbers are looked up at once: enough to wait for memory together,
// and few enough to hold their locks for microseconds only.
const batchLen = 64

// batch is a lookup of several numbers. It goes step by step for all of them: within a
// step nothing depends on what another number's lookup loads, so the processor asks
// memory for many at once, where one number after the other would wait for each.
type batch struct {
	table *Table
	ask   Ask
	at    int64

	hashes [batchLen]uint64
	first  [batchLen]place
	// known says which numbers may have a record.
	known [batchLen]bool
	held  [parts / 64]uint64
	found [batchLen]answering
}

// FindAll implements Present.
func (t *Table) FindAll(
	numbers []number.Number, ask Ask, at time.Time, each func(i int, found *Found),
) {
	if t.blind {
		t.findAllNamed(numbers, ask, at, each)
		return
	}
	b := batch{table: t, ask: ask, at: micros(at)}
	var found, nothing Found // each keeps none
	for from := 0; from < len(numbers); from += batchLen {
		some := numbers[from:min(from+batchLen, len(numbers))]
		b.find(some)
		b.findErased(some)
		for i := range some {
			if b.known[i] {
				found = t.decode(&b.found[i])
				each(from+i, &found)
			} else {
				each(from+i, &nothing)
			}
		}
	}
}

func (b *batch) find(numbers []number.Number) {
	clear(b.held[:])
	for i, n := range numbers {
		b.hashes[i] = b.table.hash(n.Digits())
		k := partOf(b.hashes[i])
		b.held[k/64] |= 1 << (k % 64)
	}
	b.lock()
	defer b.unlock()
	for i, h := range b.hashes[:len(numbers)] {
		b.first[i], b.known[i] = b.table.part(h).first[uint32(h)]
	}
	for i, n := range numbers {
		if b.known[i] {
			r := b.table.part(b.hashes[i]).at(b.first[i])
			b.known[i] = r.digits() == n.Digits() || r.is(hasMore)
		}
	}
	for i, n := range numbers {
		if b.known[i] {
			b.ask.Number = n
			b.found[i] = b.table.answering(b.hashes[i], n.Digits(), b.ask, b.at)
		}
	}
}

// findErased looks the numbers up by their names, too, where anybody was erased: after their digits,
// since a freeze is known by its name before it is forgotten by its number.
func (b *batch) findErased(numbers []number.Number) {
	for i, n := range numbers {
		for _, key := range b.table.erasedKeys(n) {
			b.ask.Number = n
			found := b.table.findKey(key, b.ask, b.at)
			if b.known[i] {
				found = b.table.better(b.found[i], found)
			}
			b.known[i], b.found[i] = true, found
		}
	}
}

// lock takes the locks in one order, as others who hold several do.
func (b *batch) lock() {
	for k := range b.parts {
		b.table.parts[k].mu.RLock()
	}
}

func (b *batch) unlock() {
	for k := range b.parts {
		b.table.parts[k].mu.RUnlock()
	}
}

// parts are the numbers' parts of the table.
func (b *batch) parts(yield func(k int) bool) {
	for word, held := range b.held {
		for ; held != 0; held &= held - 1 {
			if !yield(word*64 + bits.TrailingZeros64(held)) {
				return
			}
		}
	}
}
