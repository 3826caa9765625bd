package number

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// Plan is how numbers are dialled where they come from. The zero Plan is China's, without
// anything else.
type Plan struct {
	// Region is where numbers without a country code are dialled, defaultRegion where empty.
	Region string
	// Prefixes are what a switch puts before a number to reach a line, such as 9: digits, *
	// and #. One is taken off where the whole is no number and the rest is one.
	Prefixes []string
	// Virtual are numbers that stand for whoever uses them just now.
	Virtual []Range
}

// Parse reads a number as the function Parse does, where need be without a prefix. A number
// of a virtual range is read even where it is too long for a number of its country.
func (p Plan) Parse(s string) (Number, error) {
	n, err := Parse(s, p.Region)
	if err == nil || len(p.Prefixes) == 0 && len(p.Virtual) == 0 {
		return n, err
	}
	if n, ok := p.virtual(s); ok {
		return n, nil
	}
	found := map[Number]bool{}
	for _, prefix := range p.Prefixes {
		rest, ok := without(strings.TrimSpace(s), prefix)
		if !ok {
			continue
		}
		if m, restErr := Parse(rest, p.Region); restErr == nil {
			n, found[m] = m, true
		}
	}
	switch len(found) {
	case 0:
		return Number{}, err
	case 1:
		return n, nil
	}
	return Number{}, fmt.Errorf("%w: without a dial prefix (numbers.prefixes) it could be either of "+
		"%d; write it without one", ErrInvalid, len(found))
}

// without takes a prefix off, whatever separates its digits; not ok where s begins with
// something else.
func without(s, prefix string) (rest string, ok bool) {
	for prefix != "" {
		s = strings.TrimLeft(s, separators)
		if s == "" || s[0] != prefix[0] {
			return "", false
		}
		s, prefix = s[1:], prefix[1:]
	}
	return s, true
}

// separators may stand between digits.
const separators = " -()./　（）－"

// CheckPrefix says what is wrong with a prefix, "" where nothing is.
func CheckPrefix(prefix string) string {
	const most = 8
	if prefix == "" || len(prefix) > most || strings.Trim(prefix, "0123456789*#") != "" {
		return fmt.Sprintf("is %q; it must be 1 to %d digits, * or #, such as 9", prefix, most)
	}
	return ""
}

// IsVirtual reports whether a number is of one of the virtual ranges.
func (p Plan) IsVirtual(n Number) bool {
	return slices.ContainsFunc(p.Virtual, func(r Range) bool { return r.holds(n) })
}

// virtual reads plain digits, or + and digits, that one of the virtual ranges holds.
func (p Plan) virtual(s string) (Number, bool) {
	digits, ok := fullDigits(strings.TrimSpace(s), p.Region)
	if !ok {
		return Number{}, false
	}
	v, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return Number{}, false
	}
	n, err := FromDigits(v)
	return n, err == nil && p.IsVirtual(n)
}

// fullDigits are the digits of a number, or of the beginning of one, with its country code.
func fullDigits(s, region string) (digits string, ok bool) {
	s = strings.NewReplacer(" ", "", "-", "").Replace(s)
	international := false
	for _, before := range []string{"+", "00"} {
		if rest, found := strings.CutPrefix(s, before); found {
			s, international = rest, true
			break
		}
	}
	if s == "" || len(s) > maxDigits || strings.Trim(s, "0123456789") != "" || s[0] == '0' &&
		international {
		return "", false
	}
	if international {
		return s, true
	}
	if region == "" {
		region = defaultRegion
	}
	return strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region)) +
		strings.TrimPrefix(s, "0"), true
}

// Range is a set of numbers: from one to another of the same length, or all that begin
// alike.
type Range struct {
	// from and to are digits of E.164 forms.
	from, to uint64
	// beginning is how numbers of any length begin, "" where from and to say it.
	beginning string
}

// ParseRange reads a number, two with a hyphen between, or the beginning of numbers with a
// star behind it: +8617000000000, 17000000000-17000009999, 95013*. Numbers without a country
// code are the region's.
func ParseRange(s, region string) (Range, error) {
	if beginning, ok := strings.CutSuffix(strings.TrimSpace(s), "*"); ok {
		digits, ok := fullDigits(beginning, region)
		if !ok {
			return Range{}, errRange(s)
		}
		return Range{beginning: digits}, nil
	}
	first, last, two := strings.Cut(s, "-")
	if !two {
		last = first
	}
	var ends [2]uint64
	var lengths [2]int
	for i, text := range []string{first, last} {
		digits, ok := fullDigits(strings.TrimSpace(text), region)
		if !ok {
			return Range{}, errRange(s)
		}
		v, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || v < least {
			return Range{}, errRange(s)
		}
		ends[i], lengths[i] = v, len(digits)
	}
	if ends[0] > ends[1] || lengths[0] != lengths[1] {
		return Range{}, fmt.Errorf("%q goes from a number to a smaller or longer one", shortened(s))
	}
	return Range{from: ends[0], to: ends[1]}, nil
}

func errRange(s string) error {
	return fmt.Errorf("%q is no range of numbers; write 95013*, +8617000000000-+8617000009999 or one "+
		"number", shortened(s))
}

// shortened is what of a text can be shown.
func shortened(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most]) + "…"
	}
	return s
}

func (r Range) holds(n Number) bool {
	if r.beginning != "" {
		return strings.HasPrefix(strconv.FormatUint(n.digits, 10), r.beginning)
	}
	return r.from <= n.digits && n.digits <= r.to
}
