package normal

import (
	"strings"
	"sync"
	"unicode/utf8"
)

//go:generate go run -tags generate ../opencc/gen ../../.deps/root/usr/share/opencc simplify_table.go

// phrase is a run of characters that is simplified as a whole; both have the same length.
type simplePhrase struct{ from, to []rune }

// simplifier turns traditional characters into simplified ones, one for one.
type simplifier struct {
	// plane holds the simplified form of each character of the basic plane, 0 for itself.
	plane [0x10000]rune
	// beyond is plane for the rarer characters outside it.
	beyond map[rune]rune
	// phrases are by first character, the longest first.
	phrases map[rune][]simplePhrase
	// special is set for a character that changes or begins a phrase.
	special [0x10000 / 64]uint64
}

var t2s = sync.OnceValue(newSimplifier)

func newSimplifier() *simplifier {
	s := &simplifier{beyond: map[rune]rune{}, phrases: map[rune][]simplePhrase{}}
	for pairs := simpleOf; pairs != ""; {
		from, size := utf8.DecodeRuneInString(pairs)
		to, more := utf8.DecodeRuneInString(pairs[size:])
		pairs = pairs[size+more:]
		s.addCharacter(from, to)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(simplePhrases, ","), ",") {
		from, to, _ := strings.Cut(line, " ")
		s.addPhrase([]rune(from), []rune(to))
	}
	return s
}

func (s *simplifier) addCharacter(from, to rune) {
	if from >= 0x10000 {
		s.beyond[from] = to
		return
	}
	s.plane[from] = to
	s.special[from/64] |= 1 << (from % 64)
}

func (s *simplifier) addPhrase(from, to []rune) {
	first := from[0]
	list := s.phrases[first]
	at := 0
	for at < len(list) && len(list[at].from) >= len(from) {
		at++
	}
	list = append(list, simplePhrase{})
	copy(list[at+1:], list[at:])
	list[at] = simplePhrase{from, to}
	s.phrases[first] = list
	if first < 0x10000 {
		s.special[first/64] |= 1 << (first % 64)
	}
}

// Simplified is text with simplified characters for traditional ones, one for one, as OpenCC
// chooses them.
func Simplified(text string) string {
	runes := []rune(text)
	t2s().simplify(runes)
	return string(runes)
}

// simplify rewrites text in place, the longest phrase first and else character by
// character, as OpenCC does.
func (s *simplifier) simplify(text []rune) {
	for i := 0; i < len(text); {
		r := text[i]
		if uint32(r) < 0x10000 && s.special[r/64]&(1<<(r%64)) == 0 {
			i++
			continue
		}
		i += s.rewrite(text[i:])
	}
}

// rewrite simplifies what text begins with and returns how many characters that was.
func (s *simplifier) rewrite(text []rune) int {
	for _, p := range s.phrases[text[0]] {
		if beginsWith(text, p.from) {
			return copy(text, p.to)
		}
	}
	text[0] = s.one(text[0])
	return 1
}

func (s *simplifier) one(r rune) rune {
	var to rune
	if uint32(r) < 0x10000 {
		to = s.plane[r]
	} else {
		to = s.beyond[r]
	}
	if to == 0 {
		return r
	}
	return to
}

func beginsWith(text, with []rune) bool {
	if len(text) < len(with) {
		return false
	}
	for i, r := range with {
		if text[i] != r {
			return false
		}
	}
	return true
}
