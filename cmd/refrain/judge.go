package main

import (
	"fmt"
	"os"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// newJudge is the judge that a server with this configuration goes by.
func newJudge(cfg config.Judging) (*keywords.Judge, error) {
	lex := lexicon.Default()
	if cfg.Lexicon != "" {
		source, err := os.ReadFile(cfg.Lexicon)
		if err != nil {
			return nil, fmt.Errorf("read the lexicon: %w", err)
		}
		if lex, err = lexicon.Parse(source); err != nil {
			return nil, fmt.Errorf("the lexicon %s: %w", cfg.Lexicon, err)
		}
	}
	return keywords.New(lex, keywords.Options{Threshold: cfg.Threshold})
}
