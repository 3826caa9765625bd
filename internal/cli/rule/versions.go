package rule

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newVersions(r *command) *cobra.Command {
	return &cobra.Command{
		Use: "versions", Short: "List which rules were in force since when, newest first",
		Args: usage.NoArgs, Example: "  refrain rule versions",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			return r.client.With(func(cl *client.Client) error {
				return r.versions(cmd.Context(), cl)
			})
		}),
	}
}

func (r *command) versions(ctx context.Context, cl *client.Client) error {
	active := true // of a version that was activated several times the last activation is
	return client.Limit(0).Pages(func(size int32, token string) (int, string, error) {
		resp, err := cl.Rules.ListRuleVersions(ctx,
			&pb.ListRuleVersionsRequest{PageSize: size, PageToken: token})
		if err != nil {
			return 0, "", err
		}
		for _, v := range resp.GetVersions() {
			if err := r.printVersion(v, active && v.GetActive()); err != nil {
				return 0, "", err
			}
			active = active && !v.GetActive()
		}
		return len(resp.GetVersions()), resp.GetNextPageToken(), nil
	})
}

func (r *command) printVersion(v *pb.RuleSet, active bool) error {
	if *r.format == output.JSON {
		return r.JSON(output.NewActivation(v.GetVersion(), active, v.GetActivateTime(),
			v.GetActor()))
	}
	text := v.GetVersion() + "  comes with Refrain"
	if v.GetActivateTime() != nil {
		text = fmt.Sprintf("%s  activated %s by %s", v.GetVersion(),
			output.TextTime(v.GetActivateTime()),
			cmp.Or(v.GetActor(), "Refrain, which it comes with"))
	}
	if active {
		text += "  (active)"
	}
	return r.Println(text)
}
