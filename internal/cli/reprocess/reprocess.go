package reprocess

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Judge past calls again: what was heard in them, by the lexicon in force, or with --try
by one in a file, which is not put in force.

Nothing changes unless --apply is given: the run tells which calls would become suspects
(gained), which would be none any more (lost) and which would be suspects of another class.
With --apply the new verdicts are stored and suspects opened, --cap a day for all runs
together; the rest waits for the next days. What reviewers have decided is never touched. A
suspect that waits for a decision rests on the new verdict. A freeze of a suspect that a
run opened counts from the call, not from the decision.

The run is the server's: it goes on when this command is interrupted, and after a restart.
Runs are carried out one after the other, behind live work. --speech hears the calls again
first, with the model that the server has now; that takes as long as hearing takes.

JSON: {"run","state","apply","speech","lexicon","selection","total","done","tally",...}, and
of changes {"recording","call_id","number","kind","fate","class","score","class_before",
"score_before","text","suspect",...}. Numbers are masked, also in what was said.

Exit codes: 0 done, 1 failed, 2 wrong use.`

const example = `  refrain reprocess                                   what would change, for all calls
  refrain reprocess --since 2026-02-01T00:00:00+08:00 --class not_interested
  refrain reprocess --lexicon zh-2026.3 --apply --cap 100
  refrain reprocess --try mine.yaml                   what another lexicon would make of them
  refrain reprocess list
  refrain reprocess changes 01K3ABCDEFGHJKMNPQRSTVWXYZ --kind gained`

// command is what the commands of reprocess share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain reprocess.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "reprocess", Short: "Judge past calls again, and tell what changes",
		Long: help, Example: example, Args: usage.NoArgs}
	r := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	r.addCreate(cmd)
	cmd.AddCommand(newList(r), newShow(r), newPause(r), newResume(r), newCancel(r), newChanges(r))
	return cmd
}

// runName accepts a run's name or its bare id.
func runName(s string) string { return client.ResourceName("runs", s) }
