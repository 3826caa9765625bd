package review

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Review suspects: calls in which the customer seems to have refused.

Confirming a suspect freezes its number at once; dismissing lets it go. Both are
final for this round: revert takes a decision back, releases its freeze, and opens
the suspect again. Everything is kept with the name of whoever did it: see --as.

Some suspects are blind: what was found is hidden until they are decided, and in some
nothing was found; they were chosen by chance to learn what is missed. Some decided
calls are put before another reviewer. refrain report tells what comes of both.`

const example = `  refrain review list
  refrain review show 01K3ABCDEFGHJKMNPQRSTVWXYZ
  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ --class stop_calling --note "asked twice"
  refrain review dismiss 01K3ABCDEFGHJKMNPQRSTVWXYZ --note "it was the radio"
  refrain review revert 01K3ABCDEFGHJKMNPQRSTVWXYZ --reason "wrong customer"`

// command is what the commands of review share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain review.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "List, confirm and dismiss suspects", Long: help,
		Example: example}
	usage.RequireSubcommand(cmd)
	r := &command{Console: c, client: client.AddFlags(c, cmd), format: output.FormatFlag(cmd)}
	cmd.AddCommand(newList(r), newShow(r), newConfirm(r), newDismiss(r), newRevert(r))
	return cmd
}

// with runs f with a connection.
func (r *command) with(f func(cl *client.Client) error) error { return r.client.With(f) }

// suspectName accepts a suspect's name or its bare id.
func suspectName(s string) string {
	if strings.Contains(s, "/") {
		return s
	}
	return "suspects/" + s
}

// SuspectID is the id in a suspect's name, as users type it.
func SuspectID(name string) string { return strings.TrimPrefix(name, "suspects/") }
