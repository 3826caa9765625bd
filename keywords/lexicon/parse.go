package lexicon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of a lexicon. They are far above what people write and keep a hostile
// file from costing much.
const (
	maxSource = 4 << 20 // bytes
	maxText   = 40      // characters
	maxErrors = 50
)

const defaultWeight = 0.9

var idForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// versionForm keeps an ID printable on a line and usable in a file name.
var versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// Error is one thing wrong with a lexicon file.
type Error struct {
	// Line counts from 1; 0 where the whole file is meant.
	Line int
	What string
}

// Error implements error.
func (e Error) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.What)
}

// Parse reads a lexicon. All that is wrong with it is reported at once: the error
// joins values of type Error, or is the YAML reader's own with line numbers.
func Parse(source []byte) (*Lexicon, error) {
	if len(source) > maxSource {
		return nil, Error{What: fmt.Sprintf("the lexicon has %d bytes; the most is %d", len(source), maxSource)}
	}
	if !utf8.Valid(source) {
		return nil, Error{What: "the lexicon is not UTF-8; save it as UTF-8"}
	}
	var f file
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return nil, readable(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, Error{What: "a lexicon is one YAML document; remove what follows the first"}
	}
	b := builder{seen: map[string]int{}}
	lex := b.build(f)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	lex.source, lex.sum = bytes.Clone(source), sum(source)
	return lex, nil
}

var unknownField = regexp.MustCompile(`field (\S+) (?:not found|already set) in type \S+`)

// readable puts the YAML reader's words about our types into ones about the file.
func readable(err error) error {
	if errors.Is(err, io.EOF) {
		return Error{What: "the lexicon is empty"}
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = unknownField.ReplaceAllString(text, `field "$1" is unknown here or given twice`)
	return Error{What: text}
}

type builder struct {
	errs []error
	seen map[string]int // phrase -> line
}

func (b *builder) fail(line int, format string, args ...any) {
	if len(b.errs) < maxErrors {
		b.errs = append(b.errs, Error{line, fmt.Sprintf(format, args...)})
	}
}

func (b *builder) build(f file) *Lexicon {
	if !versionForm.MatchString(f.Version) {
		b.fail(0, "version %q: give one of letters, digits, dots, hyphens and underscores, such as zh-2026.1", f.Version)
	}
	if len(f.Classes) == 0 {
		b.fail(0, "a lexicon needs at least one class under classes")
	}
	lex := &Lexicon{Version: f.Version, Compounds: b.texts(f.Compounds)}
	ids := map[string]int{}
	for _, class := range f.Classes {
		if line, twice := ids[class.ID.value]; twice {
			b.fail(class.ID.line, "class %q is there already, at line %d", class.ID.value, line)
		}
		ids[class.ID.value] = class.ID.line
		lex.Classes = append(lex.Classes, b.class(class))
	}
	lex.Around = Around{b.texts(f.Around.Before), b.texts(f.Around.After)}
	lex.Vetoes = b.vetoes(f.Vetoes)
	return lex
}

func (b *builder) class(c fileClass) Class {
	if !idForm.MatchString(c.ID.value) {
		b.fail(c.ID.line, "class id %q: use lower-case letters, digits and underscores, such as no_need", c.ID.value)
	}
	if strings.TrimSpace(c.Label) == "" {
		b.fail(c.ID.line, "class %q has no label", c.ID.value)
	}
	if len(c.Phrases) == 0 {
		b.fail(c.ID.line, "class %q has no phrases", c.ID.value)
	}
	lasts, err := period(c.Freeze.value)
	if err != nil {
		b.fail(max(c.Freeze.line, c.ID.line), "class %q: %v", c.ID.value, err)
	}
	weight := defaultWeight
	if c.Weight.line > 0 {
		weight = c.Weight.value
		b.checkWeight(weight, c.Weight.line)
	}
	class := Class{ID: c.ID.value, Label: c.Label, Period: lasts, Asked: c.Asked}
	for _, phrase := range c.Phrases {
		class.Phrases = append(class.Phrases, b.phrase(phrase, weight))
	}
	return class
}

func (b *builder) checkWeight(weight float64, line int) {
	if !(weight > 0 && weight <= 1) {
		b.fail(line, "weight %v: use a number over 0 and up to 1", weight)
	}
}

func (b *builder) phrase(p filePhrase, weight float64) Phrase {
	text := b.text(p.fileText)
	if line, twice := b.seen[text.Text]; twice && text.Text != "" {
		b.fail(text.Line, "phrase %q is there already, at line %d", text.Text, line)
	}
	b.seen[text.Text] = text.Line
	if p.weight != nil {
		weight = *p.weight
		b.checkWeight(weight, p.Line)
	}
	return Phrase{Text: text.Text, Line: text.Line, Weight: weight, Whole: p.whole}
}

func (b *builder) text(t fileText) Text {
	switch length := utf8.RuneCountInString(t.Text); {
	case length == 0:
		b.fail(t.Line, "an empty text")
	case length > maxText:
		b.fail(t.Line, "a text of %d characters; the most is %d", length, maxText)
	}
	return Text(t)
}

func (b *builder) texts(list []fileText) []Text {
	var texts []Text
	for _, t := range list {
		texts = append(texts, b.text(t))
	}
	return texts
}

func (b *builder) vetoes(v fileVetoes) Vetoes {
	return Vetoes{
		Negated: Negated{
			Before:  b.texts(v.Negated.Before),
			Between: b.texts(v.Negated.Between),
			Unless:  b.texts(v.Negated.Unless),
		},
		Question: Question{
			Before: b.texts(v.Question.Before),
			After:  b.texts(v.Question.After),
			Unless: b.texts(v.Question.Unless),
		},
		Hallucination: b.texts(v.Hallucination),
	}
}
