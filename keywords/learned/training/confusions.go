package training

import "strings"

// match is a syllable that was said and what was heard in its place; none has syllable 0.
type match struct{ said, heard spokenRune }

// confusions counts what syllables are heard as, and what their beginnings and endings are.
type confusions struct {
	syllables          []string // by number
	onset, rime        []int    // of each
	all                []map[uint16]float64
	onsets, rimes      map[[2]int]float64
	fromOnset, toRimes map[int]float64
}

func newConfusions(syllables []string) *confusions {
	n := &confusions{syllables: syllables, onset: make([]int, len(syllables)),
		rime: make([]int, len(syllables)), all: make([]map[uint16]float64, len(syllables)),
		onsets: map[[2]int]float64{}, rimes: map[[2]int]float64{},
		fromOnset: map[int]float64{}, toRimes: map[int]float64{}}
	numbers := map[string]int{}
	number := func(s string) int {
		if _, known := numbers[s]; !known {
			numbers[s] = len(numbers)
		}
		return numbers[s]
	}
	for i, s := range syllables {
		onset, rime := split(s)
		n.onset[i], n.rime[i] = number(onset+"-"), number("-"+rime)
	}
	return n
}

// split parts a syllable into its consonants and the rest.
func split(syllable string) (onset, rime string) {
	i := strings.IndexAny(syllable, "aeiouvü")
	if i < 0 {
		return "", syllable
	}
	return syllable[:i], syllable[i:]
}

func (n *confusions) add(m match) {
	s, h := m.said.syllable, m.heard.syllable
	if s == 0 {
		return // what is heard where nobody speaks is not imitated
	}
	if n.all[s] == nil {
		n.all[s] = map[uint16]float64{}
	}
	n.all[s][h]++
	if h == lost {
		return
	}
	n.onsets[[2]int{n.onset[s], n.onset[h]}]++
	n.fromOnset[n.onset[s]]++
	n.rimes[[2]int{n.rime[s], n.rime[h]}]++
	n.toRimes[n.rime[s]]++
}

// chances are what becomes of each syllable, nil where nothing is known of it.
func (n *confusions) chances() [][]chance {
	losses, total := 0.0, 0.0
	for _, heard := range n.all {
		for h, count := range heard {
			total += count
			if h == lost {
				losses += count
			}
		}
	}
	lossRate := losses / max(1, total)
	list := make([][]chance, len(n.syllables))
	for s := 1; s < len(n.syllables); s++ {
		list[s] = n.chancesOf(uint16(s), lossRate)
	}
	return list
}

func (n *confusions) chancesOf(s uint16, lossRate float64) []chance {
	likely := make([]float64, len(n.syllables))
	sum := 0.0
	for h := 1; h < len(n.syllables); h++ {
		likely[h] = n.share(n.onsets, n.fromOnset, n.onset[s], n.onset[h]) *
			n.share(n.rimes, n.toRimes, n.rime[s], n.rime[h])
		sum += likely[h]
	}
	if sum == 0 {
		return nil
	}
	of := 0.0
	for _, count := range n.all[s] {
		of += count
	}
	var list []chance
	at := 0.0
	for h := range n.syllables {
		p := lossRate
		if h != lost {
			p = likely[h] / sum * (1 - lossRate)
		}
		p = (n.all[s][uint16(h)] + trust*p) / (of + trust)
		if p >= rarest {
			at += p
			list = append(list, chance{uint16(h), at})
		}
	}
	return list
}

func (n *confusions) share(counts map[[2]int]float64, from map[int]float64, s, h int) float64 {
	same := 0.0
	if s == h {
		same = 1 // what was never said is heard well
	}
	return (counts[[2]int{s, h}] + same) / (from[s] + 1)
}

// align matches what was said with what was heard, with as few changes as can be. A
// syllable is half right if its beginning or its ending is.
func (n *confusions) align(said, heard []spokenRune) []match {
	width := len(heard) + 1
	cost := make([]float64, (len(said)+1)*width)
	for i := range len(said) + 1 {
		for j := range width {
			if i == 0 || j == 0 {
				cost[i*width+j] = float64(i + j)
				continue
			}
			cost[i*width+j] = min(cost[(i-1)*width+j]+1, cost[i*width+j-1]+1,
				cost[(i-1)*width+j-1]+n.unlike(said[i-1], heard[j-1]))
		}
	}
	var list []match
	for i, j := len(said), len(heard); i > 0 || j > 0; {
		here := cost[i*width+j]
		switch {
		case i > 0 && j > 0 && here == cost[(i-1)*width+j-1]+n.unlike(said[i-1], heard[j-1]):
			i, j = i-1, j-1
			list = append(list, match{said[i], heard[j]})
		case i > 0 && here == cost[(i-1)*width+j]+1:
			i--
			list = append(list, match{said: said[i]})
		default:
			j--
			list = append(list, match{heard: heard[j]})
		}
	}
	return list
}

func (n *confusions) unlike(a, b spokenRune) float64 {
	s, h := a.syllable, b.syllable
	switch {
	case s == h:
		return 0
	case n.onset[s] == n.onset[h], n.rime[s] == n.rime[h]:
		return 0.5
	}
	return 1
}
