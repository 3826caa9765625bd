// Package eval measures how well models hear.
package eval

import (
	"strings"
	"unicode"

	"github.com/refrain-asr/refrain/keywords/normal"
)

// Errors counts the characters to change, add or drop to make what was said of what was
// heard, and the characters that were said. Punctuation, spaces, capitals and the script make
// no difference, and digits stand for their characters.
func Errors(said, heard string) (wrong, of int) {
	a, b := bare(said), bare(heard)
	return distance(a, b), len(a)
}

var digits = strings.NewReplacer("0", "零", "1", "一", "2", "二", "3", "三", "4", "四", "5", "五",
	"6", "六", "7", "七", "8", "八", "9", "九")

// bare leaves out what is no word.
func bare(s string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, digits.Replace(normal.Simplified(s))))
}

// distance is Levenshtein's.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		last := row[0]
		row[0] = i + 1
		for j := range b {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, change)
		}
	}
	return row[len(b)]
}
