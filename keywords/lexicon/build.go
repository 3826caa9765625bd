package lexicon

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
)

// builder turns the file into a Lexicon and notes all that is wrong with it.
type builder struct {
	errs     []error
	seen     map[string]int // phrase -> line
	lists    map[string][]string
	wordings int
	counts   map[string]*Count // by phrase
	odd      []Error
}

func (b *builder) fail(line int, format string, args ...any) {
	if len(b.errs) < maxErrors {
		b.errs = append(b.errs, Error{Line: line, What: fmt.Sprintf(format, args...)})
	}
}

func (b *builder) build(f file) *Lexicon {
	if !versionForm.MatchString(f.Version) {
		b.fail(0, "version %q: give one of letters, digits, dots, hyphens and underscores, "+
			"such as zh-2026.1", f.Version)
	}
	if len(f.Classes) == 0 {
		b.fail(0, "a lexicon needs at least one class under classes")
	}
	b.readLists(f.Words)
	lex := &Lexicon{
		Version: f.Version, Compounds: b.texts(f.Compounds), Sounds: b.texts(f.Sounds),
		Measured: b.measured(f.Measured),
	}
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
	lex.Answers = b.answers(f.Answers, ids)
	lex.Learned = b.learned(Text(f.Learned))
	lex.Correction = b.correction(f.Correction, lex.Classes)
	lex.Odd = b.odd
	return lex
}

// learned reads on, which is the same as nothing, off, or a number from 0 to 1.
func (b *builder) learned(text Text) float64 {
	switch text.Text {
	case "", "on":
		return 1
	case "off":
		return 0
	}
	weight, err := strconv.ParseFloat(text.Text, 64)
	if err != nil || !(weight >= 0 && weight <= 1) {
		b.fail(text.Line, "learned %q: write on, off, or a number from 0 to 1 for how much "+
			"it counts", text.Text)
	}
	return weight
}

func (b *builder) readLists(lists fileLists) {
	b.lists = map[string][]string{}
	for _, list := range lists {
		_, twice := b.lists[list.name]
		if twice || list.name == "" || strings.ContainsAny(list.name, "<>()[]|") {
			b.fail(list.line, "list %q: give each list a name of its own, without brackets",
				list.name)
			continue
		}
		var words []string
		for _, text := range b.texts(list.words) {
			words = append(words, text.Text)
		}
		if len(words) == 0 {
			b.fail(list.line, "list %q has no words", list.name)
			words = []string{"?"}
		}
		b.lists[list.name] = words
	}
}

func (b *builder) class(c fileClass) Class {
	b.checkClass(c)
	lasts, err := period(c.Freeze.value)
	if err != nil {
		b.fail(max(c.Freeze.line, c.ID.line), "class %q: %v", c.ID.value, err)
	}
	weight := defaultWeight
	if c.Weight.line > 0 {
		weight = c.Weight.value
		b.checkWeight(weight, c.Weight.line)
	}
	class := Class{
		ID: c.ID.value, Label: c.Label, Says: b.says(c.Says), Period: lasts,
		Despite: b.reasons(c.Despite), Suffices: orTrue(c.Suffices), Track: b.track(c.Track),
		Unless: b.marks(c.Unless),
	}
	if c.Asked && !slices.Contains(class.Despite, "question") {
		class.Despite = append(class.Despite, "question")
	}
	b.windows(c, &class)
	for _, p := range c.Phrases {
		class.Phrases = append(class.Phrases, b.phrase(p, class, weight))
	}
	return class
}

func (b *builder) says(list map[string]located[string]) map[string]string {
	if len(list) == 0 {
		return nil
	}
	says := map[string]string{}
	for _, language := range slices.Sorted(maps.Keys(list)) {
		text := list[language]
		if !slices.Contains(Languages, language) {
			b.fail(text.line, "says has no language %q; it has %s",
				language, strings.Join(Languages, " and "))
		}
		says[language] = strings.TrimSpace(text.value)
	}
	return says
}

func (b *builder) checkClass(c fileClass) {
	if !idForm.MatchString(c.ID.value) {
		b.fail(c.ID.line, "class id %q: use lower-case letters, digits and underscores, "+
			"such as no_need", c.ID.value)
	}
	if strings.TrimSpace(c.Label) == "" {
		b.fail(c.ID.line, "class %q has no label", c.ID.value)
	}
	if len(c.Phrases) == 0 {
		b.fail(c.ID.line, "class %q has no phrases", c.ID.value)
	}
	if c.Review.line > 0 && !c.Review.value {
		b.odd = append(b.odd, Error{Line: c.Review.line, What: "review: false does nothing: " +
			"a person confirms every suspect before its number is frozen; remove the line"})
	}
}

func orTrue(b *bool) bool { return b == nil || *b }

func (b *builder) track(t located[string]) string {
	known := []string{TrackCustomer, TrackAgent, TrackBoth}
	switch {
	case t.value == "":
		return TrackCustomer
	case !slices.Contains(known, t.value):
		b.fail(t.line, "track %q: write customer, agent or both%s",
			t.value, fault.DidYouMean(t.value, known))
	}
	return t.value
}

func (b *builder) windows(c fileClass, class *Class) {
	var err error
	if class.First, err = seconds(c.First.value); err != nil {
		b.fail(c.First.line, "first %v", err)
	}
	if class.Last, err = seconds(c.Last.value); err != nil {
		b.fail(c.Last.line, "last %v", err)
	}
}

