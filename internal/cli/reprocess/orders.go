package reprocess

import (
	"context"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// ofRun makes a command that takes a run and prints it as it is then.
func (r *command) ofRun(
	use, short string, ask func(ctx context.Context, cl *client.Client, name, request string) (*pb.Run, error),
) *cobra.Command {
	return &cobra.Command{
		Use: use + " RUN", Short: short, Args: usage.OneArg("RUN"),
		Example: "  refrain reprocess " + use + " 01K3ABCDEFGHJKMNPQRSTVWXYZ",
		RunE: r.Action(func(cmd *cobra.Command, args []string) error {
			return r.client.With(func(cl *client.Client) error {
				run, err := ask(cmd.Context(), cl, runName(args[0]), ulid.Make().String())
				if err != nil {
					return err
				}
				return r.printRun(run)
			})
		}),
	}
}

func newShow(r *command) *cobra.Command {
	return r.ofRun("show", "Show how far a run has come and what it found",
		func(ctx context.Context, cl *client.Client, name, _ string) (*pb.Run, error) {
			resp, err := cl.Batch.GetRun(ctx, &pb.GetRunRequest{Name: name})
			return resp.GetRun(), err
		})
}

func newPause(r *command) *cobra.Command {
	return r.ofRun("pause", "Have a run wait until it is resumed",
		func(ctx context.Context, cl *client.Client, name, request string) (*pb.Run, error) {
			resp, err := cl.Batch.PauseRun(ctx, &pb.PauseRunRequest{Name: name, RequestId: request})
			return resp.GetRun(), err
		})
}

func newResume(r *command) *cobra.Command {
	return r.ofRun("resume", "Let a paused run go on where it was",
		func(ctx context.Context, cl *client.Client, name, request string) (*pb.Run, error) {
			resp, err := cl.Batch.ResumeRun(ctx, &pb.ResumeRunRequest{Name: name, RequestId: request})
			return resp.GetRun(), err
		})
}

func newCancel(r *command) *cobra.Command {
	return r.ofRun("cancel", "Give a run up; what it has stored stays",
		func(ctx context.Context, cl *client.Client, name, request string) (*pb.Run, error) {
			resp, err := cl.Batch.CancelRun(ctx, &pb.CancelRunRequest{Name: name, RequestId: request})
			return resp.GetRun(), err
		})
}
