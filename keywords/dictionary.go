package keywords

import (
	"fmt"
	"math"
	"sync"

	"github.com/go-ego/gse"

	"github.com/refrain-asr/refrain/keywords/words"
)

// dictionary tells how usual a text is as a row of words. All judges share one: it is
// the largest thing in the memory of this package.
type dictionary struct {
	segmenter gse.Segmenter
	bits      float64 // of the sum of all frequencies
}

var loadDictionary = sync.OnceValues(newDictionary)

func newDictionary() (*dictionary, error) {
	d := &dictionary{segmenter: gse.Segmenter{Dict: gse.NewDict(), Load: true, NotLoadHMM: true, SkipLog: true}}
	d.segmenter.Dict.Tokens = make([]gse.Token, 0, words.Count)
	err := words.Each(func(word string, frequency float64) error {
		return d.segmenter.AddToken(word, frequency)
	})
	if err != nil {
		return nil, err
	}
	if n := d.segmenter.Dict.NumTokens(); n != words.Count { // gse says nothing about words it drops
		return nil, fmt.Errorf("the dictionary has %d words instead of %d: the program was built wrongly", n, words.Count)
	}
	d.segmenter.CalcToken()
	d.bits = math.Log2(d.segmenter.Dict.TotalFreq())
	return d, nil
}

// unknownCost is gse's for a character that is no word.
const unknownCost = 32

// cost is that of the cheapest way to cut text into words, in bits: the logarithm of
// how much rarer the words are than all words together.
func (d *dictionary) cost(text []byte) float64 {
	total := 0.0
	for _, word := range d.segmenter.Segment(text) {
		if token := word.Token(); token.Pos() == "x" {
			total += unknownCost
		} else {
			total += d.costOf(token.Freq())
		}
	}
	return total
}

// costOf is the cost of a word of the frequency.
func (d *dictionary) costOf(frequency float64) float64 { return d.bits - math.Log2(frequency) }
