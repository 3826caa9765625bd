package keywords

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

// longestText is the length in characters of the longest text a lexicon may have.
const longestText = 40

// tie is the difference in bits below which two ways to cut are the same.
const tie = 0.01

// guard decides whether a phrase that was found on characters stands between words.
// It compares what the text around costs with and without the phrase as a word.
type guard struct {
	words *dictionary
	// compounds are places of compounds, in order of their ends.
	compounds []place
}

// looseness is what the guard concedes to a pattern with gaps, in bits: it can't tell its
// pieces from what stands between them.
const looseness = 6

// passes reports whether the place stands between words, and the compound that the
// text around reads better with. Places must come in order of their ends, so that all
// together cost one walk through the compounds.
func (g *guard) passes(n *normal, p place, gaps bool) (compound string, between bool) {
	if !n.splitsWord(p.start) || !n.splitsWord(p.end) {
		return "", false
	}
	if n.goesOnAs(p.end, '们') { // 投诉你|们: more of the same people
		p.end++
	}
	left, right := n.window(p)
	if left == p.start && right == p.end {
		return "", true
	}
	with := g.words.cost(n.bytes(left, p.start)) + g.phrase(n, p) + g.words.cost(n.bytes(p.end, right))
	least := g.words.cost(n.bytes(left, right)) + tie
	if gaps {
		least += looseness
	}
	if compound = g.inCompound(n, p, left, right, min(with, least)); compound != "" {
		return compound, true
	}
	return "", with <= least
}

func (g *guard) phrase(n *normal, p place) float64 {
	return min(g.words.cost(n.bytes(p.start, p.end)), g.words.costOf(phraseFrequency))
}

// inCompound returns the compound that overlaps the phrase, reaches beyond it, and
// makes the text read better than with.
func (g *guard) inCompound(n *normal, p place, left, right int, with float64) string {
	for len(g.compounds) > 0 && g.compounds[0].end <= p.end-longestText {
		g.compounds = g.compounds[1:]
	}
	for _, c := range g.compounds {
		if c.end > right {
			break
		}
		overlaps, within := c.start < p.end && p.start < c.end, c.start >= p.start && c.end <= p.end
		if !overlaps || within || c.start < left {
			continue
		}
		as := g.words.cost(n.bytes(left, c.start)) + g.words.costOf(compoundFrequency) + g.words.cost(n.bytes(c.end, right))
		if as < with {
			return n.slice(c.start, c.end)
		}
	}
	return ""
}

// window is the text around the place that the guard reads: not beyond a pause.
func (n *normal) window(p place) (left, right int) {
	for left = p.start; left > p.start-guardReach && n.before[left] == joined; left-- {
	}
	for right = p.end; right < p.end+guardReach && n.before[right] == joined; right++ {
	}
	return left, right
}

// goesOnAs reports whether r follows at i without a pause.
func (n *normal) goesOnAs(i int, r rune) bool {
	return i < len(n.runes) && n.before[i] == joined && n.runes[i] == r
}

// splitsWord reports whether the place before the character i may be a word's edge:
// not within a word or number in Latin letters.
func (n *normal) splitsWord(i int) bool {
	return n.before[i] != joined || !isLatin(n.runes[i-1]) || !isLatin(n.runes[i])
}

func isLatin(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0xc0 && r < 0x250
}
