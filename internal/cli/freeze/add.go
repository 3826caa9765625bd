package freeze

import (
	"cmp"
	"context"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newAdd(f *command) *cobra.Command {
	var end usage.End
	req := &pb.CreateFreezeRequest{}
	cmd := &cobra.Command{
		Use: "add NUMBER --reason R", Short: "Freeze a number", Args: usage.OneArg("NUMBER"),
		Example: "  refrain freeze add 13800138000 --reason \"asked us in a letter\" --for 180d\n" +
			"  refrain freeze add 13800138000 --reason \"has a loan already\" --line loans",
	}
	usage.ReasonFlag(cmd, &req.Reason)
	cmd.Flags().StringVar(&req.Line, "line", "", "only calls on this `line`; without it, all")
	end.Flags(cmd, "without it, until released")
	cmd.RunE = f.Action(func(cmd *cobra.Command, args []string) error {
		period, until, err := end.Read()
		if err != nil {
			return err
		}
		req.Number, req.RequestId = args[0], ulid.Make().String()
		switch {
		case period != nil:
			req.End = &pb.CreateFreezeRequest_Period{Period: period}
		case until != nil:
			req.End = &pb.CreateFreezeRequest_EndTime{EndTime: until}
		}
		return f.change(cmd.Context(), func(ctx context.Context, cl *client.Client) (*pb.Freeze,
			error) {
			resp, err := cl.Freezes.CreateFreeze(ctx, req)
			return resp.GetFreeze(), err
		})
	})
	return cmd
}

// change makes one change and prints the freeze.
func (f *command) change(
	ctx context.Context, do func(context.Context, *client.Client) (*pb.Freeze, error),
) error {
	return f.client.With(func(cl *client.Client) error {
		z, err := do(ctx, cl)
		if err != nil {
			return err
		}
		if *f.format == output.JSON {
			return f.JSON(newLine(z))
		}
		until := "until somebody releases it"
		if z.GetEndTime() != nil {
			until = "until " + output.TextEnd(z.GetEndTime())
		}
		return f.Println(fmt.Sprintf("%s is frozen %s: %s", cmp.Or(z.GetMaskedNumber(), erasedNumber), until,
			z.GetName()))
	})
}
