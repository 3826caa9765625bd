package output

import (
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Rounded keeps digits decimals: more would only be noise of the arithmetic.
func Rounded(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

// Seconds are those of d, to the millisecond.
func Seconds(d time.Duration) float64 { return Rounded(d.Seconds(), 3) }

// Duration is the opposite of Seconds.
func Duration(s float64) time.Duration {
	return time.Duration(math.Round(s * float64(time.Second)))
}

// Ratio is a score or probability, 0..1, to four decimals.
func Ratio(v float64) float64 { return Rounded(v, 4) }

// JSONTime is RFC 3339 in UTC; nil where t is absent.
func JSONTime(t *timestamppb.Timestamp) *string {
	if t == nil {
		return nil
	}
	s := t.AsTime().UTC().Format(time.RFC3339)
	return &s
}

// TextTime is for people: to the minute, in Zone.
func TextTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().In(Zone()).Format(minutes)
}

// TextEnd is TextTime of when something ends: rounded up, as the gate's sentences are, so that what is
// said to be over is over.
func TextEnd(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	at := t.AsTime().In(Zone())
	if whole := at.Truncate(time.Minute); whole.Before(at) {
		at = whole.Add(time.Minute)
	}
	return at.Format(minutes)
}

const minutes = "2006-01-02 15:04"

// Zone is the one in which all commands show times to people: Asia/Shanghai, in which times without a
// zone are read and days counted, too, unless the environment's TZ names another.
func Zone() *time.Location { return zone() }

var zone = sync.OnceValue(func() *time.Location {
	if os.Getenv("TZ") == "" {
		if shanghai, err := time.LoadLocation("Asia/Shanghai"); err == nil {
			return shanghai
		}
	}
	return time.Local
})

// OrNull is nil for "".
func OrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// OrEmpty is "" for nil.
func OrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// CutOff says that a file ends early, "" where it does not.
func CutOff(truncated bool, length time.Duration) string {
	if !truncated {
		return ""
	}
	return fmt.Sprintf("; the file is cut off: %.1f s could be read", length.Seconds())
}

// EnumName is the name of an enum's value in lower case, without the prefix that is its type.
func EnumName(v fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(v.String(), prefix))
}
