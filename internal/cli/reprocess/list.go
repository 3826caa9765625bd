package reprocess

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(r *command) *cobra.Command {
	var most client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Args: usage.NoArgs,
		Example: "  refrain reprocess list\n  refrain reprocess list --limit 5 --format json",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			return r.client.With(func(cl *client.Client) error { return r.list(cmd.Context(), cl, most) })
		}),
	}
	client.LimitFlag(cmd, &most, 100)
	return cmd
}

func (r *command) list(ctx context.Context, cl *client.Client, most client.Limit) error {
	runs := r.runs()
	return most.Pages(func(size int32, token string) (int, string, error) {
		resp, err := cl.Batch.ListRuns(ctx, &pb.ListRunsRequest{PageSize: size, PageToken: token})
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetRuns()), resp.GetNextPageToken(), runs.Page(resp.GetRuns())
	})
}

func (r *command) runs() *console.Listing[*pb.Run, Line] {
	return &console.Listing[*pb.Run, Line]{
		Console: r.Console, Format: *r.format, None: "no runs", Line: newLine,
		Columns: []string{"RUN", "STATE", "CREATED", "BY", "LEXICON", "APPLY", "JUDGED", "GAINED", "LOST", "CLASS",
			"WAITING"},
		Row: func(run *pb.Run) []string {
			n := run.GetTally()
			return []string{runID(run), stateName(run), output.TextTime(run.GetCreateTime()), run.GetActor(),
				run.GetLexicon(), yes(run.GetApply()), fmt.Sprintf("%d/%d", run.GetDone(), run.GetTotal()),
				fmt.Sprint(n.GetGained()), fmt.Sprint(n.GetLost()), fmt.Sprint(n.GetOtherClass()),
				fmt.Sprint(n.GetWaiting())}
		},
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
