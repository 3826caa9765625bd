package keywords

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// reach is how many characters beside a hit are looked at. It bounds the cost of a
// hit in text without any gap.
const reach = 16

// vocabulary is a set of normalised words.
type vocabulary struct {
	words   map[string]bool
	longest int // in characters
}

func newVocabulary(words []string) vocabulary {
	v := vocabulary{words: make(map[string]bool, len(words))}
	for _, word := range words {
		v.words[word] = true
		v.longest = max(v.longest, utf8.RuneCountInString(word))
	}
	return v
}

// spells reports whether the characters from start to end are words of v one after
// another; nothing is spelt too. The range must not be longer than reach.
func (v vocabulary) spells(n *normal, start, end int) bool {
	var can [reach + 1]bool // can[i]: the characters from start+i to end are words
	can[end-start] = true
	for i := end - 1; i >= start; i-- {
		for k := i + 1; k <= min(end, i+v.longest) && !can[i-start]; k++ {
			can[i-start] = can[k-start] && v.words[string(n.bytes(i, k))]
		}
	}
	return can[0]
}

// endingAt returns where the longest word of v begins that ends before the character
// end and not before the character first.
func (v vocabulary) endingAt(n *normal, first, end int) (start int, found bool) {
	for start := max(first, end-v.longest); start < end; start++ {
		if v.words[string(n.bytes(start, end))] {
			return start, true
		}
	}
	return 0, false
}

// leftOf returns the first of the characters before at that no pause separates from
// it, and whether that was within reach.
func (n *normal) leftOf(at int) (start int, complete bool) {
	for start = at; n.before[start] == joined; start-- {
		if at-start == reach {
			return start, false
		}
	}
	return start, true
}

// rightOf is leftOf for what follows the character before at.
func (n *normal) rightOf(at int) (end int, complete bool) {
	for end = at; n.before[end] == joined; end++ {
		if end-at == reach {
			return end, false
		}
	}
	return end, true
}

// around knows the words that may stand beside a phrase that must be a whole clause.
type around struct{ before, after vocabulary }

func newAround(p *preparer, a lexicon.Around) around {
	return around{newVocabulary(p.all(a.Before)), newVocabulary(p.all(a.After))}
}

// alone reports whether nothing else stands beside start and end before a pause, but
// for the same again (不用不用不用): before it, where begins, and after it, where ends.
func (a around) alone(n *normal, start, end int, begins, ends bool) bool {
	start, end = n.repeated(start, end)
	if begins {
		left, complete := n.leftOf(start)
		if !complete || !a.before.spells(n, left, start) {
			return false
		}
	}
	if !ends {
		return true
	}
	right, complete := n.rightOf(end)
	return complete && a.after.spells(n, end, right)
}

// repeated widens start and end, at most by reach, over the same characters again.
func (n *normal) repeated(start, end int) (first, last int) {
	phrase, length := n.bytes(start, end), end-start
	for first = start; first >= length && start-first < reach; first -= length {
		if !bytes.Equal(n.bytes(first-length, first), phrase) {
			break
		}
	}
	for last = end; last+length <= len(n.runes) && last-end < reach; last += length {
		if !bytes.Equal(n.bytes(last, last+length), phrase) {
			break
		}
	}
	return first, last
}

// endsWithAny returns the first of endings that text ends with, or nothing.
func endsWithAny(text string, endings []string) string {
	for _, ending := range endings {
		if strings.HasSuffix(text, ending) {
			return ending
		}
	}
	return ""
}
