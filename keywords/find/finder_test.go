package find_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// FuzzFinder compares the automaton and the joining of pieces with a regular expression
// of the same pattern.
func FuzzFinder(f *testing.F) {
	for _, seed := range []string{"ab12cd", "abxcd", "aabbccdd", "abxxxxcd", "bcdab", "abcabcd"} {
		f.Add(seed)
	}
	b := find.NewBuilder()
	b.Add([]find.Piece{{Words: []string{"ab", "b"}}, {Words: []string{"c", "cc"}, Gap: 3},
		{Words: []string{"d", "dd"}, Optional: true}})
	finder := b.Finder()
	same := regexp.MustCompile(`(ab|b).{0,3}(c|cc)(d|dd)?`)
	f.Fuzz(func(t *testing.T, input string) {
		clean := strings.Map(func(r rune) rune {
			if r < 'a' || r > 'e' {
				return -1
			}
			return r
		}, strings.ToLower(input))
		var text normal.Text
		var memory find.Memory
		text.Read(clean)
		places := finder.Find(&text, &memory)
		require.Equal(t, same.MatchString(clean), len(places) > 0, clean)
		for _, p := range places {
			require.True(t, same.MatchString(clean[p.Start:p.End]), "%s: %v", clean, p)
		}
	})
}
