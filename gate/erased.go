package gate

import (
	"slices"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// firstErased is above all digits that a number can have: from there on, keys stand for numbers
// that were erased, in the order in which the table met their names.
const firstErased = 1_000_000_000_000_000

// Named lets the table find numbers by the names that the ledger may know them by, where their
// digits were erased. To be called before the table is used; without it such freezes are not found.
func (t *Table) Named(names func(number.Number) []freeze.MAC) { t.names = names }

// keyOf is what stands for a number in records: its digits, or where those were erased something
// that stands for its name.
func (t *Table) keyOf(n number.Number, name freeze.MAC) uint64 {
	if !n.IsZero() || name == (freeze.MAC{}) {
		return n.Digits()
	}
	return firstErased + uint64(t.erased.id(name))
}

// erasedKeys are the keys under which a number may be known whose digits were erased. While
// nobody was erased it costs next to nothing.
func (t *Table) erasedKeys(n number.Number) (keys []uint64) {
	if t.names == nil || !t.erased.any() || n.IsZero() {
		return nil
	}
	for _, name := range t.names(n) {
		if id, ok := t.erased.known(name); ok {
			keys = append(keys, firstErased+uint64(id))
		}
	}
	return keys
}

// Erase forgets the number itself, whose freezes were applied again without it before.
func (t *Table) Erase(n number.Number) {
	s := t.spotOf(n, freeze.MAC{})
	p := t.part(s.hash)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(s.hash, func(_ place, r *record) bool { return r.digits() == s.key })
}

// EraseNamed forgets the number that has a name, for whoever is told no more of somebody who was erased. What stands of
// it was applied again without the number before. Of what else may be there, such as what rules deny, each number is
// named; without a name none is. It reads the whole table, as Active does.
func (t *Table) EraseNamed(name freeze.MAC) {
	for n := range t.renamed() {
		t.Erase(n)
	}
	if t.names == nil || name == (freeze.MAC{}) {
		return
	}
	for n := range t.fleeting() {
		if slices.Contains(t.names(n), name) {
			t.Erase(n)
			return
		}
	}
}

// renamed are the numbers of freezes and entries of the allow list that are there without them, too.
func (t *Table) renamed() map[number.Number]bool {
	type name struct {
		id   [2]uint64
		kind uint64
	}
	nameOf := func(r *record) name { return name{r.id, r.key & (isFreeze | isAllow | isDenial | oddID)} }
	again := map[name]bool{}
	t.each(func(_ *part, _ place, r *record) {
		if r.digits() >= firstErased {
			again[nameOf(r)] = true
		}
	})
	if len(again) == 0 {
		return nil
	}
	return t.numbers(func(r *record) bool { return again[nameOf(r)] })
}

// fleeting are the numbers of what is not kept, but counted, or over: nobody applies it again.
func (t *Table) fleeting() map[number.Number]bool {
	return t.numbers(func(r *record) bool { return r.is(isDenial | ended) })
}

// numbers are those of some records, where they have any.
func (t *Table) numbers(of func(r *record) bool) map[number.Number]bool {
	found := map[number.Number]bool{}
	t.each(func(_ *part, _ place, r *record) {
		if r.digits() < firstErased && of(r) {
			found[t.numberOf(r)] = true
		}
	})
	return found
}

// better takes for each kind the record that answers.
func (t *Table) better(a, b answering) answering {
	for _, kind := range []struct{ best, other *record }{
		{&a.frozen, &b.frozen}, {&a.allowed, &b.allowed}, {&a.denied, &b.denied},
	} {
		if kind.other.key != 0 && (kind.best.key == 0 || t.before(kind.other, kind.best)) {
			*kind.best = *kind.other
		}
	}
	return a
}
