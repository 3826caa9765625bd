package keywords

// plane is how many characters have symbols: the basic plane and those beyond it in
// which ideographs lie.
const plane = 0x10000

// pattern is what is looked for: pieces with gaps between.
type pattern struct {
	gaps         []int32 // how many characters may stand before each piece
	optional     []bool  // which pieces may be missing
	first        int     // the pattern's first partial in a reading
	begins, ends bool
	what         kind
	// index is the rule of a phrase, or the group of an exclusion.
	index  int
	reason VetoReason // of a mark
}

// kind is what a pattern is for.
type kind uint8

const (
	isPhrase kind = iota
	isCompound
	isMark
	isExclusion
)

// place is where a pattern stands, in characters of the normalised text.
type place struct{ pattern, start, end int }

// use is a piece of a pattern.
type use struct{ pattern, piece int32 }

// finder finds all places of many patterns in normalised text, overlapping ones too,
// in time linear in the text and what is found.
type finder struct {
	*automaton
	patterns []pattern
	uses     [][]use // by word of the automaton
	partials int
}

// finderBuilder collects patterns.
type finderBuilder struct {
	finder
	symbols []uint16
	last    uint16
	words   map[string]int
	rows    [][]uint16
}

func newFinderBuilder() *finderBuilder {
	return &finderBuilder{symbols: make([]uint16, plane), words: map[string]int{}}
}

// add takes a pattern whose pieces are normalised wordings.
func (b *finderBuilder) add(p pattern, pieces [][]string) {
	index := int32(len(b.patterns))
	if len(pieces) > 1 {
		p.first = b.partials
		b.partials += len(pieces) - 1
	}
	b.patterns = append(b.patterns, p)
	for piece, wordings := range pieces {
		for _, wording := range wordings {
			id := b.word(wording)
			b.uses[id] = append(b.uses[id], use{index, int32(piece)})
		}
	}
}

func (b *finderBuilder) word(text string) int {
	id, known := b.words[text]
	if known {
		return id
	}
	var row []uint16
	for _, r := range text {
		row = append(row, b.symbolOf(r))
	}
	id = len(b.rows)
	b.words[text] = id
	b.rows = append(b.rows, row)
	b.uses = append(b.uses, nil)
	return id
}

func (b *finderBuilder) symbolOf(r rune) uint16 {
	for int(r) >= len(b.symbols) {
		b.symbols = append(b.symbols, make([]uint16, plane)...)
	}
	if b.symbols[r] == 0 {
		b.last++
		b.symbols[r] = b.last
	}
	return b.symbols[r]
}

func (b *finderBuilder) build() finder {
	f := b.finder
	f.automaton = newAutomaton(b.symbols, b.rows)
	return f
}

// partial is the beginning of a pattern up to one of its pieces: the last places found.
type partial struct {
	reading uint32 // which text they are of
	count   uint8
	places  [3]struct{ start, end int32 }
}

// find fills r.places with all places, in order of their ends.
func (f *finder) find(r *reading) {
	if len(r.partials) < f.partials {
		r.partials = make([]partial, f.partials)
	}
	r.texts++
	r.found = f.automaton.find(r.normal.runes, r.found[:0])
	for _, at := range r.found {
		for _, u := range f.uses[at.word] {
			f.meet(r, u, at.start, at.end)
		}
	}
}

// meet joins a piece to what stands before it.
func (f *finder) meet(r *reading, u use, start, end int32) {
	p := &f.patterns[u.pattern]
	last := len(p.gaps) - 1
	from, ok := p.begin(r, int(u.piece), start)
	if !ok {
		return
	}
	if int(u.piece) < last {
		r.partials[p.first+int(u.piece)].add(r.texts, from, end)
	}
	for i := int(u.piece) + 1; i <= last; i++ {
		if !p.optional[i] {
			return
		}
	}
	r.places = append(r.places, place{int(u.pattern), int(from), int(end)})
}

// begin returns where the pattern begins if its piece begins at start.
func (p *pattern) begin(r *reading, piece int, start int32) (from int32, ok bool) {
	gap := int32(0)
	for i := piece - 1; i >= 0; i-- {
		gap += p.gaps[i+1]
		if from, ok := r.partials[p.first+i].latest(r, start, gap); ok {
			return from, true
		}
		if !p.optional[i] {
			return 0, false
		}
	}
	return start, true
}

// latest returns the start of the last place that ends at most gap characters before
// start and in the same clause; of several with that end, of the longest.
func (p *partial) latest(r *reading, start, gap int32) (from int32, ok bool) {
	if p.reading != r.texts {
		return 0, false
	}
	end := int32(-1)
	for i := p.count; i > 0 && i+3 > p.count; i-- {
		switch at := p.places[(i-1)%3]; {
		case at.end > start:
		case at.end == end:
			from = min(from, at.start)
		case ok || start-at.end > gap || r.normal.parted(int(at.end), int(start)):
			return from, ok
		default:
			from, end, ok = at.start, at.end, true
		}
	}
	return from, ok
}

func (p *partial) add(text uint32, start, end int32) {
	if p.reading != text {
		p.reading, p.count = text, 0
	}
	if p.count == 254 { // keep its place in the ring
		p.count -= 249
	}
	p.places[p.count%3] = struct{ start, end int32 }{start, end}
	p.count++
}

// parted reports whether a comma or more stands before one of the characters from
// start to end, both inclusive.
func (n *normal) parted(start, end int) bool {
	for i := start; i <= end; i++ {
		if n.before[i] >= comma {
			return true
		}
	}
	return false
}
