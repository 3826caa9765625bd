package learned

import (
	"math"

	"github.com/refrain-asr/refrain/keywords/sounds"
)

// Bound is what ends a run of characters.
type Bound uint8

// The bounds, from none to an end that asks. Pause parts Latin words and nothing else.
const (
	None Bound = iota
	Pause
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

// The symbols beside characters: bounds, syllables from syllable on, and Latin words, which are
// one symbol each, from latin on.
const (
	begin    = 1
	clause   = 2
	question = 3
	end      = 4
	syllable = 1 << 24
	latin    = 1 << 25
	// farthest is how far apart two characters of a pair may stand, and near up to where
	// they count as near each other.
	farthest = 6
	near     = 3
)

// token is a symbol and the characters from..to (to inclusive) that it stands on; its sound
// is another symbol, the same for what is easily confused.
type token struct {
	symbol, sound uint32
	from, to      int32
}

// reader finds the features of passages. It keeps its memory from one to the next.
type reader struct {
	// tokens are those of the text with the bounds among them, spoken without.
	tokens, spoken []token
}

// read prepares the features of p.
func (r *reader) read(p Passage) {
	r.tokens, r.spoken = append(r.tokens[:0], token{begin, begin, 0, 0}), r.spoken[:0]
	alike := sounds.Load().Alike
	for i := 0; i < len(p.Text); {
		if i > 0 && p.Before[i] >= Clause {
			r.bound(p.Before[i], i)
		}
		t := next(p, i, alike)
		r.tokens, r.spoken = append(r.tokens, t), append(r.spoken, t)
		i = int(t.to) + 1
	}
	last := max(0, len(p.Text)-1)
	if len(p.Before) > 0 && p.Before[len(p.Before)-1] == Question {
		r.bound(Question, last)
	}
	r.tokens = append(r.tokens, token{end, end, int32(last), int32(last)})
}

// next is the token of p that begins at i.
func next(p Passage, i int, alike []uint16) token {
	c := p.Text[i]
	t := token{uint32(c), uint32(c), int32(i), int32(i)}
	if c < 0x10000 && alike[c] != 0 {
		t.sound = syllable + uint32(alike[c])
	}
	if !isLatin(c) {
		return t
	}
	hash, last := mix(latin, uint32(c)), i
	for last+1 < len(p.Text) && p.Before[last+1] == None && isLatin(p.Text[last+1]) {
		last++
		hash = mix(hash, uint32(p.Text[last]))
	}
	t.symbol = latin | uint32(finish(hash)&(syllable-1))
	t.sound, t.to = t.symbol, int32(last)
	return t
}

func isLatin(c rune) bool { return c >= 'a' && c <= 'z' || c >= 0xc0 && c < 0x250 }

func (r *reader) bound(b Bound, at int) {
	symbol := uint32(clause)
	if b == Question {
		symbol = question
	}
	r.tokens = append(r.tokens, token{symbol, symbol, int32(at), int32(at)})
}

// Features are weighed the less the more of their group a passage has.
const groupScale = 4

// scales are the factors of the groups for what was read.
func (r *reader) scales() (scale [groups]float32) {
	n, m := len(r.tokens), len(r.spoken)
	pairs := 0
	for distance := 2; distance <= farthest; distance++ {
		pairs += max(0, m-distance)
	}
	for g, count := range [groups]int{one: n, two: n - 1, three: n - 2, twoHeard: n - 1,
		threeHeard: n - 2, apart: pairs} {
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
	for i, t := range r.tokens {
		h := mix(start(one), t.symbol)
		visit(one, finish(h), t.from, t.to)
		if i+1 == len(r.tokens) {
			break
		}
		next := r.tokens[i+1]
		h = mix(mix(start(two), t.symbol), next.symbol)
		visit(two, finish(h), t.from, next.to)
		heard := mix(mix(start(twoHeard), t.sound), next.sound)
		visit(twoHeard, finish(heard), t.from, next.to)
		if i+2 < len(r.tokens) {
			last := r.tokens[i+2]
			visit(three, finish(mix(h^start(three), last.symbol)), t.from, last.to)
			visit(threeHeard, finish(mix(heard^start(three), last.sound)), t.from, last.to)
		}
	}
	r.pairs(visit)
	r.forms(p, visit)
}

func (r *reader) pairs(visit func(g group, feature uint64, from, to int32)) {
	for i, first := range r.spoken {
		h := mix(start(apart), first.symbol)
		for k := i + 2; k < len(r.spoken) && k <= i+farthest; k++ {
			second := r.spoken[k].symbol
			if k-i > near {
				second += syllable
			}
			visit(apart, finish(mix(h, second)), first.from, r.spoken[k].to)
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
	n := len(r.spoken)
	length := n
	if n > longLength {
		length = longLength + 1 + n/lengthStep
	}
	bounds := 0
	for _, b := range p.Before[1:len(p.Text)] {
		if b >= Clause {
			bounds++
		}
	}
	last := r.tokens[len(r.tokens)-2].symbol
	for i, value := range [...]uint32{uint32(length), last, uint32(min(bounds, mostBounds))} {
		visit(form, finish(mix(mix(start(form), uint32(i)), value)), 0, int32(len(p.Text)-1))
	}
}
