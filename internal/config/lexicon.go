package config

import (
	"fmt"
	"os"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// ReadLexicon is the lexicon in the file that the configuration names, or the default
// one where it names none.
func (j Judging) ReadLexicon() (*lexicon.Lexicon, error) {
	if j.Lexicon == "" {
		return lexicon.Default(), nil
	}
	source, err := os.ReadFile(j.Lexicon)
	if err != nil {
		return nil, fmt.Errorf("read the lexicon: %w", err)
	}
	lex, err := lexicon.Parse(source)
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
