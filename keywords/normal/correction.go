package normal

import "slices"

// Correction is a word that the text may have meant where another stands, of as many
// characters.
type Correction struct {
	Start int // character
	Word  []rune
}

// corrections are what was changed after reading.
type corrections struct {
	heard   []bool // by character whether it was changed; empty if none was
	written []rune // what stood there
}

func (c *corrections) clear() { c.heard, c.written = c.heard[:0], c.written[:0] }

// Correct puts in the words of list, in its order, each where no other was put yet.
func (t *Text) Correct(list []Correction) {
	if len(t.heard) == 0 {
		t.written = append(t.written, t.Runes...)
		t.heard = append(t.heard, make([]bool, len(t.Runes))...)
	}
	for _, c := range list {
		if slices.Contains(t.heard[c.Start:c.Start+len(c.Word)], true) {
			continue
		}
		for i, r := range c.Word {
			at := c.Start + i
			t.heard[at] = t.Runes[at] != r
			t.Runes[at] = r
		}
	}
	t.encode()
}

// Corrected reports whether one of the characters from start to end was put in by Correct.
func (t *Text) Corrected(start, end int) bool {
	return len(t.heard) > 0 && slices.Contains(t.heard[start:end], true)
}

// Corrections calls yield with each stretch that Correct changed, with a character on
// either side: as it was written and as it reads now.
func (t *Text) Corrections(yield func(written, read string) bool) {
	for i := 0; i < len(t.heard); i++ {
		if !t.heard[i] {
			continue
		}
		start := i
		for i < len(t.heard) && t.heard[i] {
			i++
		}
		from, to := max(0, start-1), min(len(t.written), i+1)
		if !yield(string(t.written[from:to]), t.Slice(from, to)) {
			return
		}
	}
}
