package recording

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `See recordings and how far they have come, get their audio; try again what was given up.

A recording is queued, running, done or parked. Parked ones were given up: list tells
why, their audio is kept, and retry has them heard again once the cause is mended.`

const example = `  refrain recording list --state parked
  refrain recording list --source pbx-2 --line trunk-7 --limit 20
  refrain recording show 01K3ABCDEFGHJKMNPQRSTVWXYZ
  refrain recording audio 01K3ABCDEFGHJKMNPQRSTVWXYZ --out call.wav
  refrain recording retry --all-parked --reason SPEECH_PROCESS_DIED`

// command is what the commands of recording share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain recording.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "recording", Short: "See recordings, get their audio, try again what was given up",
		Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	k := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	cmd.AddCommand(newList(k), newShow(k), newAudio(k), newRetry(k))
	return cmd
}

// name accepts a recording's name or its bare id.
func name(arg string) string { return client.ResourceName("recordings", arg) }
