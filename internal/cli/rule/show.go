package rule

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

func newShow(r *command) *cobra.Command {
	var version string
	var shipped bool
	cmd := &cobra.Command{
		Use: "show", Short: "Print the rules in force, an earlier version, or those that come " +
			"with Refrain", Args: usage.NoArgs,
		Example: "  refrain rule show > rules.yaml\n  refrain rule show --shipped",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			if shipped {
				return r.printSource(calls.Default().Source())
			}
			resp, err := r.get(cmd.Context(), version)
			if err != nil {
				return err
			}
			return r.printSource([]byte(resp.GetRules().GetSource()))
		}),
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version`")
	cmd.Flags().BoolVar(&shipped, "shipped", false, "those that come with Refrain; needs no server")
	cmd.MarkFlagsMutuallyExclusive("version", "shipped")
	return cmd
}

func (r *command) printSource(source []byte) error {
	if _, err := r.Out.Write(source); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
