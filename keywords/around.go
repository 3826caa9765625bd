package keywords

import (
	"bytes"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

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
func (v vocabulary) spells(t *normal.Text, start, end int) bool {
	var can [reach + 1]bool // can[i]: the characters from start+i to end are words
	can[end-start] = true
	for i := end - 1; i >= start; i-- {
		for k := i + 1; k <= min(end, i+v.longest) && !can[i-start]; k++ {
			can[i-start] = can[k-start] && v.words[string(t.Bytes(i, k))]
		}
	}
	return can[0]
}

// endingAt returns where the longest word of v begins that ends before the character
// end and not before the character first.
func (v vocabulary) endingAt(t *normal.Text, first, end int) (start int, found bool) {
	for start := max(first, end-v.longest); start < end; start++ {
		if v.words[string(t.Bytes(start, end))] {
			return start, true
		}
	}
	return 0, false
}

// around knows the words that may stand beside a phrase that must be a whole clause.
type around struct{ before, after vocabulary }

func (c *compiler) around(a lexicon.Around) around {
	return around{newVocabulary(c.all(a.Before)), newVocabulary(c.all(a.After))}
}

// alone reports whether nothing else stands beside start and end before a pause, but
// for the same again (不用不用不用): before it, where begins, and after it, where ends.
func (a around) alone(t *normal.Text, start, end int, begins, ends bool) bool {
	start, end = repeated(t, start, end)
	if begins {
		left, complete := t.Left(start, reach)
		if !complete || !a.before.spells(t, left, start) {
			return false
		}
	}
	if !ends {
		return true
	}
	right, complete := t.Right(end, reach)
	return complete && a.after.spells(t, end, right)
}

// repeated widens start and end, at most by reach, over the same characters again.
func repeated(t *normal.Text, start, end int) (first, last int) {
	phrase, length := t.Bytes(start, end), end-start
	for first = start; first >= length && start-first < reach; first -= length {
		if !bytes.Equal(t.Bytes(first-length, first), phrase) {
			break
		}
	}
	for last = end; last+length <= len(t.Runes) && last-end < reach; last += length {
		if !bytes.Equal(t.Bytes(last, last+length), phrase) {
			break
		}
	}
	return first, last
}
