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
	// rateFrom is for how many characters that can be told.
	rateFrom = 8
)

// doubtful are the pieces of a window shared by several calls of which it isn't certain what was
// said in them: those between which a phrase runs from call to call or lies in the silence, and those
// with more text than can be said in their time, with their neighbours, whose words it may be; and
// those at the end in which nothing was heard.
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
	doubtEnd(heard, doubt)
	for i, p := range w.places {
		if doubt[i] {
			doubts = append(doubts, p.piece)
		}
	}
	return doubts
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
		for _, r := range s.Text {
			if unicode.Is(unicode.Han, r) {
				n++
			}
		}
	}
	return n >= rateFrom && float64(n) > mostRate*(at.end-at.at).Seconds()
}
