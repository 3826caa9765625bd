package normal

import "strings"

// Slice is the normalised text of the characters from start to end.
func (t *Text) Slice(start, end int) string { return string(t.Bytes(start, end)) }

// Bytes is Slice without a copy: valid until the next change of t.
func (t *Text) Bytes(start, end int) []byte { return t.text[t.at[start]:t.at[end]] }

// Origin is the range of characters (runes) in the original text, to exclusive, that those
// from start to end came from. The range must not be empty.
func (t *Text) Origin(start, end int) (from, to int) { return int(t.from[start]), int(t.to[end-1]) }

// Show is the characters from start to end with the gaps between them, for people.
func (t *Text) Show(start, end int) string {
	var out strings.Builder
	for i := start; i < end; i++ {
		if i > start {
			out.WriteString(t.Before[i].mark())
		}
		out.WriteRune(t.Runes[i])
	}
	return out.String()
}

// Strongest is the strongest of the gaps before the characters first to last, both
// inclusive; Joined where there are none.
func (t *Text) Strongest(first, last int) Gap {
	strongest := Joined
	for i := first; i <= last; i++ {
		strongest = max(strongest, t.Before[i])
	}
	return strongest
}

// Parted reports whether a Comma or more stands before one of the characters first to
// last, both inclusive.
func (t *Text) Parted(first, last int) bool {
	for i := first; i <= last; i++ {
		if t.Before[i] >= Comma {
			return true
		}
	}
	return false
}

// Left returns the first of at most reach characters before at that no gap separates from
// it, and whether a gap stands before that one.
func (t *Text) Left(at, reach int) (start int, complete bool) {
	for start = at; t.Before[start] == Joined; start-- {
		if at-start == reach {
			return start, false
		}
	}
	return start, true
}

// Right is Left for what follows the character before at.
func (t *Text) Right(at, reach int) (end int, complete bool) {
	for end = at; t.Before[end] == Joined; end++ {
		if end-at == reach {
			return end, false
		}
	}
	return end, true
}
