package find

// Builder collects patterns for a Finder.
type Builder struct {
	finder  Finder
	symbols symbols
	words   map[string]int
	rows    [][]uint16
}

// NewBuilder makes one without patterns.
func NewBuilder() *Builder {
	return &Builder{words: map[string]int{}}
}

// Add takes a pattern of one or more pieces and returns its number; they count from 0.
func (b *Builder) Add(pieces []Piece) int {
	f := &b.finder
	index := len(f.patterns)
	p := pattern{}
	if len(pieces) > 1 {
		p.first = f.partials
		f.partials += len(pieces) - 1
	}
	for i, piece := range pieces {
		p.gaps, p.optional = append(p.gaps, int32(piece.Gap)), append(p.optional, piece.Optional)
		for _, wording := range piece.Words {
			id := b.word(wording)
			f.uses[id] = append(f.uses[id], use{int32(index), int32(i)})
		}
	}
	f.patterns = append(f.patterns, p)
	return index
}

func (b *Builder) word(text string) int {
	id, known := b.words[text]
	if known {
		return id
	}
	id = len(b.rows)
	b.words[text] = id
	b.rows = append(b.rows, b.symbols.row(text))
	b.finder.uses = append(b.finder.uses, nil)
	return id
}

// Finder makes the finder of all that was added. The Builder must not be used again.
func (b *Builder) Finder() *Finder {
	b.finder.automaton = newAutomaton(b.symbols.of, b.rows)
	return &b.finder
}
