package training

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords/normal"
	"github.com/refrain-asr/refrain/keywords/sounds"
)

// ears mishear as recognisers do on the telephone: by syllables, as often and in the same ways
// as in the pairs that they were made from.
type ears struct {
	table      sounds.Table
	characters [][]rune            // of each syllable, those that ordinary talk has
	usual      [][]float64         // how usual they are, summed up
	becomes    [][]chance          // what each syllable is heard as
	pairs      map[string][]string // what was heard of an utterance
	other      float64             // chance that another character of the same sound is written
}

// chance is a syllable and the sum of the probabilities up to it. lost stands for none.
type chance struct {
	syllable uint16
	sum      float64
}

const (
	lost = 0
	// trust is how many pairs of a syllable count as much as what its beginning and its ending
	// alone say of it.
	trust = 8
	// rarest is what is still imitated.
	rarest = 0.002
)

// newEars learns from pairs, and how usual characters are from texts.
func newEars(pairs []Heard, texts []string) *ears {
	e := &ears{table: sounds.Load(), pairs: map[string][]string{}}
	e.countCharacters(texts)
	n := newConfusions(e.table.Syllables)
	same, other := 0, 0
	for _, p := range pairs {
		if p.Heard != "" {
			e.pairs[p.Text] = append(e.pairs[p.Text], p.Heard)
		}
		for _, m := range n.align(e.syllables(p.Text), e.syllables(p.Heard)) {
			n.add(m)
			if m.said.syllable == m.heard.syllable {
				same++
				if m.said.character != m.heard.character {
					other++
				}
			}
		}
	}
	e.other = float64(other) / float64(max(1, same))
	e.becomes = n.chances()
	return e
}

// trained reports whether there were pairs to learn from.
func (e *ears) trained() bool { return len(e.pairs) > 0 }

func (e *ears) countCharacters(texts []string) {
	counts := map[rune]int{}
	for _, text := range texts {
		for _, r := range text {
			counts[r]++
		}
	}
	e.characters = make([][]rune, len(e.table.Syllables))
	e.usual = make([][]float64, len(e.table.Syllables))
	for r, s := range e.table.Exact {
		if s != 0 && counts[rune(r)] > 0 {
			e.characters[s] = append(e.characters[s], rune(r))
			e.usual[s] = append(e.usual[s], float64(counts[rune(r)])+sumOf(e.usual[s]))
		}
	}
}

func sumOf(sums []float64) float64 {
	if len(sums) == 0 {
		return 0
	}
	return sums[len(sums)-1]
}

// spokenRune is a character and its syllable.
type spokenRune struct {
	character rune
	syllable  uint16
}

func (e *ears) syllables(text string) []spokenRune {
	var list []spokenRune
	for _, r := range normal.Simplified(text) {
		if s := e.syllable(r); s != 0 {
			list = append(list, spokenRune{r, s})
		}
	}
	return list
}

func (e *ears) syllable(r rune) uint16 {
	if r < 0 || int(r) >= len(e.table.Exact) {
		return 0
	}
	return e.table.Exact[r]
}

// mishear gives text as it might be heard.
func (e *ears) mishear(random *rand.Rand, text string) string {
	var heard strings.Builder
	for _, r := range text {
		s := e.syllable(r)
		if s == 0 || len(e.becomes[s]) == 0 {
			heard.WriteRune(r)
			continue
		}
		h := e.draw(random, e.becomes[s])
		switch {
		case h == lost:
		case h == s && random.Float64() >= e.other, len(e.characters[h]) == 0:
			heard.WriteRune(r)
		default:
			heard.WriteRune(e.write(random, h))
		}
	}
	return heard.String()
}

func (e *ears) draw(random *rand.Rand, chances []chance) uint16 {
	x := random.Float64() * chances[len(chances)-1].sum
	i, _ := slices.BinarySearchFunc(chances, x, func(c chance, x float64) int {
		if c.sum <= x {
			return -1
		}
		return 1
	})
	return chances[min(i, len(chances)-1)].syllable
}

// write draws a character of the syllable.
func (e *ears) write(random *rand.Rand, s uint16) rune {
	x := random.Float64() * sumOf(e.usual[s])
	i, _ := slices.BinarySearch(e.usual[s], x)
	return e.characters[s][min(i, len(e.characters[s])-1)]
}
