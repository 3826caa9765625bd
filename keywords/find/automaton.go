package find

// automaton finds all words of a set in a row of symbols, overlapping ones too, in
// time linear in the row and what is found (Aho and Corasick's). Its symbols are
// characters, or what some of them have in common, such as their sound.
type automaton struct {
	// symbols are by character, 0 for those that stand in no word.
	symbols []uint16
	// root are the states after one symbol.
	root []int32
	// next are the states after more, by state and symbol.
	next edges
	// By state: where to go on if no word does, how many symbols were read, the word
	// that ends here or -1, and the next state on the way back where one does, or 0.
	fallback, depth, word, ending []int32
}

// found is a word in a text: the characters from start to end, end exclusive.
type found struct{ word, start, end int32 }

// newAutomaton makes an automaton of words, rows of symbols of which none is 0. Words
// are known by their index; of equal ones the last counts.
func newAutomaton(symbols []uint16, words [][]uint16) *automaton {
	a := newTree(symbols, words)
	a.link(words)
	return a
}

// newTree makes one that only reads words from their beginning, by step.
func newTree(symbols []uint16, words [][]uint16) *automaton {
	most, total := uint16(0), 0
	for _, word := range words {
		total += len(word)
		for _, s := range word {
			most = max(most, s)
		}
	}
	a := &automaton{symbols: symbols, root: make([]int32, int(most)+1), next: newEdges(total)}
	a.grow(0)
	for i, word := range words {
		a.add(word, int32(i))
	}
	return a
}

func (a *automaton) grow(depth int32) int32 {
	a.fallback, a.depth = append(a.fallback, 0), append(a.depth, depth)
	a.word, a.ending = append(a.word, -1), append(a.ending, 0)
	return int32(len(a.depth)) - 1
}

func (a *automaton) add(word []uint16, index int32) {
	state := int32(0)
	for _, s := range word {
		next := a.step(state, s)
		if next == 0 {
			next = a.grow(a.depth[state] + 1)
			if state == 0 {
				a.root[s] = next
			} else {
				a.next.set(state, s, next)
			}
		}
		state = next
	}
	a.word[state] = index
}

// step is the state after state and s, or 0.
func (a *automaton) step(state int32, s uint16) int32 {
	if state == 0 {
		if int(s) < len(a.root) {
			return a.root[s]
		}
		return 0
	}
	return a.next.get(state, s)
}

// link finds for each state where to go on. Words are walked level by level, so that
// shorter states are linked before longer ones need them.
func (a *automaton) link(words [][]uint16) {
	states := make([]int32, len(words))
	for level, open := 0, true; open; level++ {
		open = false
		for i, word := range words {
			if level >= len(word) {
				continue
			}
			open = true
			parent := states[i]
			states[i] = a.step(parent, word[level])
			if level > 0 {
				a.linkOne(states[i], a.advance(a.fallback[parent], word[level]))
			}
		}
	}
}

func (a *automaton) linkOne(state, to int32) {
	a.fallback[state] = to
	a.ending[state] = to
	if a.word[to] < 0 {
		a.ending[state] = a.ending[to]
	}
}

// advance is the state after state and s, going back as far as needed.
func (a *automaton) advance(state int32, s uint16) int32 {
	for {
		next := a.step(state, s)
		if next != 0 || state == 0 {
			return next
		}
		state = a.fallback[state]
	}
}

// symbol is that of a character.
func (a *automaton) symbol(r rune) uint16 {
	if uint32(r) < uint32(len(a.symbols)) {
		return a.symbols[r]
	}
	return 0
}

// find appends all words in text, in order of their ends, of equal ends the longest first.
func (a *automaton) find(text []rune, list []found) []found {
	state := int32(0)
	for i, r := range text {
		s := a.symbol(r)
		if s == 0 {
			state = 0
			continue
		}
		state = a.advance(state, s)
		at := state
		if a.word[at] < 0 {
			at = a.ending[at]
		}
		for ; at != 0; at = a.ending[at] {
			list = append(list, found{a.word[at], int32(i+1) - a.depth[at], int32(i + 1)})
		}
	}
	return list
}

// edges is a hash table from state and symbol to state.
type edges struct {
	keys []uint64 // 0 for free
	to   []int32
}

func newEdges(most int) edges {
	size := 16
	for size < 2*most {
		size *= 2
	}
	return edges{make([]uint64, size), make([]int32, size)}
}

func edgeKey(state int32, s uint16) uint64 { return uint64(state)<<16 | uint64(s) }

func (e edges) slot(key uint64) uint64 {
	return key * 0x9e3779b97f4a7c15 >> 20 & uint64(
		len(e.keys)-1)
}

func (e edges) set(state int32, s uint16, to int32) {
	key := edgeKey(state, s)
	i := e.slot(key)
	for e.keys[i] != 0 && e.keys[i] != key {
		i = (i + 1) & uint64(len(e.keys)-1)
	}
	e.keys[i], e.to[i] = key, to
}

func (e edges) get(state int32, s uint16) int32 {
	key := edgeKey(state, s)
	for i := e.slot(key); e.keys[i] != 0; i = (i + 1) & uint64(len(e.keys)-1) {
		if e.keys[i] == key {
			return e.to[i]
		}
	}
	return 0
}
