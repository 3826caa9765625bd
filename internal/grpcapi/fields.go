package grpcapi

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/fault"
)

// optionalTime reads a time that may be left out.
func optionalTime(name string, t *timestamppb.Timestamp, wrong *fault.Fields) time.Time {
	switch {
	case t == nil:
		return time.Time{}
	case t.CheckValid() != nil:
		wrong.Add(name, "is no valid time")
	}
	return t.AsTime()
}

// maxPeriod is the longest time ahead that an end may be given as.
const maxPeriod = 100 * 366 * 24 * time.Hour

// endAfter reads an end that is given as a period from now or as a time; zero where
// neither is.
func endAfter(
	now time.Time, period *durationpb.Duration, at *timestamppb.Timestamp, wrong *fault.Fields,
) time.Time {
	switch {
	case period != nil && (period.CheckValid() != nil || period.AsDuration() <= 0 ||
		period.AsDuration() > maxPeriod):
		wrong.Add("period", "must be above 0 and at most %d days", maxPeriod/(24*time.Hour))
	case period != nil:
		return now.Add(period.AsDuration())
	case at != nil && at.CheckValid() != nil:
		wrong.Add("end_time", "is no valid time")
	case at != nil && !at.AsTime().After(now):
		wrong.Add("end_time", "is %s, which is over", at.AsTime().Format(time.RFC3339))
	case at != nil && at.AsTime().After(now.Add(maxPeriod)):
		wrong.Add("end_time", "is %s; leave it out for until released",
			at.AsTime().Format(time.RFC3339))
	case at != nil:
		return at.AsTime()
	}
	return time.Time{}
}

// filterName spells a filter, so that a page token fits only the list it was made for.
func filterName(list string, parts ...any) string {
	var b strings.Builder
	b.WriteString(list)
	for _, p := range parts {
		if t, ok := p.(time.Time); ok {
			p = timeKey(t)
		}
		_, _ = fmt.Fprintf(&b, "|%q", fmt.Sprint(p)) // a Builder takes all
	}
	return b.String()
}

func timeKey(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
