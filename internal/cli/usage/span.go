package usage

import (
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Span reads --since and --until, between which something must lie.
type Span struct {
	// Of begins the flags' names where there are several spans: "decided" makes them --decided-since and --decided-until.
	Of string

	since, until string
}

// Flags adds --since and --until; what must lie between them begins the help, such as "only calls that
// began".
func (s *Span) Flags(cmd *cobra.Command, what string) {
	s.Since(cmd, what)
	cmd.Flags().StringVar(&s.until, s.flag("until"), "", what+" before this `RFC 3339` time")
}

// Since adds --since alone.
func (s *Span) Since(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&s.since, s.flag("since"), "", what+" at this `RFC 3339` time or later")
}

func (s *Span) flag(end string) string {
	if s.Of == "" {
		return end
	}
	return s.Of + "-" + end
}

// Given reports whether any of the two was given.
func (s *Span) Given() bool { return s.since+s.until != "" }

// Read gives the times; nil where there is no bound. The error names the flag that is wrong.
func (s *Span) Read() (since, until *timestamppb.Timestamp, err error) {
	if since, err = s.read("since", s.since); err != nil {
		return nil, nil, err
	}
	if until, err = s.read("until", s.until); err != nil {
		return nil, nil, err
	}
	if since != nil && until != nil && !since.AsTime().Before(until.AsTime()) {
		return nil, nil, Errorf("--%s %q is not before --%s %q", s.flag("since"), s.since, s.flag("until"), s.until)
	}
	return since, until, nil
}

func (s *Span) read(end, text string) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // there is no bound
	}
	t, err := Time(text)
	if err != nil {
		return nil, Errorf("--%s %q %v", s.flag(end), text, err)
	}
	return t, nil
}
