package main

import (
	"errors"
	"math"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// format is how a command writes its result.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

// String, Set and Type make it a flag.
func (f *format) String() string { return string(*f) }

// Set implements pflag.Value.
func (f *format) Set(s string) error {
	if s != string(formatText) && s != string(formatJSON) {
		return errors.New("must be text or json")
	}
	*f = format(s)
	return nil
}

// Type implements pflag.Value.
func (f *format) Type() string { return "text|json" }

// formatFlag adds --format; it is persistent, so that groups of commands share it.
func formatFlag(cmd *cobra.Command) *format {
	f := formatText
	cmd.PersistentFlags().Var(&f, "format", "how to write the result; json: one object a line")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// rounded keeps digits decimals: more would only be noise of the arithmetic.
func rounded(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

// seconds of d, exact to the millisecond.
func seconds(d time.Duration) float64 { return rounded(d.Seconds(), 3) }

// fromSeconds is the opposite of seconds.
func fromSeconds(s float64) time.Duration {
	return time.Duration(math.Round(s * float64(time.Second)))
}

// share is a score or probability, 0..1.
func share(v float64) float64 { return rounded(v, 4) }

// jsonTime is RFC 3339 in UTC; nil where t is absent.
func jsonTime(t *timestamppb.Timestamp) *string {
	if t == nil {
		return nil
	}
	s := t.AsTime().UTC().Format(time.RFC3339)
	return &s
}

// textTime is for people: to the minute, on their clock.
func textTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Local().Format("2006-01-02 15:04")
}

// orNull is nil for "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// parseTime reads a moment a user typed.
func parseTime(s string) (*timestamppb.Timestamp, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil, errors.New("must be a time with its zone, such as 2026-03-05T14:30:00+08:00")
	}
	return timestamppb.New(t), nil
}

// parseChannel reads a customer channel; "" is for the server to choose.
func parseChannel(s string) (pb.Channel, error) {
	switch s {
	case "":
		return pb.Channel_CHANNEL_UNSPECIFIED, nil
	case "left":
		return pb.Channel_CHANNEL_LEFT, nil
	case "right":
		return pb.Channel_CHANNEL_RIGHT, nil
	case "mono":
		return pb.Channel_CHANNEL_MONO, nil
	}
	return 0, errors.New("must be left, right or mono")
}
