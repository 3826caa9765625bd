package find

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/normal"
	"github.com/refrain-asr/refrain/keywords/sounds"
)

// Misheard knows what a lexicon's words sound like. Where the text sounds like one of
// them, but reads as nonsense, it puts the word there: as many characters for as many,
// so that every place in the text stays what it was. It is safe for concurrent use, each
// with a Memory of its own.
type Misheard struct {
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

// ShortestSound is from how many characters on a word is long enough to be known by its
// sound without being listed; longestSound bounds those that are looked for at all.
const (
	ShortestSound = 3
	longestSound  = 8
)

// contextReach is how many characters beside a word are read to see what makes sense.
const contextReach = 4

// NewMisheard knows the words by their sound; it is stricter with those that are false.
// cost tells in bits how unusual a text is, as Dictionary.Cost does.
func NewMisheard(words map[string]bool, cost func([]byte) float64) *Misheard {
	m := &Misheard{table: sounds.Load(), cost: cost}
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

func (m *Misheard) row(word string) (row []uint16, ok bool) {
	for _, r := range word {
		if r >= 0x10000 || m.table.Alike[r] == 0 {
			return nil, false
		}
		row = append(row, m.table.Alike[r])
	}
	return row, len(row) <= longestSound
}

// correction is a word that the text may have meant, and by how many bits it then reads
// better.
type correction struct {
	normal.Correction
	gain float64
}

// Correct puts into t what was misheard.
func (m *Misheard) Correct(t *normal.Text, memory *Memory) {
	memory.found = m.find(t.Runes, memory.found[:0])
	var list []correction
	for _, f := range memory.found {
		if c, ok := m.judge(t, f); ok {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, func(a, b correction) int {
		return cmp.Or(cmp.Compare(len(b.Word), len(a.Word)), cmp.Compare(b.gain, a.gain),
			cmp.Compare(a.Start, b.Start))
	})
	words := make([]normal.Correction, len(list))
	for i, c := range list {
		words[i] = c.Correction
	}
	t.Correct(words)
}

// judge decides whether the word that f sounds like was meant.
func (m *Misheard) judge(t *normal.Text, f found) (c correction, ok bool) {
	word, start, end := m.words[f.word], int(f.start), int(f.end)
	wrong, alike := m.differences(t.Runes[start:end], word)
	if wrong == 0 || t.Strongest(start+1, end-1) != normal.Joined {
		return c, false
	}
	need := gainLong
	switch {
	case len(word) < ShortestSound:
		need = gainShort
	case m.listed[f.word]:
		need = gainListed
	}
	gain := m.gain(t, word, start, end)
	return correction{normal.Correction{Start: start, Word: word}, gain}, gain >= need+
		gainAlike*float64(alike)
}

// differences counts the characters of written that are not those of word, and those that
// only sound alike, not the same.
func (m *Misheard) differences(written, word []rune) (wrong, alike int) {
	for i, r := range word {
		if written[i] != r {
			wrong++
		}
		if m.table.Exact[written[i]] != m.table.Exact[r] {
			alike++
		}
	}
	return wrong, alike
}

// gain is by how many bits the text around reads better with word.
func (m *Misheard) gain(t *normal.Text, word []rune, start, end int) float64 {
	left, _ := t.Left(start, contextReach)
	right, _ := t.Right(end, contextReach)
	if left == right {
		return math.Inf(-1)
	}
	with := append([]byte{}, t.Bytes(left, start)...)
	for _, r := range word {
		with = utf8.AppendRune(with, r)
	}
	with = append(with, t.Bytes(end, right)...)
	return m.cost(t.Bytes(left, right)) - m.cost(with)
}
