package when

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// Moment is a time that was read.
type Moment struct {
	time.Time
	// Mark is how the text told its zone.
	Mark Mark
}

// Mark is how a text tells the zone of its time.
type Mark int

// The marks.
const (
	// Local is a time of day without a zone: it was read in the one that was given.
	Local Mark = iota
	// Offset is a time with its distance from UTC, other than none.
	Offset
	// UTC is a time that says of itself that it is UTC.
	UTC
	// Epoch is a count from 1970, which needs no zone.
	Epoch
)

// errForm is the error of what is no time. As those of all that reads values, errors of
// this package follow the field's name and its value.
var errForm = errors.New("must be a time, such as 2026-03-05T14:30:00+08:00, " +
	"2026-03-05 14:30:00, 20260305143000 or seconds since 1970")

// Parse reads a moment. What has no zone is a time of day in zone.
//
// It takes RFC 3339 (also with a space, without a colon in the offset or without one at
// all), 2026/3/5 9:15, 2026年3月5日 9:15, 20260305091500, 5.3.2026 9:15, dates with the
// names of English months, seconds, milliseconds, microseconds and nanoseconds since 1970
// and the numbers of days that spreadsheets count. A date without a time of day is an
// error, and so is one that could be read as day and month or as month and day.
func Parse(text string, zone *time.Location) (time.Time, error) {
	m, err := Read(text, zone)
	return m.Time, err
}

// Read is Parse, and also tells how the text gave its zone.
func Read(text string, zone *time.Location) (Moment, error) {
	text = plain(text)
	if isNumber(text) {
		return fromNumber(text, zone)
	}
	c, err := readClock(text)
	if err != nil {
		return Moment{}, err
	}
	if !c.timed {
		return Moment{}, errors.New("is a date without a time of day; give both, such as " +
			"2026-03-05 14:30:00")
	}
	return c.in(zone)
}

// DayStart is Parse, but a date alone is the beginning of that day.
func DayStart(text string, zone *time.Location) (Moment, error) { return orDay(text, zone, 0) }

// DayEnd is Parse, but a date alone is the end of that day, the midnight after it.
func DayEnd(text string, zone *time.Location) (Moment, error) {
	m, err := orDay(text, zone, 1)
	if errors.Is(err, errLate) {
		err = fmt.Errorf("%w; leave an end that never comes empty", err)
	}
	return m, err
}

func orDay(text string, zone *time.Location, days int) (Moment, error) {
	c, err := readClock(plain(text))
	if err != nil || c.timed {
		return Read(text, zone)
	}
	c.day += days
	return Moment{time.Date(c.year, c.month, c.day, 0, 0, 0, 0, zone), Local}, nil
}

// plain drops what can't be seen, and makes narrow what is wide.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, width.Narrow.String(text))
	return strings.Join(strings.Fields(text), " ")
}

// clock is what a text says: the date, and where timed the time of day.
type clock struct {
	year              int
	month             time.Month
	day               int
	hour, minute, sec int
	nanos             int
	timed, zoned      bool
	offset            int // seconds east of UTC, where zoned
}

func (c clock) in(zone *time.Location) (Moment, error) {
	mark := Local
	if c.zoned {
		zone, mark = time.UTC, UTC
		if c.offset != 0 {
			zone, mark = time.FixedZone("", c.offset), Offset
		}
	}
	return Moment{time.Date(c.year, c.month, c.day, c.hour, c.minute, c.sec, c.nanos, zone),
		mark}, nil
}

// lastYear is the first year that no time is of: from it on lie digits that were read as
// others than they are, and "never" as some databases write it.
const lastYear = 2100

var errLate = errors.New("lies in the year")

// check says what of it can't be.
func (c clock) check() error {
	day := time.Date(c.year, c.month, c.day, 0, 0, 0, 0, time.UTC)
	switch {
	case c.year >= lastYear:
		return fmt.Errorf("%w %d; times are of 1970 to %d", errLate, c.year, lastYear-1)
	case c.year < 1970:
		return fmt.Errorf("lies in the year %d; times are of 1970 to %d", c.year, lastYear-1)
	case day.Month() != c.month || day.Day() != c.day:
		return errors.New("is a day that is in no calendar")
	case c.hour > 23 || c.minute > 59 || c.sec > 59:
		return errors.New("has a time of day that is on no clock")
	}
	return nil
}
