package usage

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// RequireSubcommand makes cmd one that does nothing by itself: without a subcommand, or with an
// unknown one, it is used wrongly.
func RequireSubcommand(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help() // it goes to standard error; there is nowhere else to complain
			return Errorf("say what to do")
		}
		return UnknownCommand(cmd, args[0])
	}
}

// UnknownCommand is the error of one who asks for a command below parent that there is not.
func UnknownCommand(parent *cobra.Command, name string) error {
	message := fmt.Sprintf("there is no command %q", parent.CommandPath()+" "+name)
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return Errorf("%s", message)
}
