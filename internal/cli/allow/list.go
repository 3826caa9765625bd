package allow

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(a *command) *cobra.Command {
	req := &pb.ListAllowancesRequest{}
	var most client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List the allow list, newest first", Args: usage.NoArgs,
		Example: "  refrain allow list\n  refrain allow list --all",
		RunE: a.Action(func(cmd *cobra.Command, _ []string) error {
			return a.client.With(func(cl *client.Client) error {
				return a.list(cmd.Context(), cl, req, most)
			})
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only entries of this `number`")
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended")
	client.LimitFlag(cmd, &most, 0)
	return cmd
}

func (a *command) list(
	ctx context.Context, cl *client.Client, req *pb.ListAllowancesRequest, most client.Limit,
) error {
	rows := a.rows()
	return most.Pages(func(size int32, token string) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.Freezes.ListAllowances(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetAllowances()), resp.GetNextPageToken(), rows.Page(resp.GetAllowances())
	})
}

// Line is an entry of the allow list as JSON.
type Line struct {
	Allowance string          `json:"allowance"`
	Number    string          `json:"number"` // masked
	Active    bool            `json:"active"`
	Reason    string          `json:"reason"`
	From      *string         `json:"from"`
	Until     *string         `json:"until"`
	Actor     string          `json:"actor"`
	Release   *output.Release `json:"release"`
}

func newLine(w *pb.Allowance) Line {
	return Line{w.GetName(), w.GetMaskedNumber(), w.GetActive(), w.GetReason(),
		output.JSONTime(w.GetStartTime()), output.JSONTime(w.GetEndTime()),
		w.GetActor(), output.NewRelease(w.GetRelease())}
}

func (a *command) rows() *console.Listing[*pb.Allowance, Line] {
	return &console.Listing[*pb.Allowance, Line]{
		Console: a.Console, Format: *a.format, None: "no entries", Line: newLine,
		Columns: []string{"NUMBER", "REASON", "FROM", "UNTIL", "BY", "ACTIVE", "ALLOWANCE"},
		Row: func(w *pb.Allowance) []string {
			active := "ended"
			if w.GetActive() {
				active = "yes"
			}
			return []string{w.GetMaskedNumber(), output.Shorten(w.GetReason(), 40),
				output.TextTime(w.GetStartTime()), output.TextEnd(w.GetEndTime()), w.GetActor(), active,
				w.GetName()}
		},
	}
}
