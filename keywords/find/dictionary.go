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
	tree  *automaton // of the words
	words []float32  // what each costs, by its index, in bits
	bits  float64    // of the sum of all frequencies
}

// Words is the dictionary that all share: it is the largest thing in the memory of the
// packages under keywords. It fails only where the program was built wrongly.
var Words = sync.OnceValues(newDictionary)

func newDictionary() (*Dictionary, error) {
	d := &Dictionary{}
	var symbols symbols
	rows, frequencies, total := make([][]uint16, 0, words.Count), make([]float64, 0, words.Count),
		0.0
	err := words.Each(func(word string, frequency float64) error {
		rows, frequencies = append(rows, symbols.row(word)), append(frequencies, frequency)
		total += frequency
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(rows) != words.Count {
		return nil, fmt.Errorf("the dictionary has %d words instead of %d: the program was built "+
			"wrongly", len(rows), words.Count)
	}
	d.tree, d.bits = newTree(symbols.of, rows), math.Log2(total)
	for _, f := range frequencies {
		d.words = append(d.words, float32(d.costOf(f)))
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
	var characters [longestCost]rune
	runes := characters[:0]
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		i += size
		runes = append(runes, r)
	}
	return float64(d.costs(runes, space[:0], nil)[len(runes)])
}

// Whole widens the stretch of text from start to end to whole words of the cheapest way to
// cut text.
func (d *Dictionary) Whole(text []rune, start, end int) (from, to int) {
	begins := make([]int, len(text)+1)
	d.costs(text, nil, begins)
	from, to = 0, len(text)
	for at := len(text); at > 0; at = begins[at] {
		if at >= end {
			to = at
		}
		if begins[at] <= start {
			from = begins[at]
			break
		}
	}
	return from, to
}

// costs appends to list, which is empty, what text costs up to each of its characters. begins,
// where it is not nil, is told where the last word up to there begins.
func (d *Dictionary) costs(text []rune, list []float32, begins []int) []float32 {
	list = append(list, 0)
	for range text {
		list = append(list, -1)
	}
	for at := 0; at < len(text); {
		at += d.extend(text, at, list, begins)
	}
	return list
}

// extend notes how cheap text can be after each of the words that begin at a character of it,
// and returns after how many characters to go on.
func (d *Dictionary) extend(text []rune, at int, list []float32, begins []int) (step int) {
	improve := func(length int, cost float32) {
		if to := at + length; list[to] < 0 || list[at]+cost < list[to] {
			list[to] = list[at] + cost
			if begins != nil {
				begins[to] = at
			}
		}
	}
	if n := alphanumeric(text[at:]); n > 0 {
		improve(n, unknownCost)
		return n
	}
	state, single := int32(0), false
	for i, r := range text[at:] {
		s := d.tree.symbol(r)
		if s == 0 {
			break
		}
		if state = d.tree.step(state, s); state == 0 {
			break
		}
		if word := d.tree.word[state]; word >= 0 {
			improve(i+1, d.words[word])
			single = single || i == 0
		}
	}
	if !single {
		improve(1, unknownCost)
	}
	return 1
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
