package naming

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// earliest and latest bound the years of calls: outside of them the digits mean something else.
const (
	earliest = 1990
	latest   = 2100
)

// compact are the forms of a time by how many digits it has.
var compact = map[int]string{12: "200601021504", 14: "20060102150405", 17: "20060102150405.000"}

// Time reads a time as it stands in names: digits, with or without what parts them, in a zone; or
// seconds or milliseconds since 1970.
func Time(text string, in *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, within(t)
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_:./T ", r) {
			return -1
		}
		return r
	}, text)
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, errNoTime
	}
	whole, _, _ := strings.Cut(text, ".")
	if n := len(whole); n == 10 || n == 13 { // with nothing that parts them
		if since, err := strconv.ParseInt(whole, 10, 64); err == nil {
			if n == 10 {
				since *= 1000
			}
			t := time.UnixMilli(since).In(in)
			return t, within(t)
		}
	}
	form, known := compact[len(digits)]
	if !known {
		return time.Time{}, errNoTime
	}
	if len(digits) == 17 {
		digits = digits[:14] + "." + digits[14:]
	}
	t, err := time.ParseInLocation(form, digits, in)
	if err != nil {
		return time.Time{}, errNoTime
	}
	return t, within(t)
}

var errNoTime = errors.New("is no time: write year, month, day, hour, minute and second, as in " +
	"20261127-091500")

func within(t time.Time) error {
	if y := t.Year(); y < earliest || y > latest {
		return errNoTime
	}
	return nil
}
