package normal

// Words that fill a pause, in simplified characters. They mean something elsewhere
// (那个我不要, 额度), so they go only where they stand alone or are repeated.
var (
	loneFillers     = [][]rune{[]rune("那个"), []rune("这个"), []rune("额"), []rune("就是")}
	repeatedFillers = [][]rune{[]rune("那个"), []rune("这个"), []rune("就是")}
)

// dropFillers takes out the words that fill a pause. The gaps around one become one.
func (t *Text) dropFillers() {
	kept := 0
	for i := 0; i < len(t.Runes); {
		if length := t.fillerAt(i); length > 0 {
			for range length {
				t.Before[i+1] = t.Before[i+1].and(t.Before[i])
				i++
			}
			continue
		}
		t.Runes[kept], t.from[kept], t.to[kept] = t.Runes[i], t.from[i], t.to[i]
		t.Before[kept] = t.Before[i]
		kept++
		i++
	}
	t.Before[kept] = t.Before[len(t.Runes)]
	t.Runes, t.from, t.to, t.Before = t.Runes[:kept], t.from[:kept], t.to[:kept], t.Before[:kept+1]
}

// fillerAt returns the length of the filler that begins at i, or 0.
func (t *Text) fillerAt(i int) int {
	switch t.Runes[i] {
	case '那', '这', '额', '就':
	default:
		return 0
	}
	for _, word := range loneFillers {
		if end := i + len(word); t.Before[i] != Joined && beginsWith(t.Runes[i:], word) &&
			t.Before[end] != Joined {
			return len(word)
		}
	}
	for _, word := range repeatedFillers {
		if end := i + len(word); beginsWith(t.Runes[i:], word) && beginsWith(t.Runes[end:], word) {
			return len(word)
		}
	}
	return 0
}
