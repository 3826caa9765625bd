package call

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(k *command) *cobra.Command {
	req := &pb.ListCallsRequest{}
	var since usage.Span
	var most client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List calls, newest first", Args: usage.NoArgs,
		Example: "  refrain call list --number 13800138000\n" +
			"  refrain call list --since 2026-03-02T00:00:00+08:00 --limit 0",
		RunE: k.Action(func(cmd *cobra.Command, _ []string) error {
			var err error
			if req.StartTime, _, err = since.Read(); err != nil {
				return err
			}
			return k.client.With(func(cl *client.Client) error {
				return k.list(cmd.Context(), cl, req, most)
			})
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only calls to this `number`")
	usage.SameNumberFlag(cmd, &req.SameNumberAs)
	since.Since(cmd, "only calls that began")
	client.LimitFlag(cmd, &most, 100)
	return cmd
}

func (k *command) list(
	ctx context.Context, cl *client.Client, req *pb.ListCallsRequest, most client.Limit,
) error {
	rows := k.rows()
	return most.Pages(func(size int32, token string) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.Calls.ListCalls(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetCalls()), resp.GetNextPageToken(), rows.Page(resp.GetCalls())
	})
}

func (k *command) rows() *console.Listing[*pb.Call, Line] {
	return &console.Listing[*pb.Call, Line]{
		Console: k.Console, Format: *k.format, None: "no calls", Line: newLine,
		Columns: []string{"CALL", "NUMBER", "AGENT", "LINE", "START", "OUTCOME", "TALK", "CODE"},
		Row: func(c *pb.Call) []string {
			return []string{c.GetCallId(), c.GetMaskedNumber(), c.GetAgent(), c.GetLine(),
				output.TextTime(c.GetStartTime()), outcomeName(c), talkText(c), c.GetCode()}
		},
	}
}
