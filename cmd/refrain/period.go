package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// parsePeriod reads a period as people write it: 60d, or Go's 36h and 90m. Its errors
// follow the name and the value.
func parsePeriod(text string) (time.Duration, error) {
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && n <= 36500 {
			return time.Duration(n) * day, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, errors.New("must be a period above 0, such as 60d, 36h or 90m")
}

// periodText is the opposite of parsePeriod.
func periodText(d time.Duration) string {
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} { // 12h0m0s
		text = strings.Replace(text, zero, zero[:1], 1)
	}
	return text
}
