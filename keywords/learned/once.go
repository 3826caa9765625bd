package learned

// once tells which slots were met before in a passage: what is said over and over counts
// once. It is a small hash table that is never full, since passages are short: beyond half
// of it, all counts as met.
type once struct {
	table [onceSize]uint32 // slot + 1, or 0
	used  []uint32         // places in table
}

const onceSize = 1 << 11

// clear forgets all.
func (o *once) clear() {
	for _, at := range o.used {
		o.table[at] = 0
	}
	o.used = o.used[:0]
}

// first reports whether slot was not met since clear.
func (o *once) first(slot uint32) bool {
	for at := slot % onceSize; ; at = (at + 1) % onceSize {
		switch o.table[at] {
		case slot + 1:
			return false
		case 0:
			if len(o.used) == onceSize/2 {
				return false
			}
			o.table[at] = slot + 1
			o.used = append(o.used, at)
			return true
		}
	}
}
