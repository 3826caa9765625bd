package find

import (
	"fmt"
	"math"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/words"
)

// Dictionary tells how usual a text is as a row of words. It doesn't change and is safe for
// concurrent use.
type Dictionary struct {
	automaton *automaton // a tree of the words; how they go on elsewhere is not used
	costs     []float32  // of the words, by their index, in bits
	bits      float64    // of the sum of all frequencies
}

// Words is the dictionary that all share: it is the largest thing in the memory of the
// packages under keywords. It fails only where the program was built wrongly.
var Words = sync.OnceValues(newDictionary)

func newDictionary() (*Dictionary, error) {
	d := &Dictionary{}
	var symbols symbols
	rows, frequencies, total := make([][]uint16, 0, words.Count), make([]float64, 0, words.Count), 0.0
	err := words.Each(func(word string, frequency float64) error {
		rows, frequencies = append(rows, symbols.row(word)), append(frequencies, frequency)
		total += frequency
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(rows) != words.Count {
		return nil, fmt.Errorf("the dictionary has %d words instead of %d: the program was built wrongly", len(rows), words.Count)
	}
	d.automaton, d.bits = newTree(symbols.of, rows), math.Log2(total)
	for _, f := range frequencies {
		d.costs = append(d.costs, float32(d.costOf(f)))
	}
	return d, nil
}

// unknownCost is that of a character that is no word, or of a run of Latin letters and
// figures.
const unknownCost = 32

// longestCost is up to how many characters a text is that needs no memory of its own.
const longestCost = 64

// Cost is that of the cheapest way to cut text, which is normalised, into words, in bits: the
// logarithm of how much rarer the words are than all words together.
func (d *Dictionary) Cost(text []byte) float64 {
	var space [longestCost + 1]float32
	least := space[:1]
	var characters [longestCost]rune
	runes := characters[:0]
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		i += size
		runes = append(runes, r)
	}
	for range runes {
		least = append(least, -1)
	}
	for at := 0; at < len(runes); {
		at += d.extend(runes[at:], least[at:])
	}
	return float64(least[len(runes)])
}

// extend notes how cheap text can be after each of the words that it begins with, given
// what it costs before them, and returns after how many characters to go on.
func (d *Dictionary) extend(text []rune, least []float32) (step int) {
	a, before := d.automaton, least[0]
	if n := alphanumeric(text); n > 0 {
		improve(&least[n], before+unknownCost)
		return n
	}
	state, single := int32(0), false
	for i, r := range text {
		s := a.symbol(r)
		if s == 0 {
			break
		}
		if state = a.step(state, s); state == 0 {
			break
		}
		if word := a.word[state]; word >= 0 {
			improve(&least[i+1], before+d.costs[word])
			single = single || i == 0
		}
	}
	if !single {
		improve(&least[1], before+unknownCost)
	}
	return 1
}

func improve(least *float32, cost float32) {
	if *least < 0 || cost < *least {
		*least = cost
	}
}

// alphanumeric is how many letters and figures up to the Greek and Cyrillic ones text begins
// with.
func alphanumeric(text []rune) int {
	for i, r := range text {
		if r >= 0x800 || !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return i
		}
	}
	return len(text)
}

// costOf is the cost of a word of the frequency.
func (d *Dictionary) costOf(frequency float64) float64 { return d.bits - math.Log2(frequency) }
