package usage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// Period reads a period as people write it: 60d, or Go's 36h and 90m. Its errors
// follow the name and the value.
func Period(text string) (time.Duration, error) {
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && n <= 36500 {
			return time.Duration(n) * Day, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, errors.New("must be a period above 0, such as 60d, 36h or 90m")
}

// PeriodText is the opposite of Period.
func PeriodText(d time.Duration) string {
	if d%Day == 0 {
		return fmt.Sprintf("%dd", d/Day)
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} { // 12h0m0s
		text = strings.Replace(text, zero, zero[:1], 1)
	}
	return text
}
