package freeze

import (
	"cmp"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newRelease(f *command) *cobra.Command {
	req := &pb.ReleaseFreezeRequest{}
	cmd := &cobra.Command{
		Use: "release NUMBER --reason R", Short: "Let a number be called again",
		Args: usage.OneArg("NUMBER"),
		Example: "  refrain freeze release 13800138000 --reason \"the customer asked us to call " +
			"again\"",
		RunE: f.Action(func(cmd *cobra.Command, args []string) error {
			req.Target, req.RequestId = &pb.ReleaseFreezeRequest_Number{Number: args[0]},
				ulid.Make().String()
			return f.client.With(func(cl *client.Client) error {
				resp, err := cl.Freezes.ReleaseFreeze(cmd.Context(), req)
				if err != nil {
					return err
				}
				return f.printReleased(resp.GetFreezes())
			})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}

func (f *command) printReleased(freezes []*pb.Freeze) error {
	if *f.format == output.JSON {
		return f.print(freezes, false)
	}
	for _, z := range freezes {
		if err := f.Println(fmt.Sprintf("%s is released: %s (%s)", z.GetMaskedNumber(), z.GetName(),
			cmp.Or(z.GetClass(), z.GetRule(), z.GetReason()))); err != nil {
			return err
		}
	}
	return nil
}
