package keywords

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// preparer normalises the lexicon's texts as it will normalise what it reads. It
// keeps the first error.
type preparer struct {
	normal normal
	seen   map[string]int // normalised phrase -> line
	finder *finderBuilder
	sounds map[string]bool // words that are looked for by their sound; true for listed ones
	groups int             // of exclusions; they count from 1
	err    error
}

// listen notes a phrase of one wording that is long enough to be known by its sound.
func (p *preparer) listen(pieces [][]string) {
	if len(pieces) == 1 && len(pieces[0]) == 1 && utf8.RuneCountInString(pieces[0][0]) >= shortestSound {
		p.sounds[pieces[0][0]] = false
	}
}

// exclusions adds marks as one group and returns its number, 0 for none.
func (p *preparer) exclusions(marks []lexicon.Mark) int {
	if len(marks) == 0 {
		return 0
	}
	p.groups++
	for _, m := range marks {
		exclusion, pieces := p.pattern(m.Pattern, isExclusion, m.Line)
		exclusion.index = p.groups
		p.finder.add(exclusion, pieces)
	}
	return p.groups
}

func (p *preparer) marks(reason VetoReason, marks []lexicon.Mark) {
	for _, m := range marks {
		mark, pieces := p.pattern(m.Pattern, isMark, m.Line)
		mark.reason = reason
		p.finder.add(mark, pieces)
	}
}

func (p *preparer) fail(line int, format string, args ...any) {
	if p.err == nil {
		p.err = lexicon.Error{Line: line, What: fmt.Sprintf(format, args...)}
	}
}

func (p *preparer) one(text string, line int) string {
	p.normal.readWord(text)
	if len(p.normal.runes) == 0 {
		p.fail(line, "nothing of %q remains without punctuation and fillers", text)
	}
	return string(p.normal.text)
}

// once prepares a phrase, which may be there only once.
func (p *preparer) once(phrase lexicon.Phrase) (pattern, [][]string) {
	found, pieces := p.pattern(phrase.Pattern, isPhrase, phrase.Line)
	key := fmt.Sprint(pieces, found)
	if line, twice := p.seen[key]; twice {
		p.fail(phrase.Line, "phrase %q reads the same as that at line %d", phrase.Text, line)
	}
	p.seen[key] = phrase.Line
	return found, pieces
}

// pattern prepares a pattern and the wordings of its pieces.
func (p *preparer) pattern(from lexicon.Pattern, what kind, line int) (found pattern, pieces [][]string) {
	found = pattern{begins: from.Begins, ends: from.Ends, what: what}
	gap := 0
	for _, piece := range from.Pieces {
		words := p.wordings(piece)
		gap += piece.Gap
		if len(words) == 0 { // a sound that means nothing: as if it weren't there
			continue
		}
		found.gaps = append(found.gaps, int32(gap))
		found.optional = append(found.optional, piece.Optional)
		pieces = append(pieces, words)
		gap = 0
	}
	if !slices.Contains(found.optional, false) {
		p.fail(line, "nothing of %q remains without punctuation and fillers", from.Example())
	}
	return found, pieces
}

// wordings normalises those of a piece and leaves out of which nothing remains.
func (p *preparer) wordings(piece lexicon.Piece) []string {
	var words []string
	for _, word := range piece.Words {
		p.normal.readWord(word)
		if len(p.normal.runes) > 0 {
			words = append(words, string(p.normal.text))
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func (p *preparer) all(texts []lexicon.Text) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = p.one(t.Text, t.Line)
	}
	return list
}
