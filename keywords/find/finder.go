package find

import "github.com/refrain-asr/refrain/keywords/normal"

// Piece is a part of a pattern: one of several wordings.
type Piece struct {
	// Words are the wordings, normalised and none of them empty.
	Words []string
	// Gap is how many characters may stand between it and the piece before.
	Gap int
	// Optional says that it may be missing.
	Optional bool
}

// pattern is what is looked for: pieces with gaps between.
type pattern struct {
	gaps     []int32 // how many characters may stand before each piece
	optional []bool  // which pieces may be missing
	first    int     // the pattern's first partial in a Memory
}

// Place is where a pattern stands: characters of the normalised text, End exclusive.
type Place struct {
	Pattern    int // as Builder.Add numbered it
	Start, End int
}

// use is a piece of a pattern.
type use struct{ pattern, piece int32 }

// Finder finds all places of many patterns in normalised text, overlapping ones too,
// in time linear in the text and what is found. It doesn't change and is safe for
// concurrent use, each with a Memory of its own.
type Finder struct {
	*automaton
	patterns []pattern
	uses     [][]use // by word of the automaton
	partials int
}

// Memory is what finding takes and keeps from one text to the next. The zero Memory is
// ready for use, with one Finder, by one goroutine at a time.
type Memory struct {
	found    []found
	partials []partial
	texts    uint32 // how many were read, which tells the partials of one from the next
	places   []Place
}

// partial is the beginning of a pattern up to one of its pieces: the last places found.
type partial struct {
	text   uint32 // which text they are of
	count  uint8
	places [3]struct{ start, end int32 }
}

// Find returns all places, in order of their ends. They are valid until m is used again.
func (f *Finder) Find(t *normal.Text, m *Memory) []Place {
	if len(m.partials) < f.partials {
		m.partials = make([]partial, f.partials)
	}
	m.texts++
	m.places = m.places[:0]
	m.found = f.automaton.find(t.Runes, m.found[:0])
	for _, at := range m.found {
		for _, u := range f.uses[at.word] {
			f.meet(t, m, u, at.start, at.end)
		}
	}
	return m.places
}

// meet joins a piece to what stands before it.
func (f *Finder) meet(t *normal.Text, m *Memory, u use, start, end int32) {
	p := &f.patterns[u.pattern]
	last := len(p.gaps) - 1
	from, ok := p.begin(t, m, int(u.piece), start)
	if !ok {
		return
	}
	if int(u.piece) < last {
		m.partials[p.first+int(u.piece)].add(m.texts, from, end)
	}
	for i := int(u.piece) + 1; i <= last; i++ {
		if !p.optional[i] {
			return
		}
	}
	m.places = append(m.places, Place{int(u.pattern), int(from), int(end)})
}

// begin returns where the pattern begins if its piece begins at start.
func (p *pattern) begin(t *normal.Text, m *Memory, piece int, start int32) (from int32, ok bool) {
	gap := int32(0)
	for i := piece - 1; i >= 0; i-- {
		gap += p.gaps[i+1]
		if from, ok := m.partials[p.first+i].latest(t, m.texts, start, gap); ok {
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
func (p *partial) latest(t *normal.Text, text uint32, start, gap int32) (from int32, ok bool) {
	if p.text != text {
		return 0, false
	}
	end := int32(-1)
	for i := p.count; i > 0 && i+3 > p.count; i-- {
		switch at := p.places[(i-1)%3]; {
		case at.end > start:
		case at.end == end:
			from = min(from, at.start)
		case ok || start-at.end > gap || t.Parted(int(at.end), int(start)):
			return from, ok
		default:
			from, end, ok = at.start, at.end, true
		}
	}
	return from, ok
}

func (p *partial) add(text uint32, start, end int32) {
	if p.text != text {
		p.text, p.count = text, 0
	}
	if p.count == 254 { // keep its place in the ring
		p.count -= 249
	}
	p.places[p.count%3] = struct{ start, end int32 }{start, end}
	p.count++
}
