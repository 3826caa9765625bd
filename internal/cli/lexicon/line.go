package lexicon

import (
	"fmt"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// line is a lexicon as JSON.
type line struct {
	File    string `json:"file,omitempty"`
	Version string `json:"version"`
	Classes int    `json:"classes"`
	Phrases int    `json:"phrases"`
	// Sentences are those that phrases find or skip.
	Sentences int `json:"sentences"`
	// Measured is in how many lines the phrases were measured, 0 where they were not.
	Measured int `json:"measured"`
	// LearnedHere is from how many decisions its correction was learned, and LearnedOff says that
	// it has no say; left out without one.
	LearnedHere int  `json:"learned_here,omitempty"`
	LearnedOff  bool `json:"learned_off,omitempty"`
}

func newLine(file string, lex *lexicon.Lexicon) line {
	l := line{
		File: file, Version: lex.ID(), Classes: len(lex.Classes), Phrases: lex.Phrases(),
		Measured: lex.Measured.Lines(),
	}
	if c := lex.Correction; c != nil {
		l.LearnedHere, l.LearnedOff = c.Confirmed+c.Dismissed, c.Off
	}
	for _, class := range lex.Classes {
		for _, phrase := range class.Phrases {
			l.Sentences += len(phrase.Finds) + len(phrase.Skips)
		}
	}
	return l
}

// String tells people that a lexicon is good.
func (l line) String() string {
	text := fmt.Sprintf("%s is good: version %s, %d classes, %d phrases and patterns",
		l.File, l.Version, l.Classes, l.Phrases)
	if l.Sentences > 0 {
		text += fmt.Sprintf(", %d sentences found or skipped as they should be", l.Sentences)
	}
	if l.Measured > 0 {
		text += fmt.Sprintf(", measured in %d lines", l.Measured)
	}
	if l.LearnedHere > 0 {
		text += fmt.Sprintf(", learned from %d decisions here", l.LearnedHere)
	}
	if l.LearnedOff {
		text += " (off)"
	}
	return text
}
