package lexicon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/lexicon/measure"
)

const measureHelp = `Count in how many lines each phrase of a lexicon is found, and let that
decide what it weighs.

Two kinds of lines are needed. Labelled ones are tables (.tsv) of utterances that a
person judged, in the form of keywords/testdata/labelled. Ordinary talk is text (.txt),
an utterance a line, in which nearly nobody refuses: your own transcripts of calls about
other things serve best. Only numbers are kept, no line of either.

The counts and weights are written into the file itself, under measured, or into
measured.yaml of a folder. A phrase that weighs less than 0.5 makes nobody a suspect
alone. A weight written beside a phrase by hand stays as it is.`

func newMeasure(l *command) *cobra.Command {
	m := measuring{command: l}
	cmd := &cobra.Command{
		Use:   "measure FILE --labelled FILES --ordinary FOLDER",
		Short: "Let counts in labelled and ordinary talk decide what each phrase weighs",
		Long:  measureHelp, Args: cobra.ExactArgs(1),
		Example: "  refrain lexicon measure mine.yaml --labelled tune/ --ordinary talk/",
	}
	cmd.Flags().StringSliceVar(&m.labelled, "labelled", nil,
		"tables of labelled utterances, or folders of them")
	cmd.Flags().StringSliceVar(&m.ordinary, "ordinary", nil,
		"text files of ordinary talk, or folders of them")
	cmd.RunE = l.Action(func(_ *cobra.Command, args []string) error {
		if len(m.labelled) == 0 || len(m.ordinary) == 0 {
			return usage.Errorf("name the labelled utterances (--labelled) and the ordinary talk " +
				"(--ordinary): what a phrase weighs can't be told from one of them")
		}
		return m.run(args[0])
	})
	return cmd
}

// measuring is one run of lexicon measure.
type measuring struct {
	*command
	labelled, ordinary []string
}

func (m *measuring) run(name string) error {
	source, err := lexicon.Read(name)
	if err != nil {
		return err
	}
	counter, err := measure.New(source.Text)
	if err != nil {
		return fmt.Errorf("the lexicon %s: %w", name, source.Trace(err))
	}
	if err := read(m.labelled, "*.tsv", counter.Labelled); err != nil {
		return err
	}
	if err := read(m.ordinary, "*.txt", counter.Ordinary); err != nil {
		return err
	}
	if err := lexicon.SetMeasured(name, counter.Measured()); err != nil {
		return err
	}
	return m.summarise(name)
}

// read reads all files, and those of folders whose names match the pattern.
func read(names []string, pattern string, from func(io.Reader) error) error {
	for _, name := range names {
		files := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(name, pattern)); err != nil {
				return err
			}
			if len(files) == 0 {
				return fmt.Errorf("the folder %s has no %s", name, pattern)
			}
		}
		for _, file := range files {
			if err := readFile(file, from); err != nil {
				return err
			}
		}
	}
	return nil
}

func readFile(name string, from func(io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	if err = from(file); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return errors.Join(err, file.Close())
}

// CountLine is what was measured of a phrase as JSON.
type CountLine struct {
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Class    string  `json:"class"`
	Phrase   string  `json:"phrase"`
	Refusals int     `json:"refusals"`
	Others   int     `json:"others"`
	Ordinary int     `json:"ordinary"`
	Weight   float64 `json:"weight"`
}

// enough is the weight from which on a phrase alone makes a suspect.
const enough = 0.5

// summarise tells what the lexicon now weighs: for people only what weighs too little alone.
func (m *measuring) summarise(name string) error {
	source, err := lexicon.Read(name)
	if err != nil {
		return err
	}
	lex, err := lexicon.Parse(source.Text)
	if err != nil {
		return source.Trace(err)
	}
	weak := 0
	for _, class := range lex.Classes {
		for _, p := range class.Phrases {
			at := source.Locate(lexicon.Error{Line: p.Line})
			line := CountLine{
				filepath.Join(name, at.File), at.Line, class.ID, p.Text,
				p.Count.Refusals, p.Count.Others, p.Count.Ordinary, p.Weight,
			}
			if line.Weight < enough {
				weak++
			}
			if err := m.tellCount(line); err != nil {
				return err
			}
		}
	}
	if *m.format == output.JSON {
		return nil
	}
	return m.Println(fmt.Sprintf("%s: %d phrases measured in %d refusals, %d others and %d lines "+
		"of ordinary talk; %d weigh too little alone", name, lex.Phrases(), lex.Measured.Refusals,
		lex.Measured.Others, lex.Measured.Ordinary, weak))
}

func (m *measuring) tellCount(c CountLine) error {
	switch {
	case *m.format == output.JSON:
		return m.JSON(c)
	case c.Weight >= enough:
		return nil
	}
	return m.Println(fmt.Sprintf(
		"%s:%d: weighs %.2f, found in %d refusals, %d others and %d lines of ordinary talk: %s",
		c.File, c.Line, c.Weight, c.Refusals, c.Others, c.Ordinary, c.Phrase))
}
