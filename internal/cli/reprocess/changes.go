package reprocess

import (
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

func newChanges(r *command) *cobra.Command {
	var kind, fate string
	var most client.Limit
	cmd := &cobra.Command{
		Use: "changes RUN", Short: "List which verdicts a run changes, or would",
		Args: usage.OneArg("RUN"),
		Example: "  refrain reprocess changes 01K3ABCDEFGHJKMNPQRSTVWXYZ --kind lost\n" +
			"  refrain reprocess changes 01K3ABCDEFGHJKMNPQRSTVWXYZ --fate waiting --format json",
	}
	cmd.Flags().StringVar(&kind, "kind", "", "only those of this `kind`: gained, lost, class or failed")
	cmd.Flags().StringVar(&fate, "fate", "", "only those of which this `became`: reported, applied, "+
		"waiting, kept, outdated or dropped")
	client.LimitFlag(cmd, &most, 100)
	cmd.Flags().Lookup("limit").Usage = "at most so `many`, in the order of their recordings; 0 for all"
	cmd.RunE = r.Action(func(cmd *cobra.Command, args []string) error {
		req, err := changesRequest(args[0], kind, fate)
		if err != nil {
			return err
		}
		return r.client.With(func(cl *client.Client) error {
			return r.changes(cmd.Context(), cl, req, most)
		})
	})
	return cmd
}

func changesRequest(run, kind, fate string) (*pb.ListRunChangesRequest, error) {
	k, known := pb.RunChange_Kind_value["KIND_"+strings.ToUpper(kind)]
	if kind != "" && (!known || k == 0) {
		return nil, usage.Errorf("--kind %q must be gained, lost, class or failed", kind)
	}
	f, known := pb.RunChange_Fate_value["FATE_"+strings.ToUpper(fate)]
	if fate != "" && (!known || f == 0) {
		return nil, usage.Errorf("--fate %q must be reported, applied, waiting, kept, outdated or dropped", fate)
	}
	return &pb.ListRunChangesRequest{Parent: runName(run), Kind: pb.RunChange_Kind(k),
		Fate: pb.RunChange_Fate(f)}, nil
}

func (r *command) changes(
	ctx context.Context, cl *client.Client, req *pb.ListRunChangesRequest, most client.Limit,
) error {
	rows := r.rows()
	return most.Pages(func(size int32, token string) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.Batch.ListRunChanges(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetChanges()), resp.GetNextPageToken(), rows.Page(resp.GetChanges())
	})
}

func (r *command) rows() *console.Listing[*pb.RunChange, ChangeLine] {
	return &console.Listing[*pb.RunChange, ChangeLine]{
		Console: r.Console, Format: *r.format, None: "no changes", Line: newChangeLine,
		Columns: []string{"CHANGE", "FATE", "CLASS", "BEFORE", "SCORE", "NUMBER", "CALL", "CALLED", "SAID"},
		Row: func(x *pb.RunChange) []string {
			return []string{output.EnumName(x.GetKind(), "KIND_"), output.EnumName(x.GetFate(), "FATE_"), x.GetClass(),
				x.GetClassBefore(), fmt.Sprintf("%.2f", x.GetScore()), x.GetMaskedNumber(), x.GetCallId(),
				output.TextTime(x.GetCallTime()), x.GetText()}
		},
	}
}
