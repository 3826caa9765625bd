package freeze

import (
	"context"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newExtend(f *command) *cobra.Command {
	var end usage.End
	req := &pb.ExtendFreezeRequest{}
	cmd := &cobra.Command{
		Use: "extend FREEZE --reason R", Short: "Move the end of a freeze to a later time",
		Args: usage.OneArg("FREEZE"),
		Example: "  refrain freeze extend freezes/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --for 90d --reason " +
			"\"asked again to be left alone\"",
	}
	usage.ReasonFlag(cmd, &req.Reason)
	end.Flags(cmd, "counted from now; without it, until released")
	cmd.RunE = f.Action(func(cmd *cobra.Command, args []string) error {
		period, until, err := end.Read()
		if err != nil {
			return err
		}
		req.Name, req.RequestId = client.ResourceName("freezes", args[0]), ulid.Make().String()
		switch {
		case period != nil:
			req.End = &pb.ExtendFreezeRequest_Period{Period: period}
		case until != nil:
			req.End = &pb.ExtendFreezeRequest_EndTime{EndTime: until}
		}
		return f.change(cmd.Context(), func(ctx context.Context, cl *client.Client) (*pb.Freeze,
			error) {
			resp, err := cl.Freezes.ExtendFreeze(ctx, req)
			return resp.GetFreeze(), err
		})
	})
	return cmd
}
