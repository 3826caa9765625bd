package config

import (
	"fmt"
	"os"

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
