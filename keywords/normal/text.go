package normal

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Text is a text made comparable: NFKC, simplified characters, lower case, without
// white space, punctuation and fillers. It knows for each character which characters
// of the original it came from, and what stood before it. The zero Text is an empty one,
// ready to Read. It is for one goroutine at a time.
type Text struct {
	// Runes are the characters; not to be changed but by Correct.
	Runes []rune
	// Before[i] is the gap before Runes[i]; the last one is the gap after all. Before the
	// first and after the last character stands at least a Stop.
	Before []Gap
	// from and to are the range of original characters (runes, to exclusive) that
	// each of Runes came from. An invalid byte counts as one character.
	from, to []int32
	// text is Runes in UTF-8, at the offset of each of them in it and the length.
	text []byte
	at   []int32
	corrections
}

// fullWidth is how far a full-width character lies from its ASCII form.
const fullWidth = '！' - '!'

// Read makes t the normal form of text. It keeps t's memory.
func (t *Text) Read(text string) {
	t.compose(text)
	t.dropFillers()
	t.encode()
}

// ReadWord is Read for a text of the lexicon, in which 这个 is a word and no filler.
func (t *Text) ReadWord(text string) {
	t.compose(text)
	t.encode()
}

func (t *Text) compose(text string) {
	t.clear()
	origin := int32(0)
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case r < utf8.RuneSelf && (i+1 >= len(text) || text[i+1] < 0xcc):
			t.add(lower(r), origin, origin+1)
		case isHan(r):
			t.add(r, origin, origin+1)
		case r == '…' || r == '—':
			t.separate(Comma)
		case r >= '！' && r <= '～' && !unicode.IsLetter(r):
			t.add(r-fullWidth, origin, origin+1)
		case r == utf8.RuneError && size == 1:
			t.add(utf8.RuneError, origin, origin+1)
		default:
			size = composed(text[i:], size)
			origin += t.addComposed(text[i:i+size], origin)
			i += size
			continue
		}
		i += size
		origin++
	}
	t.finish()
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
func (t *Text) addComposed(run string, origin int32) int32 {
	length := int32(utf8.RuneCountInString(run))
	for _, r := range norm.NFKC.String(run) {
		t.add(lower(r), origin, origin+length)
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

func (t *Text) add(r rune, from, to int32) {
	switch what := roleOf(r); what {
	case kept:
		t.Runes = append(t.Runes, r)
		t.from = append(t.from, from)
		t.to = append(t.to, to)
		t.Before = append(t.Before, Joined)
	case dropped:
	default:
		t.separate(what.gap())
	}
}

// separate notes a gap after what was added last.
func (t *Text) separate(g Gap) {
	last := len(t.Before) - 1
	t.Before[last] = t.Before[last].and(g)
}

func (t *Text) clear() {
	t.Runes, t.from, t.to = t.Runes[:0], t.from[:0], t.to[:0]
	t.Before = append(t.Before[:0], Joined)
	t.text, t.at = t.text[:0], t.at[:0]
	t.corrections.clear()
}

func (t *Text) finish() {
	t2s().simplify(t.Runes)
	t.Before[0] = max(t.Before[0], Stop)
	last := len(t.Before) - 1
	t.Before[last] = max(t.Before[last], Stop)
	t.joinSpelled()
}

// joinSpelled closes the pauses of text in which each character stands alone
// (不 需 要): there they mark nothing.
func (t *Text) joinSpelled() {
	open := true // a gap stands before the character before i
	for i := 1; i < len(t.Runes); i++ {
		wasOpen := open
		open = t.Before[i] != Joined
		if t.Before[i] == Pause && wasOpen && t.Before[i+1] != Joined {
			t.Before[i] = Joined
		}
	}
}

func (t *Text) encode() {
	t.text, t.at = t.text[:0], t.at[:0]
	for _, r := range t.Runes {
		t.at = append(t.at, int32(len(t.text)))
		t.text = utf8.AppendRune(t.text, r)
	}
	t.at = append(t.at, int32(len(t.text)))
}
