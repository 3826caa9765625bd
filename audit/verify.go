package audit

import "fmt"

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
	// Keys are those that seal now, and those from before.
	Keys []Keys
	// Want is the MAC of an entry that was noted elsewhere and must be there; zero for none.
	Want MAC

	seq  int64
	seen bool
	v    Verification
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
	if known, sealed := v.sealed(e); !known {
		v.v.Unproven++
	} else if !sealed {
		v.problem("entry %d was changed", e.Seq)
	}
	v.seq, v.v.Head = e.Seq, e.MAC
	v.seen = v.seen || e.MAC == v.Want
}

func (v *Verifier) sealed(e Entry) (known, sealed bool) {
	for _, k := range v.Keys {
		if k.id == e.KeyID {
			return true, k.Sealed(e)
		}
	}
	return false, false
}

// End is what was found.
func (v *Verifier) End() Verification {
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
