package keywords

import (
	"fmt"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// preparer normalises the lexicon's texts as it will normalise what it reads. It
// keeps the first error.
type preparer struct {
	normal normal
	seen   map[string]int // normalised phrase -> line
	err    error
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
func (p *preparer) once(phrase lexicon.Phrase) string {
	text := p.one(phrase.Text, phrase.Line)
	if line, twice := p.seen[text]; twice {
		p.fail(phrase.Line, "phrase %q reads the same as that at line %d", phrase.Text, line)
	}
	p.seen[text] = phrase.Line
	return text
}

func (p *preparer) all(texts []lexicon.Text) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = p.one(t.Text, t.Line)
	}
	return list
}
