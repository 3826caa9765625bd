package rule

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `See, check, try and change the rules over how often a number is called.

Rules are a YAML file; docs/rules.md tells how to write one. 'check' needs no server.
'test' says what rules would have done with the calls of a past time, and changes
nothing. 'activate' puts rules in force for calls that start from then on.`

const example = `  refrain rule list
  refrain rule show > rules.yaml
  refrain rule check rules.yaml
  refrain rule test rules.yaml --last 30d
  refrain rule activate rules.yaml`

// command is what the commands of rule share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain rule.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "rule", Short: "See, check, try and change the rules over calls",
		Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	r := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	cmd.AddCommand(newList(r), newShow(r), newCheck(r), newTest(r), newActivate(r), newVersions(r))
	return cmd
}

func (r *command) get(ctx context.Context, version string) (resp *pb.GetRulesResponse, err error) {
	err = r.client.With(func(cl *client.Client) error {
		resp, err = cl.Rules.GetRules(ctx, &pb.GetRulesRequest{Version: version})
		return err
	})
	return resp, err
}
