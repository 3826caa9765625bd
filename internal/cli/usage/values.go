package usage

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Time reads a moment. As those of all that reads values, its errors follow the flag's or
// field's name and its value.
func Time(s string) (*timestamppb.Timestamp, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil, errors.New("must be a time with its zone, such as 2026-03-05T14:30:00+08:00")
	}
	return timestamppb.New(t), nil
}

// Channel reads a customer channel; "" is for the server to choose.
func Channel(s string) (pb.Channel, error) {
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

// Offset reads seconds from the start of a file.
func Offset(s string) (*durationpb.Duration, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v <= (24*time.Hour).Seconds()) { // NaN is neither
		return nil, errors.New("must be seconds from the start of the file, such as 3.2")
	}
	return durationpb.New(output.Duration(v)), nil
}

// Priority reads a recording's priority.
func Priority(s string) (pb.Priority, error) {
	v, ok := pb.Priority_value["PRIORITY_"+strings.ToUpper(s)]
	if !ok || v == 0 || s != strings.ToLower(s) {
		return 0, errors.New("must be live, backlog or rejudge")
	}
	return pb.Priority(v), nil
}
