package number

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// National is the number without its country code: "13800138000". It is "" for the zero Number.
func (n Number) National() string {
	e164 := n.E164()
	if national, ok := strings.CutPrefix(e164, "+86"); ok || e164 == "" {
		return national
	}
	parsed, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return e164[1:]
	}
	return phonenumbers.GetNationalSignificantNumber(parsed)
}

// Finder finds one number in texts, in whatever way it is written there: in E.164, nationally, with
// what is dialled before it, in groups, as part of a longer name, in wide digits or spoken in
// Chinese. It is safe for concurrent use.
type Finder struct {
	national string
	// prefixes may stand before it: the country code, and what is dialled for it or for an area.
	prefixes []string
}

// shortNational is the length below which a number in the midst of other digits is taken for chance.
const shortNational = 10

// maxGap is how many separators may stand between two digits.
const maxGap = 3

// NewFinder finds n, which must not be zero.
func NewFinder(n Number) *Finder {
	national := n.National()
	country := strings.TrimSuffix(n.E164()[1:], national)
	return &Finder{national, []string{"00" + country, country, "0"}}
}

// figure is a digit in a text: its value, and where it begins and ends.
type figure struct {
	value      byte
	start, end int
}

// Has tells whether the number stands in the text.
func (f *Finder) Has(text string) bool { return len(f.spans(text)) > 0 }

// Lacks tells that a text has too few of the number's digits, in whatever order: so no parts of it make up
// the number when they are joined. It takes less than to join them.
func (f *Finder) Lacks(text string) bool {
	var left [10]int
	for i := range len(f.national) {
		left[f.national[i]-'0']++
	}
	missing := len(f.national)
	for _, r := range text {
		if v, ok := digitOf(r); ok && left[v-'0'] > 0 {
			left[v-'0']--
			if missing--; missing == 0 {
				return false
			}
		}
	}
	return true
}

// Replace puts by in the place of the number, wherever it stands.
func (f *Finder) Replace(text, by string) string {
	return f.rewrite(text, func(string) string { return by })
}

// blanked stands for each character of a number in a text that must keep its length.
const blanked = '*'

// Blank puts a "*" in the place of each character of the number, wherever it stands, so that the text
// keeps its length in characters. White space stays, or a text that was trimmed might not be any more.
func (f *Finder) Blank(text string) string {
	return f.rewrite(text, func(found string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return r
			}
			return blanked
		}, found)
	})
}

// rewrite puts by of the number, as it is written, in its place wherever it stands.
func (f *Finder) rewrite(text string, by func(found string) string) string {
	spans := f.spans(text)
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s[0]])
		b.WriteString(by(text[s[0]:s[1]]))
		at = s[1]
	}
	b.WriteString(text[at:])
	return b.String()
}

// spans are where the number stands, with what is dialled before it.
func (f *Finder) spans(text string) (found [][2]int) {
	runs(text, func(run []figure, values []byte) { found = append(found, f.inRun(text, run, values)...) })
	return found
}

// runs visits the digits of a text between which there are but separators, with their values. What it
// hands over is only for the visit.
func runs(text string, visit func(run []figure, values []byte)) {
	var run []figure
	var values []byte
	gap := 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		if v, ok := digitOf(r); ok {
			run, values, gap = append(run, figure{v, i, i + size}), append(values, v), 0
		} else if len(run) > 0 {
			if gap++; gap > maxGap || !separates(r) {
				visit(run, values)
				run, values, gap = run[:0], values[:0], 0
			}
		}
		i += size
	}
	if len(run) > 0 {
		visit(run, values)
	}
}

// inRun finds the number in digits between which there are but separators.
func (f *Finder) inRun(text string, run []figure, values []byte) (found [][2]int) {
	for from := 0; len(values)-from >= len(f.national); {
		i := strings.Index(string(values[from:]), f.national)
		if i < 0 {
			return found
		}
		i += from
		from = i + len(f.national)
		first := i
		for _, p := range f.prefixes {
			if p != "" && strings.HasSuffix(string(values[:i]), p) {
				first = i - len(p)
				break
			}
		}
		if len(f.national) < shortNational && (touches(run, first-1) || touches(run, from-1)) {
			continue
		}
		start := run[first].start
		if start > 0 && text[start-1] == '+' {
			start--
		}
		found = append(found, [2]int{start, run[from-1].end})
	}
	return found
}

// touches tells that a digit is followed by another one at once.
func touches(run []figure, i int) bool {
	return i >= 0 && i+1 < len(run) && run[i].end == run[i+1].start
}

// digitOf is the digit that a character stands for: also a wide one, and one that is written out in Chinese.
func digitOf(r rune) (byte, bool) {
	switch {
	case r <= '9':
		return byte(r), r >= '0'
	case r < 0x80:
		return 0, false
	case r >= '０' && r <= '９':
		return byte('0' + r - '０'), true
	}
	switch r {
	case '零', '〇', '洞':
		return '0', true
	case '一', '幺':
		return '1', true
	case '二', '两':
		return '2', true
	case '三':
		return '3', true
	case '四':
		return '4', true
	case '五':
		return '5', true
	case '六':
		return '6', true
	case '七', '拐':
		return '7', true
	case '八':
		return '8', true
	case '九', '勾':
		return '9', true
	}
	return 0, false
}

// separates tells that a character may stand between the digits of a number. Commas are what a
// recogniser writes where somebody who says a number pauses.
func separates(r rune) bool {
	return strings.ContainsRune(" -._/(),\u00a0\u3000（）－—，、。", r)
}
