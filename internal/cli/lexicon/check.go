package lexicon

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

func newCheck(l *command) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Tell everything that is wrong with a lexicon, with its line",
		Args: cobra.MinimumNArgs(1),
		Example: "  refrain lexicon show > mine.yaml      # begin with the one that comes with " +
			"Refrain\n  refrain lexicon check mine.yaml",
		RunE: l.Action(func(_ *cobra.Command, files []string) error {
			failed := 0
			for _, file := range files {
				good, err := l.check(file)
				if err != nil {
					return err
				}
				if !good {
					failed++
				}
			}
			return console.Failures(failed, len(files))
		}),
	}
}

// check reports what is wrong with one file, or that it is good, and what is odd in it.
func (l *command) check(file string) (good bool, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		l.Errorf("%v", err)
		return false, nil
	}
	lex, wrong, hints := keywords.Check(source)
	if err := errors.Join(l.report(file, "problem", wrong),
		l.report(file, "hint", hints)); err != nil || lex == nil {
		return false, err
	}
	line := line{File: file, Version: lex.ID(), Classes: len(lex.Classes), Phrases: lex.Phrases()}
	if *l.format == output.JSON {
		return true, l.JSON(line)
	}
	return true,
		l.Println(fmt.Sprintf("%s is good: version %s, %d classes, %d phrases and patterns", file,
			line.Version, line.Classes, line.Phrases))
}

// report reports findings line by line.
func (l *command) report(file, kind string, findings []lexicon.Error) error {
	for _, f := range findings {
		if *l.format == output.JSON {
			if err := l.JSON(output.Problem{File: file, Line: f.Line, Kind: kind,
				Message: f.What}); err != nil {
				return err
			}
			continue
		}
		l.Errorf("%s:%d: %s: %s", file, f.Line, kind, f.What)
	}
	return nil
}
