package rule

import (
	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newActivate(r *command) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use: "activate FILE | --version VERSION", Short: "Put rules in force for calls from now on",
		Args: cobra.MaximumNArgs(1),
		Example: "  refrain rule activate rules.yaml\n" +
			"  refrain rule activate --version shipped   # back to those that come with Refrain",
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version` of the server's list, "+
		"or shipped")
	cmd.RunE = r.Action(func(cmd *cobra.Command, args []string) error {
		if (version == "") == (len(args) == 0) {
			return usage.Errorf("name a file or, with --version, an earlier version")
		}
		req := &pb.ActivateRulesRequest{RequestId: ulid.Make().String(),
			Rules: &pb.ActivateRulesRequest_Version{Version: version}}
		if len(args) > 0 {
			source, err := readSource(args)
			if err != nil {
				return err
			}
			req.Rules = &pb.ActivateRulesRequest_Source{Source: source}
		}
		return r.client.With(func(cl *client.Client) error {
			resp, err := cl.Rules.ActivateRules(cmd.Context(), req)
			if err != nil {
				return r.sourceProblems(args, err)
			}
			return r.printVersion(resp.GetRules(), true)
		})
	})
	return cmd
}
