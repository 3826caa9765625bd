package keywords

import ahocorasick "github.com/petar-dambovaliev/aho-corasick"

// finder finds all places of many patterns in normalised text, overlapping ones too,
// in time linear in the text and what is found.
//
// The automaton is not fully written out (DFA): that is not twice as fast, while
// matching takes the smaller part of the time, and takes a hundred times as long to
// build and 4 kB a pattern.
type finder struct{ automaton ahocorasick.AhoCorasick }

// place is where a pattern stands, in characters of the normalised text.
type place struct{ pattern, start, end int }

func newFinder(patterns []string) finder {
	builder := ahocorasick.NewAhoCorasickBuilder(ahocorasick.Opts{MatchKind: ahocorasick.StandardMatch})
	return finder{builder.Build(patterns)}
}

// find appends all places to found, in order of their ends.
func (f finder) find(n *normal, found []place) []place {
	end := 0
	matches := f.automaton.IterOverlappingByte(n.text)
	for m := matches.Next(); m != nil; m = matches.Next() {
		for int(n.at[end]) < m.End() {
			end++
		}
		start := end
		for int(n.at[start]) > m.Start() {
			start--
		}
		found = append(found, place{m.Pattern(), start, end})
	}
	return found
}
