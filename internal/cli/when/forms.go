package when

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	// yearFirst is 2026-3-5, 2026/03/05, 2026.3.5 and 2026年3月5日.
	yearFirst = regexp.MustCompile(`^(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?日?`)
	// compact is 20260305, before a time of day or its digits.
	compact = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})(?:$|[ Tt_-]|\d{4})`)
	// yearLast is 5.3.2026, 3/5/2026 and 05-03-2026.
	yearLast = regexp.MustCompile(`^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})`)
	// timeOfDay is 9:15, 09:15:00.123, 9时15分, with AM or PM on one of its sides.
	timeOfDay = regexp.MustCompile(`^(?i)(AM|PM|上午|下午|凌晨|清晨|早上|中午|傍晚|晚上|夜里|夜间|深夜|半夜)? ?` +
		`(\d{1,2}) ?[:时点] ?(\d{1,2})(?: ?[:分] ?(\d{1,2})(?:[.,](\d{1,9})\d*)?)? ?[分秒]? ?(AM|PM)?`)
	// digitsOfDay is 091500 or 0915.
	digitsOfDay = regexp.MustCompile(`^(\d{2})(\d{2})(\d{2})?`)
	// zoneMark is Z, UTC, +08:00, +0800 or +08, also as UTC+8.
	zoneMark = regexp.MustCompile(`^(?i)(Z|UTC|GMT)?(?:([+-])(\d{1,2}):?(\d{2})?)?$`)
)

// english are forms with names of months; the standard library reads them.
var english = []string{time.ANSIC, "Mon Jan _2 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05",
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 GMT", "2 Jan 2006 15:04",
	"2 Jan 2006 15:04:05", "2-Jan-2006 15:04", "2-Jan-2006 15:04:05", "2/Jan/2006:15:04:05 -0700",
	"Jan 2, 2006 15:04", "Jan 2, 2006 15:04:05", "Jan 2, 2006 3:04 PM", "Jan 2, 2006 3:04:05 PM",
	"Jan 2, 2006, 3:04 PM", "Jan 2, 2006, 3:04:05 PM"}

// readClock reads a date and, where there is one, the time of day behind it.
func readClock(text string) (clock, error) {
	c, rest, err := readDate(text)
	if err != nil {
		return fromEnglish(text, err)
	}
	digits := len(rest) < len(text) && compact.MatchString(text)
	rest = strings.TrimLeft(rest, " ,")
	if digits {
		rest = strings.TrimLeft(rest, "_-")
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "T"), "t")
	if rest == "" {
		return c, c.check()
	}
	if rest, err = c.readTime(rest, digits); err != nil {
		return clock{}, err
	}
	if err := c.readZone(strings.TrimSpace(rest)); err != nil {
		return clock{}, err
	}
	return c, c.check()
}

func readDate(text string) (c clock, rest string, err error) {
	if m := yearFirst.FindStringSubmatch(text); m != nil {
		c.year, c.month, c.day = number(m[1]), time.Month(number(m[2])), number(m[3])
		return c, text[len(m[0]):], nil
	}
	if m := compact.FindStringSubmatch(text); m != nil {
		c.year, c.month, c.day = number(m[1]), time.Month(number(m[2])), number(m[3])
		return c, text[len("20260305"):], nil
	}
	m := yearLast.FindStringSubmatch(text)
	if m == nil {
		return c, "", errForm
	}
	day, month, err := dayMonth(number(m[1]), number(m[3]), m[2])
	c.year, c.month, c.day = number(m[4]), time.Month(month), day
	return c, text[len(m[0]):], err
}

// dayMonth tells which of two figures is the day. Between dots the day always comes first.
func dayMonth(first, second int, between string) (day, month int, err error) {
	switch {
	case between == "." || first > 12 || first == second:
		return first, second, nil
	case second > 12:
		return second, first, nil
	}
	return 0, 0, fmt.Errorf("is a day of month %d or of month %d; write the year first, such as "+
		"2026-03-05 14:30:00", first, second)
}

// readTime reads the time of day, and gives what is behind it.
func (c *clock) readTime(text string, digits bool) (rest string, err error) {
	c.timed = true
	if m := timeOfDay.FindStringSubmatch(text); m != nil {
		c.hour, c.minute, c.sec = number(m[2]), number(m[3]), number(m[4])
		c.nanos = number((m[5] + "000000000")[:9])
		return text[len(m[0]):], c.halve(strings.ToUpper(m[1] + m[6]))
	}
	if m := digitsOfDay.FindStringSubmatch(text); m != nil && digits {
		c.hour, c.minute, c.sec = number(m[1]), number(m[2]), number(m[3])
		return text[len(m[0]):], nil
	}
	return "", errForm
}

// half is a half of a day, or a part of one.
type half struct {
	pm bool
	// from and to are the hours that clocks show in it, of twelve or of twenty-four.
	from, to int
}

// has tells whether a clock can show the hour in it. One that begins late in its half has no
// noon, and none of the hours of twenty-four before its beginning.
func (h half) has(hour int) bool {
	if late := h.pm && h.from > 1 && h.from < 11; late && hour > 11 {
		return hour >= h.from+12 && hour <= h.to
	}
	return hour >= h.from && hour <= h.to
}

// halves are the halves of a day, and what people call parts of them.
var halves = map[string]half{
	"AM": {false, 0, 12}, "上午": {false, 0, 12}, "凌晨": {false, 0, 6}, "清晨": {false, 3, 9},
	"早上": {false, 4, 11}, "PM": {true, 1, 23}, "下午": {true, 1, 23}, "中午": {true, 11, 14},
	"傍晚": {true, 4, 20}, "晚上": {true, 5, 23},
}

// unclear are parts of a day that go over midnight, or that people draw as they like: which
// day and which half of it they mean can't be told from the hour.
var unclear = []string{"夜里", "夜间", "深夜", "半夜"}

// halve turns an hour of a half day into one of the day.
func (c *clock) halve(name string) error {
	half, ok := halves[name]
	switch {
	case !ok && !slices.Contains(unclear, name):
		return nil
	case name == "中午" && c.hour < 3:
		c.hour += 12
	case name == "凌晨" && c.hour == 12:
		c.hour = 0
	case !ok || !half.has(c.hour):
		return c.unclear(name)
	case name == "中午": // 11:30 is before noon
	case half.pm && c.hour < 12:
		c.hour += 12
	case !half.pm && c.hour == 12:
		c.hour = 0
	}
	return nil
}

// unclear is the error of an hour that doesn't go with its part of the day: of 晚上12:15
// nobody can tell whether it is noon, the night before or the one after.
func (c *clock) unclear(name string) error {
	if name == "AM" || name == "PM" || name == "中午" || c.hour > 23 {
		return errors.New("has a time of day that is on no clock")
	}
	return fmt.Errorf("has %s%d:%02d, which can't be told for sure; write the day and the hour of "+
		"24, such as 2026-03-05 00:15", name, c.hour, c.minute)
}

func (c *clock) readZone(text string) error {
	m := zoneMark.FindStringSubmatch(text)
	switch {
	case text == "":
		return nil
	case m == nil:
		return fmt.Errorf("has %q behind its time; write the zone as +08:00", text)
	}
	hours, minutes := number(m[3]), number(m[4])
	if hours > 14 || minutes > 59 {
		return fmt.Errorf("has the zone %s, which there is not", text)
	}
	c.zoned, c.offset = true, hours*3600+minutes*60
	if m[2] == "-" {
		c.offset = -c.offset
	}
	return nil
}

// fromEnglish reads dates with names of months; where it is none of them, the error is the
// one that the other forms gave.
func fromEnglish(text string, other error) (clock, error) {
	for _, form := range english {
		t, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		c := clock{year: t.Year(), month: t.Month(), day: t.Day(), hour: t.Hour(),
			minute: t.Minute(), sec: t.Second(), nanos: t.Nanosecond(), timed: true}
		c.zoned = strings.HasSuffix(form, "-0700") || strings.HasSuffix(form, "GMT")
		if c.zoned {
			_, c.offset = t.Zone()
		}
		return c, c.check()
	}
	return clock{}, other
}

// number reads digits; "" is 0. There are at most nine.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the patterns let only digits through
	return n
}
