package config

import (
	"fmt"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// ReadLexicon is the lexicon in the file or folder that the configuration names, or the default
// one where it names none.
func (j Judging) ReadLexicon() (*lexicon.Lexicon, error) {
	if j.Lexicon == "" {
		return lexicon.Default(), nil
	}
	lex, err := lexicon.Load(j.Lexicon)
	if err != nil {
		return nil, fmt.Errorf("the lexicon %s: %w", j.Lexicon, err)
	}
	return lex, nil
}

// NewJudge is the judge that a server with this configuration begins with.
func (j Judging) NewJudge() (*keywords.Judge, error) {
	lex, err := j.ReadLexicon()
	if err != nil {
		return nil, err
	}
	return keywords.New(lex, keywords.Options{Threshold: j.Threshold})
}
