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
	return most.Pages(func(size int32, token string, first bool) (int, string, error) {
		resp, err := cl.Batch.ListRuns(ctx, &pb.ListRunsRequest{PageSize: size, PageToken: token})
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetRuns()), resp.GetNextPageToken(), r.printRuns(resp.GetRuns(), first)
	})
}

func (r *command) printRuns(runs []*pb.Run, head bool) error {
	if *r.format == output.JSON {
		return console.JSONLines(r.Console, runs, newLine)
	}
	if head && len(runs) == 0 {
		return r.Println("no runs")
	}
	var t output.Table
	if head {
		t.Add("RUN", "STATE", "CREATED", "BY", "LEXICON", "APPLY", "JUDGED", "GAINED", "LOST", "CLASS", "WAITING")
	}
	for _, run := range runs {
		n := run.GetTally()
		t.Add(runID(run), stateName(run), output.TextTime(run.GetCreateTime()), run.GetActor(),
			run.GetLexicon(), yes(run.GetApply()), fmt.Sprintf("%d/%d", run.GetDone(), run.GetTotal()),
			fmt.Sprint(n.GetGained()), fmt.Sprint(n.GetLost()), fmt.Sprint(n.GetOtherClass()),
			fmt.Sprint(n.GetWaiting()))
	}
	return t.Write(r.Out)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
