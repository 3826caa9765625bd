package report

import (
	"errors"
)

// format is text, json or csv.
type format string

// String implements pflag.Value.
func (f *format) String() string { return string(*f) }

// Set implements pflag.Value.
func (f *format) Set(s string) error {
	if s != "text" && s != "json" && s != "csv" {
		return errors.New("must be text, json or csv")
	}
	*f = format(s)
	return nil
}

// Type implements pflag.Value.
func (f *format) Type() string { return "text|json|csv" }
