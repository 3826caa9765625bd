package when

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var plainNumber = regexp.MustCompile(`^\d+(?:[.,]\d*)?(?:[eE]\+?\d+)?$`)

// Counts of days that spreadsheets write for times from the year 2000 to the year 2100.
const (
	firstDay = 36526
	lastDay  = 73050
)

// isNumber tells a count from digits that are a date.
func isNumber(text string) bool {
	if !plainNumber.MatchString(text) {
		return false
	}
	switch len(text) {
	case len("260305091500"):
		return !compact.MatchString(text) || shortDate(text) != nil && !strings.HasPrefix(text, "20")
	case len("20260305"), len("20260305091500"):
		return !compact.MatchString(text)
	}
	return true
}

// fromNumber reads a count of days, or of seconds or parts of them since 1970; how many
// there are tells which.
func fromNumber(text string, zone *time.Location) (Moment, error) {
	if strings.ContainsAny(text, "eE") {
		return Moment{}, errors.New("has lost digits in a spreadsheet; format the column as " +
			"text or as time, and save the file again")
	}
	text = strings.Replace(text, ",", ".", 1)
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return Moment{}, errForm
	}
	if err := shortDate(whole); err != nil {
		return Moment{}, err
	}
	if n >= firstDay && n < lastDay {
		return fromDays(text, n, fraction, zone)
	}
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond,
		time.Nanosecond} {
		perSecond := int64(time.Second / unit)
		if t := time.Unix(n/perSecond, n%perSecond*int64(unit)); sensible(t) {
			return Moment{t.Add(part(fraction, unit)).UTC(), Epoch}, nil
		}
	}
	return Moment{}, errors.New("counts neither seconds nor milliseconds of a time since the " +
		"year 2000")
}

// shortDate is an error where digits are a date that lacks some: read as a count they would be
// another time, years away. Counts of seconds reach digits that begin with a year of this
// century in 2033, so those of ten digits are dates until then.
func shortDate(digits string) error {
	for _, f := range []struct{ form, full string }{{"2006010215", "minutes, as in 202603050900"},
		{"060102150405", "the whole year, as in 20260305090000"}} {
		t, err := time.Parse(f.form, digits)
		if len(digits) == len(f.form) && err == nil && sensible(t) {
			return fmt.Errorf("could be the time %s without some of its digits; write it with %s, "+
				"or as 2026-03-05 09:00:00", t.Format("2006-01-02 15:04"), f.full)
		}
	}
	return nil
}

// sensible are the times that counts can be of: with others it could not be told what they
// count.
func sensible(t time.Time) bool { return t.Year() >= 2000 && t.Year() < lastYear }

// part is the share of a unit that stands behind the point.
func part(fraction string, unit time.Duration) time.Duration {
	f, err := strconv.ParseFloat("0."+fraction, 64)
	if err != nil {
		return 0 // there is nothing behind the point
	}
	return time.Duration(f * float64(unit))
}

// fromDays reads a spreadsheet's day with its fraction, which is a second wrong at most
// where it is written with few digits: it is rounded to whole seconds.
func fromDays(text string, days int64, fraction string, zone *time.Location) (Moment, error) {
	if strings.Trim(fraction, "0") == "" {
		return Moment{}, errors.New("is a spreadsheet's day without a time of day; give both")
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Moment{}, errForm
	}
	sec := int(math.Round((v - float64(days)) * 24 * 60 * 60))
	return Moment{time.Date(1899, 12, 30+int(days), 0, 0, sec, 0, zone), Local}, nil
}
