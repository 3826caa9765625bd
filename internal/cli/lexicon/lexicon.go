package lexicon

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `See, check and change what counts as a refusal.

A lexicon is a YAML file, or a folder with a file for each class; docs/lexicon.md tells
how to write one. 'check', 'show' and 'measure' need no server. 'learn' corrects
a lexicon by the reviewers' decisions. 'activate' makes a lexicon the one by which a
running server judges recordings from then on, without a restart; every verdict keeps
the version that gave it, and an earlier version can be activated again.`

const example = `  refrain lexicon show > mine.yaml
  refrain lexicon check mine.yaml
  refrain lexicon activate mine.yaml
  echo 我不感冒 | refrain match --explain`

// command is what the commands of lexicon share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain lexicon.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "lexicon", Short: "See, check and change what counts as a refusal",
		Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	l := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	cmd.AddCommand(newShow(l), newCheck(l), newList(l), newActivate(l), newMeasure(l), newLearn(l),
		newBacktest(l))
	return cmd
}
