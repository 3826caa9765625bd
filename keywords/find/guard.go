package find

import "github.com/refrain-asr/refrain/keywords/normal"

// What a phrase or a compound of the lexicon costs as one word, as if it were in the
// dictionary with such a frequency. A phrase is so rare that real words around it win
// (区别|打折 over 区|别打|折), and common enough not to be lost where nothing else
// speaks. A compound is there to win.
const (
	phraseFrequency   = 5
	compoundFrequency = 3000
)

// guardReach is how many characters on either side of a phrase the guard reads. Few
// words are longer than four, so what lies further off makes no difference.
const guardReach = 10

// LongestText is the length in characters of the longest wording of a pattern.
const LongestText = 40

// tie is the difference in bits below which two ways to cut are the same.
const tie = 0.01

// Guard decides whether a phrase that was found on characters stands between words.
// It compares what the text around costs with and without the phrase as a word.
type Guard struct {
	Words *Dictionary
	// Compounds are places of compounds, in order of their ends.
	Compounds []Place
}

// looseness is what the guard concedes to a pattern with gaps, in bits: it can't tell its
// pieces from what stands between them.
const looseness = 6

// Passes reports whether the place stands between words, and the compound that the
// text around reads better with. gaps says that its pattern has more than one piece. Places
// must come in order of their ends, so that all together cost one walk through the
// compounds.
func (g *Guard) Passes(t *normal.Text, p Place, gaps bool) (compound string, between bool) {
	if !splitsWord(t, p.Start) || !splitsWord(t, p.End) {
		return "", false
	}
	if goesOnAs(t, p.End, '们') { // 投诉你|们: more of the same people
		p.End++
	}
	left, _ := t.Left(p.Start, guardReach)
	right, _ := t.Right(p.End, guardReach)
	if left == p.Start && right == p.End {
		return "", true
	}
	with := g.Words.Cost(t.Bytes(left, p.Start)) + g.phrase(t, p) +
		g.Words.Cost(t.Bytes(p.End, right))
	least := g.Words.Cost(t.Bytes(left, right)) + tie
	if gaps {
		least += looseness
	}
	if compound = g.inCompound(t, p, left, right, min(with, least)); compound != "" {
		return compound, true
	}
	return "", with <= least
}

func (g *Guard) phrase(t *normal.Text, p Place) float64 {
	return min(g.Words.Cost(t.Bytes(p.Start, p.End)), g.Words.costOf(phraseFrequency))
}

// inCompound returns the compound that overlaps the phrase, reaches beyond it, and
// makes the text read better than with.
func (g *Guard) inCompound(t *normal.Text, p Place, left, right int, with float64) string {
	for len(g.Compounds) > 0 && g.Compounds[0].End <= p.End-LongestText {
		g.Compounds = g.Compounds[1:]
	}
	for _, c := range g.Compounds {
		if c.End > right {
			break
		}
		overlaps, within := c.Start < p.End && p.Start < c.End, c.Start >= p.Start && c.End <= p.End
		if !overlaps || within || c.Start < left {
			continue
		}
		as := g.Words.Cost(t.Bytes(left, c.Start)) + g.Words.costOf(compoundFrequency) +
			g.Words.Cost(t.Bytes(c.End, right))
		if as < with {
			return t.Slice(c.Start, c.End)
		}
	}
	return ""
}

// goesOnAs reports whether r follows at i without a pause.
func goesOnAs(t *normal.Text, i int, r rune) bool {
	return i < len(t.Runes) && t.Before[i] == normal.Joined && t.Runes[i] == r
}

// splitsWord reports whether the place before the character i may be a word's edge:
// not within a word or number in Latin letters.
func splitsWord(t *normal.Text, i int) bool {
	return t.Before[i] != normal.Joined || !isLatin(t.Runes[i-1]) || !isLatin(t.Runes[i])
}

func isLatin(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0xc0 && r < 0x250
}
