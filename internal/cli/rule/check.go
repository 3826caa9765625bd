package rule

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// ruleSetLine is rules that can be used, as JSON.
type ruleSetLine struct {
	File    string `json:"file"`
	Version string `json:"version"`
	Rules   int    `json:"rules"`
}

func newCheck(r *command) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Tell everything that is wrong with rules, with its line",
		Args: usage.SomeArgs("FILE"),
		Example: "  refrain rule show --shipped > rules.yaml    # begin with those that come " +
			"with Refrain\n  refrain rule check rules.yaml",
		RunE: r.Action(func(_ *cobra.Command, files []string) error {
			failed := 0
			for _, file := range files {
				good, err := r.check(file)
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

// check reports what is wrong with one file, or that it is good.
func (r *command) check(file string) (good bool, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		r.Errorf("%v", err)
		return false, nil
	}
	rules, err := calls.Parse(source)
	if err != nil {
		return false, r.problems(file, err)
	}
	if *r.format == output.JSON {
		return true, r.JSON(ruleSetLine{file, rules.Version, len(rules.Rules)})
	}
	return true, r.Println(fmt.Sprintf("%s is good: version %s, %d rules", file, rules.Version,
		len(rules.Rules)))
}

func (r *command) problems(file string, err error) error {
	problems, ok := errors.AsType[calls.Problems](err)
	if !ok {
		return err
	}
	for _, p := range problems {
		if *r.format == output.JSON {
			if err := r.JSON(output.Problem{File: file, Line: p.Line, Kind: "problem",
				Message: p.What}); err != nil {
				return err
			}
			continue
		}
		r.Errorf("%s: %s", position(file, p.Line), p.What)
	}
	return nil
}
