package keywords

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// meaning is what a pattern of the finder is for.
type meaning struct {
	kind         kind
	begins, ends bool
	gaps         bool
	rule         *rule      // of a phrase
	group        int        // of an exclusion
	reason       VetoReason // of a mark
	item         int        // of a run of the correction
}

// kind is what a pattern is for.
type kind uint8

const (
	isPhrase kind = iota
	isCompound
	isMark
	isExclusion
	isRun
)

// compiler normalises the lexicon's texts as what is read will be normalised. It
// keeps the first error.
type compiler struct {
	text     normal.Text
	seen     map[string]int // normalised phrase -> line
	finder   *find.Builder
	meanings []meaning
	rules    []*rule
	sounds   map[string]bool // words that are looked for by their sound; true for listed ones
	groups   int             // of exclusions; they count from 1
	err      error
}

// compile makes what lex looks for, what it objects to, and what it knows of answers.
func compile(lex *lexicon.Lexicon, exact bool) (*search, *objections, *answers, error) {
	words, err := find.Words()
	if err != nil {
		return nil, nil, nil, err
	}
	c := compiler{seen: map[string]int{}, finder: find.NewBuilder(), sounds: map[string]bool{}}
	c.classes(lex.Classes)
	for _, text := range c.all(lex.Compounds) {
		c.add(meaning{kind: isCompound}, []find.Piece{{Words: []string{text}}})
	}
	for _, word := range c.all(lex.Sounds) {
		c.sounds[word] = true
	}
	if lex.Correction.Counts() {
		c.runs(lex.Correction.Items)
	}
	around := c.around(lex.Around)
	o, a := c.objections(lex.Vetoes), c.answers(lex, around)
	if c.err != nil {
		return nil, nil, nil, fmt.Errorf("use lexicon %s: %w", lex.ID(), c.err)
	}
	s := &search{finder: c.finder.Finder(), meanings: c.meanings, words: words, around: around,
		rules: c.rules}
	if !exact {
		s.misheard = find.NewMisheard(c.sounds, words.Cost)
	}
	o.meanings, o.around = c.meanings, around
	return s, o, a, nil
}

func (c *compiler) classes(classes []lexicon.Class) {
	for _, class := range classes {
		common := c.exclusions(class.Unless)
		for _, phrase := range class.Phrases {
			u := newRule(class, phrase)
			m, pieces := c.once(phrase)
			for _, group := range []int{common, c.exclusions(phrase.Unless)} {
				if group > 0 {
					u.unless = append(u.unless, group)
				}
			}
			m.rule = u
			c.add(m, pieces)
			c.rules = append(c.rules, u)
			c.listen(pieces)
		}
	}
}

func (c *compiler) add(m meaning, pieces []find.Piece) {
	c.finder.Add(pieces)
	c.meanings = append(c.meanings, m)
}

// runs looks for those of a correction, which must be written as they are read.
func (c *compiler) runs(items []lexicon.Item) {
	index := 0
	for _, i := range items {
		if i.Kind != lexicon.Run {
			continue
		}
		c.text.ReadWord(i.Text)
		if read := c.text.Slice(0, len(c.text.Runes)); read != i.Text {
			c.fail(i.Line, "run %q is read as %q: write it so", i.Text, read)
		}
		c.add(meaning{kind: isRun, item: index}, []find.Piece{{Words: []string{i.Text}}})
		index++
	}
}

// listen notes a phrase of one wording that is long enough to be known by its sound.
func (c *compiler) listen(pieces []find.Piece) {
	if len(pieces) != 1 || len(pieces[0].Words) != 1 {
		return
	}
	if word := pieces[0].Words[0]; utf8.RuneCountInString(word) >= find.ShortestSound {
		c.sounds[word] = false
	}
}

// exclusions adds marks as one group and returns its number, 0 for none.
func (c *compiler) exclusions(marks []lexicon.Mark) int {
	if len(marks) == 0 {
		return 0
	}
	c.groups++
	for _, mark := range marks {
		m, pieces := c.pattern(mark.Pattern, mark.Line)
		m.kind, m.group = isExclusion, c.groups
		c.add(m, pieces)
	}
	return c.groups
}

func (c *compiler) marks(reason VetoReason, marks []lexicon.Mark) {
	for _, mark := range marks {
		m, pieces := c.pattern(mark.Pattern, mark.Line)
		m.kind, m.reason = isMark, reason
		c.add(m, pieces)
	}
}

func (c *compiler) fail(line int, format string, args ...any) {
	if c.err == nil {
		c.err = lexicon.Error{Line: line, What: fmt.Sprintf(format, args...)}
	}
}

// once compiles a phrase, which may be there only once.
func (c *compiler) once(phrase lexicon.Phrase) (meaning, []find.Piece) {
	m, pieces := c.pattern(phrase.Pattern, phrase.Line)
	key := fmt.Sprint(pieces, m)
	if line, twice := c.seen[key]; twice {
		c.fail(phrase.Line, "phrase %q reads the same as that at line %d", phrase.Text, line)
	}
	c.seen[key] = phrase.Line
	return m, pieces
}

// pattern compiles a pattern and the wordings of its pieces.
func (c *compiler) pattern(from lexicon.Pattern, line int) (m meaning, pieces []find.Piece) {
	gap, needed := 0, false
	for _, piece := range from.Pieces {
		words := c.wordings(piece)
		gap += piece.Gap
		if len(words) == 0 { // a sound that means nothing: as if it weren't there
			continue
		}
		pieces = append(pieces, find.Piece{Words: words, Gap: gap, Optional: piece.Optional})
		needed = needed || !piece.Optional
		gap = 0
	}
	if !needed {
		c.fail(line, "nothing of %q remains without punctuation and fillers", from.Example())
	}
	return meaning{begins: from.Begins, ends: from.Ends, gaps: len(pieces) > 1}, pieces
}

// wordings normalises those of a piece and leaves out of which nothing remains.
func (c *compiler) wordings(piece lexicon.Piece) []string {
	var words []string
	for _, word := range piece.Words {
		c.text.ReadWord(word)
		if n := len(c.text.Runes); n > 0 {
			words = append(words, c.text.Slice(0, n))
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// all normalises texts, of each of which something must remain.
func (c *compiler) all(texts []lexicon.Text) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		c.text.ReadWord(text.Text)
		n := len(c.text.Runes)
		if n == 0 {
			c.fail(text.Line, "nothing of %q remains without punctuation and fillers", text.Text)
		}
		list[i] = c.text.Slice(0, n)
	}
	return list
}
