package reveal

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Show the number of a call, a recording, a suspect or a freeze in full. It takes a key of
a supervisor, an auditor or an admin; that it was shown, to whom and why, is recorded
(refrain audit list --action reveal).`

// New makes refrain reveal.
func New(c *console.Console) *cobra.Command {
	req := &pb.RevealNumberRequest{}
	cmd := &cobra.Command{
		Use: "reveal NAME --reason R", Short: "Show one number in full, for the record", Long: help,
		Args:    usage.OneArg("NAME"),
		Example: "  refrain reveal suspects/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason \"calling back\"",
	}
	flags := client.AddFlags(c, cmd)
	flags.DataFlag(cmd)
	usage.ReasonFlag(cmd, &req.Reason)
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		req.Name = args[0]
		return flags.With(func(cl *client.Client) error {
			resp, err := cl.Reveal.RevealNumber(cmd.Context(), req)
			if err != nil {
				return err
			}
			return c.Println(resp.GetNumber())
		})
	})
	return cmd
}
