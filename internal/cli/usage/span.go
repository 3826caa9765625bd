package usage

import (
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Span reads --since and --until, between which something must lie.
type Span struct{ since, until string }

// Flags adds --since and --until; what must lie between them begins the help, such as "only calls that
// began".
func (s *Span) Flags(cmd *cobra.Command, what string) {
	s.Since(cmd, what)
	cmd.Flags().StringVar(&s.until, "until", "", what+" before this `RFC 3339` time")
}

// Since adds --since alone.
func (s *Span) Since(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&s.since, "since", "", what+" at this `RFC 3339` time or later")
}

// Given reports whether any of the two was given.
func (s *Span) Given() bool { return s.since+s.until != "" }

// Read gives the times; nil where there is no bound.
func (s *Span) Read() (since, until *timestamppb.Timestamp, err error) {
	if err := ReadTimes(TimeFlag{"since", s.since, &since}, TimeFlag{"until", s.until, &until}); err != nil {
		return nil, nil, err
	}
	if since != nil && until != nil && !since.AsTime().Before(until.AsTime()) {
		return nil, nil, Errorf("--since %q is not before --until %q", s.since, s.until)
	}
	return since, until, nil
}

// TimeFlag is a flag that says a time in RFC 3339, "" where it was not given, and where that goes.
type TimeFlag struct {
	Name, Text string
	Into       **timestamppb.Timestamp
}

// ReadTimes reads those that were given; the error names the flag that is wrong.
func ReadTimes(flags ...TimeFlag) (err error) {
	for _, f := range flags {
		if f.Text == "" {
			continue
		}
		if *f.Into, err = Time(f.Text); err != nil {
			return Errorf("--%s %q %v", f.Name, f.Text, err)
		}
	}
	return nil
}
