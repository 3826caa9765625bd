package keywords

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/sounds"
)

// misheard knows what the lexicon's words sound like. Where the text sounds like one of
// them, but reads as nonsense, it puts the word there: as many characters for as many,
// so that every place in the text stays what it was.
type misheard struct {
	*automaton
	words  [][]rune
	listed []bool
	table  sounds.Table
	cost   func(text []byte) float64
}

// How much better, in bits, a text must read with the word than as it was written: with
// one of two characters, one of more, and one of the lexicon's own list of sounds, which
// was chosen so that little else sounds like it. Every syllable that is only alike, not
// the same, asks for more.
const (
	gainShort  = 6.0
	gainLong   = 3.0
	gainListed = -4.0
	gainAlike  = 3.0
)

// shortestSound and longestSound bound the words that are looked for by sound.
const (
	shortestSound = 3
	longestSound  = 8
)

// contextReach is how many characters beside a word are read to see what makes sense.
const contextReach = 4

// newMisheard knows the words by their sound; it is stricter with those that are false.
func newMisheard(words map[string]bool, cost func([]byte) float64) *misheard {
	m := &misheard{table: sounds.Load(), cost: cost}
	var rows [][]uint16
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if row, ok := m.row(word); ok {
			m.words, m.listed = append(m.words, []rune(word)), append(m.listed, words[word])
			rows = append(rows, row)
		}
	}
	m.automaton = newAutomaton(m.table.Alike, rows)
	return m
}

func (m *misheard) row(word string) (row []uint16, ok bool) {
	for _, r := range word {
		if r >= 0x10000 || m.table.Alike[r] == 0 {
			return nil, false
		}
		row = append(row, m.table.Alike[r])
	}
	return row, len(row) <= longestSound
}

// correction is a word that the text may have meant.
type correction struct {
	found
	word []rune
	gain float64
}

// correct puts in what was misheard and marks it in n.
func (m *misheard) correct(r *reading) {
	n := &r.normal
	r.found = m.find(n.runes, r.found[:0])
	var list []correction
	for _, f := range r.found {
		if c, ok := m.judge(n, f); ok {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, func(a, b correction) int {
		return cmp.Or(cmp.Compare(len(b.word), len(a.word)), cmp.Compare(b.gain, a.gain), cmp.Compare(a.start, b.start))
	})
	for len(n.heard) < len(n.runes) {
		n.heard = append(n.heard, false)
	}
	for _, c := range list {
		n.put(c)
	}
	n.text, n.at = n.text[:0], n.at[:0]
	n.encode()
}

// put writes the word of c, where no other was written yet.
func (n *normal) put(c correction) {
	if slices.Contains(n.heard[c.start:c.end], true) {
		return
	}
	for i, r := range c.word {
		at := int(c.start) + i
		n.heard[at] = n.heard[at] || n.runes[at] != r
		n.runes[at] = r
	}
}

// judge decides whether the word that f sounds like was meant.
func (m *misheard) judge(n *normal, f found) (c correction, ok bool) {
	word, start, end := m.words[f.word], int(f.start), int(f.end)
	wrong, alike := 0, 0
	for i, r := range word {
		written := n.runes[start+i]
		if written != r {
			wrong++
		}
		if m.table.Exact[written] != m.table.Exact[r] {
			alike++
		}
		if i > 0 && n.before[start+i] != joined {
			return c, false
		}
	}
	if wrong == 0 {
		return c, false
	}
	need := gainLong
	switch {
	case len(word) < shortestSound:
		need = gainShort
	case m.listed[f.word]:
		need = gainListed
	}
	gain := m.gain(n, word, start, end)
	return correction{f, word, gain}, gain >= need+gainAlike*float64(alike)
}

// gain is by how many bits the text around reads better with word.
func (m *misheard) gain(n *normal, word []rune, start, end int) float64 {
	left, right := start, end
	for left > start-contextReach && n.before[left] == joined {
		left--
	}
	for right < end+contextReach && n.before[right] == joined {
		right++
	}
	if left == right {
		return math.Inf(-1)
	}
	with := append([]byte{}, n.bytes(left, start)...)
	for _, r := range word {
		with = utf8.AppendRune(with, r)
	}
	with = append(with, n.bytes(end, right)...)
	return m.cost(n.bytes(left, right)) - m.cost(with)
}
