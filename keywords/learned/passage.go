package learned

import (
	"math"

	"github.com/refrain-asr/refrain/keywords/sounds"
)

// Bound is what ends a run of characters.
type Bound uint8

// The bounds, from none to an end that asks.
const (
	None Bound = iota
	Clause
	Question
)

// Passage is what is weighed as one: an utterance or a segment, normalised.
type Passage struct {
	// Text has simplified characters, without punctuation and fillers.
	Text []rune
	// Before tells what stands before each character of Text; one more tells what
	// stands after all.
	Before []Bound
}

// group is a sort of features.
type group uint8

const (
	one      group = iota // characters
	two                   // pairs of them
	three                 // and so on, with the bounds between clauses as characters
	twoHeard              // pairs of syllables, those that are easily confused being the same
	threeHeard
	apart // pairs of characters with one to five between
	form  // length and ending
	groups
)

// The symbols beside characters: bounds, and syllables from syllable on.
const (
	begin    = 1
	clause   = 2
	question = 3
	end      = 4
	syllable = 1 << 24
	// farthest is how far apart two characters of a pair may stand, and near up to where
	// they count as near each other.
	farthest = 6
	near     = 3
)

// reader finds the features of passages. It keeps its memory from one to the next.
type reader struct {
	// symbols are the characters with bounds among them, sounds the same as syllables, at
	// the place in the passage of each.
	symbols, sounds []uint32
	at              []int32
}

// read prepares the features of p.
func (r *reader) read(p Passage) {
	r.symbols, r.sounds, r.at = r.symbols[:0], r.sounds[:0], r.at[:0]
	alike := sounds.Load().Alike
	r.add(begin, begin, 0)
	for i, c := range p.Text {
		if i > 0 && p.Before[i] != None {
			r.bound(p.Before[i], i)
		}
		sound := uint32(c)
		if c < 0x10000 && alike[c] != 0 {
			sound = syllable + uint32(alike[c])
		}
		r.add(uint32(c), sound, i)
	}
	last := max(0, len(p.Text)-1)
	if len(p.Before) > 0 && p.Before[len(p.Before)-1] == Question {
		r.bound(Question, last)
	}
	r.add(end, end, last)
}

func (r *reader) bound(b Bound, at int) {
	symbol := uint32(clause)
	if b == Question {
		symbol = question
	}
	r.add(symbol, symbol, at)
}

func (r *reader) add(symbol, sound uint32, at int) {
	r.symbols, r.sounds, r.at = append(r.symbols, symbol), append(r.sounds, sound), append(r.at, int32(at))
}

// Features are weighed the less the more of their group a passage has.
const groupScale = 4

// scales are the factors of the groups for p.
func (r *reader) scales(p Passage) (scale [groups]float32) {
	n, m := len(r.symbols), len(p.Text)
	pairs := 0
	for distance := 2; distance <= farthest; distance++ {
		pairs += max(0, m-distance)
	}
	for g, count := range [groups]int{one: n, two: n - 1, three: n - 2, twoHeard: n - 1, threeHeard: n - 2, apart: pairs} {
		scale[g] = groupScale / float32(math.Sqrt(float64(max(1, count))))
	}
	scale[form] = 1
	return scale
}

// hash numbers: odd, with bits all over.
const (
	mixer = 0x9E3779B97F4A7C15
	final = 0xD6E8FEB86659FD93
)

func start(g group) uint64 { return (uint64(g) + 1) * 0xA0761D6478BD642F }

func mix(h uint64, symbol uint32) uint64 {
	h = (h ^ uint64(symbol)) * mixer
	return h ^ h>>29
}

func finish(h uint64) uint64 {
	h *= final
	return h ^ h>>32
}

// each calls visit with every feature of p and the characters from..to (to inclusive)
// that it stands on.
func (r *reader) each(p Passage, visit func(g group, feature uint64, from, to int32)) {
	if len(p.Text) == 0 {
		return
	}
	for i, s := range r.symbols {
		h := mix(start(one), s)
		visit(one, finish(h), r.at[i], r.at[i])
		if i+1 == len(r.symbols) {
			break
		}
		h = mix(mix(start(two), s), r.symbols[i+1])
		visit(two, finish(h), r.at[i], r.at[i+1])
		heard := mix(mix(start(twoHeard), r.sounds[i]), r.sounds[i+1])
		visit(twoHeard, finish(heard), r.at[i], r.at[i+1])
		if i+2 < len(r.symbols) {
			visit(three, finish(mix(h^start(three), r.symbols[i+2])), r.at[i], r.at[i+2])
			visit(threeHeard, finish(mix(heard^start(three), r.sounds[i+2])), r.at[i], r.at[i+2])
		}
	}
	r.pairs(p, visit)
	r.forms(p, visit)
}

func (r *reader) pairs(p Passage, visit func(g group, feature uint64, from, to int32)) {
	for i, first := range p.Text {
		h := mix(start(apart), uint32(first))
		for k := i + 2; k < len(p.Text) && k <= i+farthest; k++ {
			second := uint32(p.Text[k])
			if k-i > near {
				second += syllable
			}
			visit(apart, finish(mix(h, second)), int32(i), int32(k))
		}
	}
}

// Lengths from longLength on count alike by steps of lengthStep.
const (
	longLength = 4
	lengthStep = 5
	mostBounds = 4
)

// forms are the length, the ending and how many clauses there are.
func (r *reader) forms(p Passage, visit func(g group, feature uint64, from, to int32)) {
	n := len(p.Text)
	length := n
	if n > longLength {
		length = longLength + 1 + n/lengthStep
	}
	bounds := 0
	for _, b := range p.Before[1:n] {
		if b != None {
			bounds++
		}
	}
	last := r.symbols[len(r.symbols)-2]
	for i, value := range [...]uint32{uint32(length), last, uint32(min(bounds, mostBounds))} {
		visit(form, finish(mix(mix(start(form), uint32(i)), value)), 0, int32(n-1))
	}
}
