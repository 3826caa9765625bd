package store

import (
	"iter"
	"strconv"
	"strings"
)

// Statements over many values come in few sizes, so that each is prepared once and
// found again. To bind a value SQLite's driver walks over the names of all before, so
// that statements with thousands of them are slower than many small ones.
var (
	listSizes  = []int{256, 64, 16, 4, 1}
	tupleSizes = []int{8, 4, 2, 1}
	// manyTuples are for a database over a network, where it is the way that costs.
	manyTuples = []int{256, 64, 32, 16, 8, 4, 2, 1}
)

// inSizes cuts values into arguments for IN, the last of them filled up by repetition.
func inSizes[T any](values []T) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for len(values) > 0 {
			n := fitting(len(values))
			args := make([]any, n)
			for i := range args {
				args[i] = values[min(i, len(values)-1)]
			}
			if !yield(args) {
				return
			}
			values = values[min(n, len(values)):]
		}
	}
}

// fitting is the smallest size that takes all n values, or the largest.
func fitting(n int) int {
	best := listSizes[0]
	for _, size := range listSizes {
		if size >= n {
			best = size
		}
	}
	return best
}

// rowSizes cuts rows into arguments of statements over several rows, which can't be
// filled up.
func (d *dialect) rowSizes(rows [][]any) iter.Seq[[]any] {
	sizes := tupleSizes
	if d.shared {
		sizes = manyTuples
	}
	return func(yield func([]any) bool) {
		for _, size := range sizes {
			for len(rows) >= size {
				args := make([]any, 0, size*len(rows[0]))
				for _, r := range rows[:size] {
					args = append(args, r...)
				}
				if !yield(args) {
					return
				}
				rows = rows[size:]
			}
		}
	}
}

// marks is "($1, $2, ...)": n placeholders from the first on.
func marks(first, n int) string {
	var b strings.Builder
	writeMarks(&b, first, n)
	return b.String()
}

// tuples is "($1, $2), ($3, $4), ...": n of that width.
func tuples(n, width int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		writeMarks(&b, 1+i*width, width)
	}
	return b.String()
}

func writeMarks(b *strings.Builder, first, n int) {
	for i := range n {
		b.WriteString([...]string{"($", ", $"}[min(i, 1)])
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
}
