package cli

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
)

// Every command must tell what it is for and show how it is used.
func TestEveryCommandHasExamples(t *testing.T) {
	t.Parallel()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		require.NotEmpty(t, cmd.Short, cmd.CommandPath())
		require.Contains(t, cmd.Example, "refrain ", cmd.CommandPath())
		require.NotContains(t, cmd.Long, "\t", cmd.CommandPath())
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(console.New(nil, nil, nil), Parts{}))
}
