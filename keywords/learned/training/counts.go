package training

import "math/bits"

// counts tells in how many lines features stand. It counts by a part of their hashes: two
// features that share it count as one, which is rare and does no harm.
type counts struct {
	table []count
	shift int // of a feature, to its place in table
	line  uint32
	// labelled says that the line is a labelled one.
	labelled bool
}

// count is that of a feature: up to leastOverall, of which labelled ones.
type count struct {
	line           uint32 // the last it was met in
	all, labelledN uint8
}

// Bounds of the table's size; a line has some hundred features, most of them seen before.
const (
	fewestBits, mostBits = 16, 24
	perLine              = 64
)

func newCounts(lines int) *counts {
	size := min(max(bits.Len(uint(lines*perLine)), fewestBits), mostBits)
	return &counts{table: make([]count, 1<<size), shift: 64 - size}
}

// next begins a line.
func (c *counts) next(labelled bool) {
	c.line++
	c.labelled = labelled
}

func (c *counts) add(feature uint64) {
	at := &c.table[feature>>c.shift]
	if at.line == c.line {
		return
	}
	at.line = c.line
	at.all = min(at.all+1, leastOverall)
	if c.labelled {
		at.labelledN = min(at.labelledN+1, leastLabelled)
	}
}

// usual reports whether the feature stands in enough lines.
func (c *counts) usual(feature uint64) bool {
	at := c.table[feature>>c.shift]
	return at.labelledN >= leastLabelled || at.all >= leastOverall
}
