package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

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
		r.complain("%s: %s", placeIn(file, p.Line), p.What)
	}
	return nil
}

// placeIn names a line of a file, or the file alone where it is all of it.
func placeIn(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// wrongSource tells what a server found wrong with the rules in a file, as check does.
// It passes other errors on.
func (r *ruling) wrongSource(file []string, err error) error {
	remote, ok := errors.AsType[*remoteError](err)
	if !ok || len(file) == 0 || len(remote.fields) == 0 || remote.fields[0].field != "source" {
		return err
	}
	for _, v := range remote.fields {
		var line int
		what := v.problem
		if n, _ := fmt.Sscanf(what, "line %d:", &line); n == 1 {
			_, what, _ = strings.Cut(what, ": ")
		}
		r.complain("%s: %s", placeIn(file[0], line), what)
	}
	return failures(1, 1)
}
