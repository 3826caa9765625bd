package lexicon

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

const checkHelp = `Tell everything that is wrong with a lexicon, with its line.

A lexicon is a file, or a folder with a file for each class. Beside its form, the
sentences of its phrases are tried: each must be found by its phrase (finds), or count
for none (skips).`

func newCheck(l *command) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Tell everything that is wrong with a lexicon, with its line",
		Long: checkHelp, Args: cobra.MinimumNArgs(1),
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
	source, err := lexicon.Read(file)
	if err != nil {
		l.Errorf("%s: %v", file, err)
		return false, nil
	}
	lex, wrong, hints := keywords.Check(source.Text)
	err = errors.Join(l.report(file, "problem", source, wrong),
		l.report(file, "hint", source, hints))
	if err != nil || lex == nil {
		return false, err
	}
	line := newLine(file, lex)
	if *l.format == output.JSON {
		return true, l.JSON(line)
	}
	return true, l.Println(line.String())
}

// report reports findings line by line.
func (l *command) report(name, kind string, source lexicon.Source, list []lexicon.Error) error {
	for _, f := range list {
		f = source.Locate(f)
		file := filepath.Join(name, f.File)
		if *l.format != output.JSON {
			l.Errorf("%s:%d: %s: %s", file, f.Line, kind, f.What)
			continue
		}
		err := l.JSON(output.Problem{File: file, Line: f.Line, Kind: kind, Message: f.What})
		if err != nil {
			return err
		}
	}
	return nil
}
