package asr

import (
	"slices"
	"time"
	"unicode"
)

const (
	// seam is how far, at most, a phrase may reach into another call's piece: that is padding, in
	// which nobody speaks.
	seam = 300 * time.Millisecond
	// mostRate is how many characters are said in a second, at most. What has more holds words
	// of its neighbour's, or a loop.
	mostRate = 9
	// rateFrom is for how many characters that can be told, or that what was said was said before.
	rateFrom = 8
	// alike is how much of the longer of two texts the other has in the same order where one is the other again.
	alike = 0.7
	// sameLength is how much the lengths of pieces of the same announcement differ at most, in which
	// noise decides where they begin and end.
	sameLength = 250 * time.Millisecond
)

// doubtful are the pieces of a window shared by several calls of which it isn't certain what was
// said in them: those between which a phrase runs from call to call or lies in the silence, and those
// with more text than can be said in their time, with their neighbours, whose words it may be; those
// in which another call's words were heard again; and those at the end in which nothing was heard.
func (w packed) doubtful(phrases []Phrase, heard [][]Segment) (doubts batch) {
	if w.places[0].run == w.places[len(w.places)-1].run {
		return nil
	}
	doubt := make([]bool, len(w.places))
	for _, p := range phrases {
		w.doubtPhrase(p, doubt)
	}
	for i := range w.places {
		if w.places[i].crowded(heard[i]) {
			w.doubtAround(i, doubt)
		}
	}
	w.doubtRepeated(heard, doubt)
	doubtEnd(heard, doubt)
	for i, p := range w.places {
		if doubt[i] {
			doubts = append(doubts, p.piece)
		}
	}
	return doubts
}

// doubtRepeated doubts the pieces in which was heard what another call before them in the window had said: where Whisper
// understands nothing, such as an echo, it is apt to say once more what it said last. What takes as long in another call
// was said in both: it is an announcement, of which archives are full.
func (w packed) doubtRepeated(heard [][]Segment, doubt []bool) {
	for i, p := range w.places {
		before, said := false, false
		for k, q := range w.places {
			if q.run != p.run && repeats(heard[i], heard[k]) {
				before, said = before || k < i, said || p.asLongAs(q)
			}
		}
		if before && !said {
			doubt[i] = true
		}
	}
}

// asLongAs tells pieces of the same length.
func (at place) asLongAs(other place) bool {
	return ((at.end - at.at) - (other.end - other.at)).Abs() <= sameLength
}

// repeats tells that something of some length was heard in both.
func repeats(later, before []Segment) bool {
	for _, s := range later {
		a := characters(s.Text)
		for _, t := range before {
			b := characters(t.Text)
			longer := max(len(a), len(b))
			if min(len(a), len(b)) >= rateFrom && float64(inCommon(a, b)) >= alike*float64(longer) {
				return true
			}
		}
	}
	return false
}

// inCommon is how long the longest sequence is that both have, with others between.
func inCommon(a, b []rune) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		corner := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = corner + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			corner = above
		}
	}
	return row[len(b)]
}

// characters are a text's Chinese ones.
func characters(text string) (out []rune) {
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			out = append(out, r)
		}
	}
	return out
}

// doubtEnd doubts the pieces at a window's end in which nothing was heard, while something was
// before: Whisper sometimes stops in the midst of a window.
func doubtEnd(heard [][]Segment, doubt []bool) {
	end := len(heard)
	for end > 0 && len(heard[end-1]) == 0 {
		end--
	}
	for i := end; end > 0 && i < len(heard); i++ {
		doubt[i] = true
	}
}

// doubtPhrase doubts the pieces of all calls that a phrase may have been heard in, where that
// are several.
func (w packed) doubtPhrase(p Phrase, doubt []bool) {
	first, last := w.touched(p.Span)
	if first < 0 || w.places[first].run == w.places[last].run {
		return
	}
	for i := first; i <= last; i++ {
		doubt[i] = true
	}
}

// touched are the first and the last piece that a phrase is heard in, or between which it lies.
// Behind the last piece there is only silence, whose words are nobody's: then first is -1.
func (w packed) touched(s Span) (first, last int) {
	edge := min(seam, s.Duration()/2)
	first = slices.IndexFunc(w.places, func(p place) bool { return s.Start < p.end-edge })
	if first < 0 {
		return -1, -1
	}
	last = first
	for i, p := range w.places {
		if s.End > p.at+edge {
			last = i
		}
	}
	if last < first { // between the two
		first, last = last, first
	}
	return first, last
}

// doubtAround doubts a piece, and those of other calls beside it.
func (w packed) doubtAround(i int, doubt []bool) {
	doubt[i] = true
	for _, k := range []int{i - 1, i + 1} {
		if k >= 0 && k < len(w.places) && w.places[k].run != w.places[i].run {
			doubt[k] = true
		}
	}
}

// crowded tells that more was heard in a piece than can be said in its time.
func (at place) crowded(heard []Segment) bool {
	n := 0
	for _, s := range heard {
		n += len(characters(s.Text))
	}
	return n >= rateFrom && float64(n) > mostRate*(at.end-at.at).Seconds()
}
