package audit

import (
	"fmt"
	"slices"
)

// Verification is what was found when a record was checked.
type Verification struct {
	// Entries is how many there are; First is the number of the first, above 1 where older ones
	// were deleted by age.
	Entries, First int64
	// Head is the MAC of the last one.
	Head MAC
	// Unproven counts the entries that another key sealed, which is not here: they are chained, but
	// somebody who had that key may have changed them.
	Unproven int64
	// Problems say what is wrong, in the order of the entries.
	Problems []string
}

// Verifier checks a record entry by entry, in order.
type Verifier struct {
	// Keys are the one that seals now, and those from before, the newest first. What an older one sealed
	// can't follow what a newer one did, nor be the last: whoever got hold of it could go on with it.
	Keys []Keys
	// Want is the MAC of an entry that was noted elsewhere and must be there; zero for none.
	Want MAC

	seq  int64
	seen bool
	// age is how many keys came after that which sealed the last entry.
	age int
	v   Verification
}

// mostProblems is how many are told: behind the first, the rest mostly follows from it.
const mostProblems = 20

// Begin checks what stands for the entries that were deleted by age: all up to one with a number and
// a MAC, and the proof of it. It is not called where none was.
func (v *Verifier) Begin(seq int64, mac, proof MAC) {
	v.seq, v.v.Head = seq, mac
	v.seen = mac == v.Want
	for _, k := range v.Keys {
		if k.Anchor(seq, mac) == proof {
			return
		}
	}
	v.problem("what is noted of the entries up to %d, which are gone, was changed or sealed with another "+
		"key: they may have been cut off", seq)
}

// Next checks that e follows what was checked before, and that nothing in it was changed.
func (v *Verifier) Next(e Entry) {
	if v.v.Entries++; v.v.Entries == 1 {
		v.v.First = e.Seq
	}
	switch {
	case e.Seq != v.seq+1:
		v.problem("entry %d follows entry %d", e.Seq, v.seq)
	case e.Prev != v.v.Head:
		v.problem("entry %d is not chained to the one before", e.Seq)
	}
	age := slices.IndexFunc(v.Keys, func(k Keys) bool { return k.id == e.KeyID })
	switch {
	case age < 0: // older than all
		v.v.Unproven++
		age = len(v.Keys)
	case !v.Keys[age].Sealed(e):
		v.problem("entry %d was changed", e.Seq)
	}
	if v.v.Entries > 1 && age > v.age {
		v.problem("entry %d was sealed with an older key than the one before", e.Seq)
	}
	v.age = age
	v.seq, v.v.Head = e.Seq, e.MAC
	v.seen = v.seen || e.MAC == v.Want
}

// End is what was found.
func (v *Verifier) End() Verification {
	if v.v.Entries > 0 && v.age > 0 && v.age < len(v.Keys) { // of those whose key is not here, Unproven tells
		v.problem("the last entry, %d, was not sealed with the key in force: the end was cut off, or somebody "+
			"went on with an older key", v.seq)
	}
	if !v.seen && v.Want != (MAC{}) {
		v.problem("no entry has the head %s that was noted before: the end was cut off, or this is "+
			"another record", v.Want)
	}
	return v.v
}

func (v *Verifier) problem(format string, args ...any) {
	if len(v.v.Problems) < mostProblems {
		v.v.Problems = append(v.v.Problems, fmt.Sprintf(format, args...))
	}
}
