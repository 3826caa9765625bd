package freeze

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(f *command) *cobra.Command {
	req := &pb.ListFreezesRequest{}
	var most client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List freezes, newest first", Args: usage.NoArgs,
		Example: "  refrain freeze list --limit 20\n" +
			"  refrain freeze list --number 13800138000 --all\n" +
			"  refrain freeze list --reason rule --rule rejected-or-short",
		RunE: f.Action(func(cmd *cobra.Command, _ []string) error {
			if err := checkReason(req.GetReason()); err != nil {
				return err
			}
			return f.client.With(func(cl *client.Client) error {
				return f.list(cmd.Context(), cl, req, most)
			})
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only those of this `number`")
	usage.SameNumberFlag(cmd, &req.SameNumberAs)
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended or were released")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "only with this `reason`: "+
		strings.Join(reasons, ", "))
	cmd.Flags().StringVar(&req.Class, "class", "", "only after a refusal of this `class`")
	cmd.Flags().StringVar(&req.Line, "line", "", "only those of this `line`")
	cmd.Flags().StringVar(&req.Rule, "rule", "", "only those of this `rule`")
	client.LimitFlag(cmd, &most, 0)
	return cmd
}

func (f *command) list(
	ctx context.Context, cl *client.Client, req *pb.ListFreezesRequest, most client.Limit,
) error {
	rows := f.rows()
	return most.Pages(func(size int32, token string) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.Freezes.ListFreezes(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetFreezes()), resp.GetNextPageToken(), rows.Page(resp.GetFreezes())
	})
}

func (f *command) rows() *console.Listing[*pb.Freeze, Line] {
	return &console.Listing[*pb.Freeze, Line]{
		Console: f.Console, Format: *f.format, None: "no freezes", Line: newLine,
		Columns: []string{"NUMBER", "REASON", "CLASS OR RULE", "FROM", "UNTIL", "ACTIVE", "LINE", "BY", "CALL",
			"FREEZE"},
		Row: func(z *pb.Freeze) []string {
			return []string{cmp.Or(z.GetMaskedNumber(), "erased"), z.GetReason(), cmp.Or(z.GetClass(), z.GetRule()),
				output.TextTime(z.GetStartTime()), cmp.Or(output.TextEnd(z.GetEndTime()), "no end"),
				f.state(z), cmp.Or(z.GetLine(), "all"), z.GetActor(),
				cmp.Or(z.GetCallId(), strings.Join(z.GetCallIds(), " ")),
				strings.TrimPrefix(z.GetName(), "freezes/")}
		},
	}
}

// state says in a few words whether a freeze still counts.
func (f *command) state(z *pb.Freeze) string {
	switch r := z.GetRelease(); {
	case r != nil:
		return fmt.Sprintf("released by %s: %s", r.GetActor(), output.Shorten(r.GetReason(), 30))
	case z.GetActive():
		return "yes"
	case z.GetStartTime().AsTime().After(f.Now()):
		return "not yet"
	}
	return "ended"
}
