package keywords

import (
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// Check reads a lexicon as Parse and New would, and tells all that is wrong with it,
// by line. What is merely odd comes as hints: a lexicon with hints alone can be used.
// lex is nil where anything is wrong.
func Check(source []byte) (lex *lexicon.Lexicon, wrong, hints []lexicon.Error) {
	lex, err := lexicon.Parse(source)
	if err != nil {
		return nil, lexicon.Errors(err), nil
	}
	j, err := New(lex, Options{Exact: true, Unlearned: true})
	if err != nil {
		return nil, lexicon.Errors(err), nil
	}
	if wrong := j.examples(); len(wrong) > 0 {
		return nil, wrong, nil
	}
	return lex, nil, append(slices.Clone(lex.Odd), j.hints()...)
}

// hints tells of phrases that can never be hit: another of their class is always found
// in their place, or the lexicon's own vetoes remove them.
func (j *Judge) hints() []lexicon.Error {
	var list []lexicon.Error
	for _, class := range j.lex.Classes {
		if class.Track == lexicon.TrackAgent {
			continue
		}
		for _, phrase := range class.Phrases {
			if !phrase.Pattern.Plain() {
				continue
			}
			if hint := j.hint(phrase); hint != "" {
				list = append(list, lexicon.Error{Line: phrase.Line, What: hint})
			}
		}
	}
	return list
}

// hint tries the phrase alone and in the midst of a clause.
func (j *Judge) hint(phrase lexicon.Phrase) string {
	hint := j.hintIn(phrase, "%s")
	if hint == "" || phrase.Whole || phrase.Pattern.Begins || phrase.Pattern.Ends {
		return hint
	}
	return j.hintIn(phrase, "甲%s乙")
}

func (j *Judge) hintIn(phrase lexicon.Phrase, frame string) string {
	e := j.Explain(fmt.Sprintf(frame, phrase.Text))
	for _, step := range e.Steps {
		if step.Line == phrase.Line {
			if step.Veto == nil {
				return ""
			}
			return fmt.Sprintf("phrase %q never counts: %s because of %q", phrase.Text, step.Veto.Reason, step.Veto.Text)
		}
	}
	for _, step := range e.Steps {
		if step.Text == phrase.Text {
			return fmt.Sprintf("phrase %q is hit as %q at line %d already", phrase.Text, step.Phrase, step.Line)
		}
	}
	return ""
}
