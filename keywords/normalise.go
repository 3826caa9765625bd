package keywords

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normal is a text made comparable: NFKC, simplified characters, lower case, without
// white space, punctuation and fillers. It knows for each character which characters
// of the original it came from, and what stood before it.
type normal struct {
	runes []rune
	// from and to are the range of original characters (runes, to exclusive) that
	// each of runes came from. An invalid byte counts as one character.
	from, to []int32
	// before[i] is the gap before runes[i]; the last one is the gap after all.
	before []gap
	// text is runes in UTF-8, at the offset of each of them in it and the length.
	text []byte
	at   []int32
	// heard marks the characters that a misheard word was corrected to; empty if none was.
	heard []bool
}

// fullWidth is how far a full-width character lies from its ASCII form.
const fullWidth = '！' - '!'

// read makes n the normal form of text. It keeps n's memory.
func (n *normal) read(text string) {
	n.compose(text)
	n.dropFillers()
	n.encode()
}

// readWord is read for a text of the lexicon, in which 这个 is a word and no filler.
func (n *normal) readWord(text string) {
	n.compose(text)
	n.encode()
}

func (n *normal) compose(text string) {
	n.clear()
	origin := int32(0)
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case r < utf8.RuneSelf && (i+1 >= len(text) || text[i+1] < 0xcc):
			n.add(lower(r), origin, origin+1)
		case isHan(r):
			n.add(r, origin, origin+1)
		case r == '…' || r == '—':
			n.separate(comma)
		case r >= '！' && r <= '～' && !unicode.IsLetter(r):
			n.add(r-fullWidth, origin, origin+1)
		case r == utf8.RuneError && size == 1:
			n.add(utf8.RuneError, origin, origin+1)
		default:
			size = composed(text[i:], size)
			origin += n.addComposed(text[i:i+size], origin)
			i += size
			continue
		}
		i += size
		origin++
	}
	n.finish()
}

// composed returns the length of the first run of text that NFKC may join, and at
// least first; it ends before an invalid byte.
func composed(text string, first int) int {
	end := norm.NFKC.NextBoundaryInString(text, true)
	for i := first; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return max(first, end)
}

// addComposed adds the NFKC form of a run and returns how many original characters
// it had: all that comes of it came from all of it.
func (n *normal) addComposed(run string, origin int32) int32 {
	length := int32(utf8.RuneCountInString(run))
	for _, r := range norm.NFKC.String(run) {
		n.add(lower(r), origin, origin+length)
	}
	return length
}

func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}

func (n *normal) add(r rune, from, to int32) {
	switch what := roleOf(r); what {
	case kept:
		n.runes = append(n.runes, r)
		n.from = append(n.from, from)
		n.to = append(n.to, to)
		n.before = append(n.before, joined)
	case dropped:
	default:
		n.separate(what.gap())
	}
}

// separate notes a gap after what was added last.
func (n *normal) separate(g gap) {
	last := len(n.before) - 1
	n.before[last] = n.before[last].and(g)
}

func (n *normal) clear() {
	n.runes, n.from, n.to = n.runes[:0], n.from[:0], n.to[:0]
	n.before = append(n.before[:0], joined)
	n.text, n.at, n.heard = n.text[:0], n.at[:0], n.heard[:0]
}

func (n *normal) finish() {
	t2s().simplify(n.runes)
	n.before[0] = max(n.before[0], stop)
	last := len(n.before) - 1
	n.before[last] = max(n.before[last], stop)
	n.joinSpelled()
}

// joinSpelled closes the pauses of text in which each character stands alone
// (不 需 要): there they mark nothing.
func (n *normal) joinSpelled() {
	open := true // a gap stands before the character before i
	for i := 1; i < len(n.runes); i++ {
		wasOpen := open
		open = n.before[i] != joined
		if n.before[i] == pause && wasOpen && n.before[i+1] != joined {
			n.before[i] = joined
		}
	}
}

func (n *normal) encode() {
	for _, r := range n.runes {
		n.at = append(n.at, int32(len(n.text)))
		n.text = utf8.AppendRune(n.text, r)
	}
	n.at = append(n.at, int32(len(n.text)))
}

// slice is the normalised text of the characters from start to end.
func (n *normal) slice(start, end int) string { return string(n.bytes(start, end)) }

// bytes is slice without a copy.
func (n *normal) bytes(start, end int) []byte { return n.text[n.at[start]:n.at[end]] }