func (b *builder) reasons(list []fileText) []string {
	var reasons []string
	for _, t := range list {
		if !slices.Contains(Reasons, t.Text) {
			b.fail(t.Line, "despite %q: there is no such veto%s; there are %s",
				t.Text, fault.DidYouMean(t.Text, Reasons), strings.Join(Reasons, ", "))
		}
		reasons = append(reasons, t.Text)
	}
	return reasons
}

func (b *builder) checkWeight(weight float64, line int) {
	if !(weight > 0 && weight <= 1) {
		b.fail(line, "weight %v: use a number over 0 and up to 1", weight)
	}
}

func (b *builder) phrase(p filePhrase, class Class, weight float64) Phrase {
	mark := b.mark(p.fileText)
	if line, twice := b.seen[mark.Text]; twice && mark.Text != "" {
		b.fail(mark.Line, "phrase %q is there already, at line %d", mark.Text, line)
	}
	b.seen[mark.Text] = mark.Line
	phrase := Phrase{
		Text: mark.Text, Line: mark.Line, Pattern: mark.Pattern, Weight: weight, Whole: p.whole,
		Suffices: class.Suffices, Despite: class.Despite, Unless: b.marks(p.unless),
		Finds: b.sentences(p.finds), Skips: b.sentences(p.skips), Count: b.counts[mark.Text],
	}
	switch {
	case p.weight != nil:
		phrase.Weight = *p.weight
		b.checkWeight(phrase.Weight, p.Line)
	case phrase.Count != nil:
		phrase.Weight = phrase.Count.Weight
	}
	if p.suffices != nil {
		phrase.Suffices = *p.suffices
	}
	if p.despite != nil {
		phrase.Despite = b.reasons(p.despite)
	}
	return phrase
}

// sentences are the examples of a phrase, plain text and no patterns.
func (b *builder) sentences(list fileTexts) []Text {
	var sentences []Text
	for _, t := range list {
		if t.Text == "" {
			b.fail(t.Line, "an empty sentence")
		}
		sentences = append(sentences, Text(t))
	}
	return sentences
}

// mark reads a text as a pattern.
func (b *builder) mark(t fileText) Mark {
	m := Mark{Text: t.Text, Line: t.Line}
	switch length := utf8.RuneCountInString(t.Text); {
	case length == 0:
		b.fail(t.Line, "an empty text")
		return m
	case length > maxPattern:
		b.fail(t.Line, "a text of %d characters; the most is %d", length, maxPattern)
		return m
	}
	var err error
	if m.Pattern, err = parsePattern(t.Text, b.lists); err != nil {
		b.fail(t.Line, "%q: %v", t.Text, err)
	}
	b.count(m.Pattern.Wordings(), t.Line)
	return m
}

func (b *builder) count(wordings, line int) {
	if b.wordings <= maxAllWordings && b.wordings+wordings > maxAllWordings {
		b.fail(line, "the lexicon has more than %d wordings with all that patterns stand for; "+
			"use fewer alternatives", maxAllWordings)
	}
	b.wordings += wordings
}

func (b *builder) marks(list []fileText) []Mark {
	var marks []Mark
	for _, t := range list {
		marks = append(marks, b.mark(t))
	}
	return marks
}

// texts are the wordings of patterns without gaps.
func (b *builder) texts(list []fileText) []Text {
	var texts []Text
	for _, t := range list {
		m := b.mark(t)
		switch p := m.Pattern; {
		case p.gaps() || p.Begins || p.Ends:
			b.fail(t.Line, "%q: here only ( ), [ ] and < > have a meaning", t.Text)
		default:
			words, err := p.wordings()
			if err != nil {
				b.fail(t.Line, "%q: %v", t.Text, err)
			}
			for _, word := range words {
				texts = append(texts, Text{word, t.Line})
			}
		}
	}
	return texts
}

func (b *builder) vetoes(v fileVetoes) Vetoes {
	return Vetoes{
		Negated: b.before(v.Negated), Question: b.asked(v.Question),
		Condition: b.asked(v.Condition), Reported: b.before(v.Reported),
		Narrowed: b.marks(v.Narrowed), Deferred: b.marks(v.Deferred),
		Announcement: b.marks(v.Announcement), Hallucination: b.marks(v.Hallucination),
	}
}

// answers reads those of a lexicon whose classes have ids.
func (b *builder) answers(f *fileAnswers, ids map[string]int) *Answers {
	if f == nil {
		return nil
	}
	if _, known := ids[f.Class.Text]; !known {
		b.fail(f.Class.Line, "answers: class %q: name a class of this lexicon, which a no to an offer "+
			"means", f.Class.Text)
	}
	return &Answers{Class: f.Class.Text, No: b.texts(f.No), None: b.texts(f.None),
		Offer: b.marks(f.Offer), Other: b.marks(f.Other)}
}

func (b *builder) before(f fileBefore) Before {
	return Before{
		b.texts(f.Before), b.texts(f.Between), b.texts(f.Unless), b.texts(f.Far), b.marks(f.After),
	}
}

func (b *builder) asked(f fileQuestion) Asked {
	return Asked{b.texts(f.Before), b.texts(f.After), b.texts(f.Unless)}
}
