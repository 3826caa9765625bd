package sounds

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run -tags generate ./gen

//go:embed zh.txt
var readings string

// Table gives characters of the basic plane the numbers of their syllables, 0 where
// there is none.
type Table struct {
	// Exact tells all syllables apart, Alike takes those for the same that are easily
	// confused: n and l, zh and z, ch and c, sh and s, f and h, and the endings ng and n
	// after a, e and i.
	Exact, Alike []uint16
	// Syllables are spelled as in pinyin, without tones, by the numbers of Exact.
	Syllables []string
}

// Load reads the embedded table. All callers share it.
var Load = sync.OnceValue(func() Table {
	t := Table{make([]uint16, 0x10000), make([]uint16, 0x10000), []string{""}}
	exact, alike := map[string]uint16{}, map[string]uint16{}
	for line := range strings.Lines(readings) {
		syllable, characters, _ := strings.Cut(strings.TrimSpace(line), " ")
		e, a := number(exact, syllable), number(alike, confuse(syllable))
		if int(e) == len(t.Syllables) {
			t.Syllables = append(t.Syllables, syllable)
		}
		for _, r := range characters {
			t.Exact[r], t.Alike[r] = e, a
		}
	}
	return t
})

func number(numbers map[string]uint16, syllable string) uint16 {
	if n, known := numbers[syllable]; known {
		return n
	}
	numbers[syllable] = uint16(len(numbers)) + 1
	return numbers[syllable]
}

// confuse spells a syllable as those that it is confused with.
func confuse(syllable string) string {
	for _, pair := range [][2]string{{"zh", "z"}, {"ch", "c"}, {"sh", "s"}, {"n", "l"}, {"f", "h"}} {
		if rest, ok := strings.CutPrefix(syllable, pair[0]); ok {
			syllable = pair[1] + rest
			break
		}
	}
	for _, ending := range []string{"ang", "eng", "ing"} {
		if strings.HasSuffix(syllable, ending) {
			return strings.TrimSuffix(syllable, "g")
		}
	}
	return syllable
}
