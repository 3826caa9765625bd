package freeze

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Freeze numbers, so that they may not be called until a time, and release them.

Releasing ends every freeze that stands on a number, and needs a reason. Nothing is
deleted: a release is an entry of its own in the ledger, which 'verify' proves.`

const example = `  refrain freeze add 13800138000 --reason "asked us in a letter" --for 180d
  refrain freeze list
  refrain freeze list --number 13800138000 --all --format json
  refrain freeze release 13800138000 --reason "the customer asked us to call again"
  refrain freeze export --out freezes.csv
  refrain freeze verify`

// command is what the commands of freeze share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain freeze.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "freeze", Short: "Freeze, list and release numbers", Long: help,
		Example: example}
	usage.RequireSubcommand(cmd)
	f := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	cmd.AddCommand(newList(f), newAdd(f), newExtend(f), newRelease(f), newImport(f), newExport(f),
		newVerify(f))
	return cmd
}

// reasons are what can have made a freeze.
var reasons = []string{string(freeze.Refused), string(freeze.Ruled), string(freeze.Manual),
	string(freeze.Complained), string(freeze.Imported)}

func checkReason(reason string) error {
	if reason != "" && !slices.Contains(reasons, reason) {
		return usage.Errorf("--reason %q is no reason of a freeze; use %s", reason,
			strings.Join(reasons, ", "))
	}
	return nil
}
