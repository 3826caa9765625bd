package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/calls"
)

// ruleSetLine is rules that can be used, as JSON.
type ruleSetLine struct {
	File    string `json:"file"`
	Version string `json:"version"`
	Rules   int    `json:"rules"`
}

func newRuleCheck(r *ruling) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Tell everything that is wrong with rules, with its line", Args: some("FILE"),
		Example: "  refrain rule show --shipped > rules.yaml    # begin with those that come with Refrain\n  refrain rule check rules.yaml",
		RunE: r.work(func(_ *cobra.Command, files []string) error {
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
			return failures(failed, len(files))
		}),
	}
}

// check tells what is wrong with one file, or that it is good.
func (r *ruling) check(file string) (good bool, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		r.complain("%v", err)
		return false, nil
	}
	rules, err := calls.Parse(source)
	if err != nil {
		return false, r.findings(file, err)
	}
	if *r.format == formatJSON {
		return true, r.json(ruleSetLine{file, rules.Version, len(rules.Rules)})
	}
	return true, r.println(fmt.Sprintf("%s is good: version %s, %d rules", file, rules.Version, len(rules.Rules)))
}

func (r *ruling) findings(file string, err error) error {
	problems, ok := errors.AsType[calls.Problems](err)
	if !ok {
		return err
	}
	for _, p := range problems {
		if *r.format == formatJSON {
			if err := r.json(problemLine{file, p.Line, "problem", p.What}); err != nil {
				return err
			}
			continue
		}
		r.complain("%s:%d: %s", file, p.Line, p.What)
	}
	return nil
}
