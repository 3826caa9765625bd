package usage

import (
	"strings"

	"github.com/spf13/cobra"
)

// NoArgs wants no arguments.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Errorf("%s takes no arguments; leave %q out", cmd.Name(), args[0])
	}
	return nil
}

// SameNumberFlag adds --same-number-as, by which whoever doesn't see numbers in full asks for what belongs together.
func SameNumberFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "same-number-as", "", "only those of the number that this has, by its `name`: "+
		"suspects/ID, freezes/ID, recordings/ID or calls/ID")
}

// ReasonFlag adds --reason, without which cmd is used wrongly.
func ReasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "`why`, for the record")
	_ = cmd.MarkFlagRequired("reason") // the flag exists: see above
	// It runs before cobra looks at required flags, and words it better.
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if strings.TrimSpace(*reason) == "" {
			return Errorf("say why: --reason")
		}
		return nil
	}
}

// OneArg wants exactly one argument.
func OneArg(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return Errorf("give one %s; here are %d arguments", what, len(args))
		}
		if args[0] == "" {
			return Errorf("%s is empty", what)
		}
		return nil
	}
}

// SomeArgs wants at least one argument.
func SomeArgs(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return Errorf("give at least one %s", what)
		}
		return nil
	}
}
