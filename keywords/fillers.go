package keywords

// Words that fill a pause, in simplified characters. They mean something elsewhere
// (那个我不要, 额度), so they go only where they stand alone or are repeated.
var (
	loneFillers     = [][]rune{[]rune("那个"), []rune("这个"), []rune("额"), []rune("就是")}
	repeatedFillers = [][]rune{[]rune("那个"), []rune("这个"), []rune("就是")}
)

// dropFillers takes out the words that fill a pause. The gaps around one become one.
func (n *normal) dropFillers() {
	kept := 0
	for i := 0; i < len(n.runes); {
		if length := n.fillerAt(i); length > 0 {
			for range length {
				n.before[i+1] = n.before[i+1].and(n.before[i])
				i++
			}
			continue
		}
		n.runes[kept], n.from[kept], n.to[kept] = n.runes[i], n.from[i], n.to[i]
		n.before[kept] = n.before[i]
		kept++
		i++
	}
	n.before[kept] = n.before[len(n.runes)]
	n.runes, n.from, n.to, n.before = n.runes[:kept], n.from[:kept], n.to[:kept], n.before[:kept+1]
}

// fillerAt returns the length of the filler that begins at i, or 0.
func (n *normal) fillerAt(i int) int {
	switch n.runes[i] {
	case '那', '这', '额', '就':
	default:
		return 0
	}
	for _, word := range loneFillers {
		if end := i + len(word); n.before[i] != joined && beginsWith(n.runes[i:], word) && n.before[end] != joined {
			return len(word)
		}
	}
	for _, word := range repeatedFillers {
		if end := i + len(word); beginsWith(n.runes[i:], word) && beginsWith(n.runes[end:], word) {
			return len(word)
		}
	}
	return 0
}
