package call

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Report calls, so that the rules count them.

A call is known by its id. Reporting the same again changes nothing; a later report
with a higher revision corrects it. Say how it ended with an outcome (answered,
rejected, no_answer, busy, unreachable, voicemail, cancelled, failed, invalid_number),
or with the code of your switch, which the server translates.`

const example = `  refrain call report 4711 --number 13800138000 --start 2026-03-02T09:15:00+08:00 --outcome rejected
  refrain call report 4712 --number 13800138000 --start 2026-03-02T09:20:00+08:00 --sip 486
  refrain call import cdr.csv`

// command is what the commands of call share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain call.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "call", Short: "Report calls, so that the rules count them",
		Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	k := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	cmd.AddCommand(newReport(k), newImport(k), newShow(k), newList(k))
	return cmd
}
