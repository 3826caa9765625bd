package output

import (
	"errors"

	"github.com/spf13/cobra"
)

// Format is how a command writes its result.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// String implements pflag.Value.
func (f *Format) String() string { return string(*f) }

// Set implements pflag.Value.
func (f *Format) Set(s string) error {
	if s != string(Text) && s != string(JSON) {
		return errors.New("must be text or json")
	}
	*f = Format(s)
	return nil
}

// Type implements pflag.Value.
func (f *Format) Type() string { return "text|json" }

// FormatFlag adds --format; it is persistent, so that groups of commands share it.
func FormatFlag(cmd *cobra.Command) *Format {
	f := Text
	cmd.PersistentFlags().Var(&f, "format", "how to write the result; json: one object a line")
	_ = cmd.RegisterFlagCompletionFunc("format",
		cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}
