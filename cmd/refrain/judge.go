package main

import (
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
)

// newJudge is the judge that a server with this configuration goes by.
func newJudge(cfg config.Judging) (*keywords.Judge, error) {
	lex, err := cfg.ReadLexicon()
	if err != nil {
		return nil, err
	}
	return keywords.New(lex, keywords.Options{Threshold: cfg.Threshold})
}
