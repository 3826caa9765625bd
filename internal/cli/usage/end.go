package usage

import (
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// End reads --for and --until, which say when something ends.
type End struct{ period, until string }

// Flags adds --for and --until, which exclude one another; what is the help where it matters
// that neither is given.
func (e *End) Flags(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&e.period, "for", "", "for how long, such as 60d; "+what)
	cmd.Flags().StringVar(&e.until, "until", "", "until this `RFC 3339` time")
	cmd.MarkFlagsMutuallyExclusive("for", "until")
}

// Read gives the period from now on or the time that was given; both are nil where none was.
func (e *End) Read() (*durationpb.Duration, *timestamppb.Timestamp, error) {
	switch {
	case e.period != "":
		d, err := Period(e.period)
		if err != nil {
			return nil, nil, Errorf("--for %q %v", e.period, err)
		}
		return durationpb.New(d), nil, nil
	case e.until != "":
		t, err := Time(e.until)
		if err != nil {
			return nil, nil, Errorf("--until %q %v", e.until, err)
		}
		return nil, t, nil
	}
	return nil, nil, nil
}
