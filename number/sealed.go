package number

import (
	"net/netip"
	"strings"
	"time"
)

// MaskSealed is MaskName for what can't be changed any more once it is written: it also hides what may be
// a number in wide digits, spoken in Chinese, or in groups with whatever a Finder takes for separators.
// Ids, times, addresses, amounts and short counts stay.
func MaskSealed(text string) string {
	text = MaskName(text)
	var b strings.Builder
	at := 0
	runs(text, func(run []figure, values []byte) {
		for i := 0; i < len(run); {
			n := lengthAt(text, run, values, i)
			if n == 0 {
				i++
				continue
			}
			b.WriteString(text[at:run[i].start])
			b.WriteString(mask(string(values[i : i+n])))
			i += n
			at = run[i-1].end
		}
	})
	return b.String() + text[at:]
}

// leastSpoken is how many digits that nobody types by chance, since they are wide or spoken, are taken
// for a number.
const leastSpoken = 7

// lengthAt is how many digits of a run, from one on, may be a number as a whole; 0 where none are.
func lengthAt(text string, run []figure, values []byte, at int) int {
	if n := spelled(run, values, at); n > 0 {
		return n
	}
	if run[at].start > 0 && text[run[at].start-1] == '+' {
		for n := min(len(run)-at, maxDigits); n >= leastForeign; n-- {
			if endsGroup(run, at+n) {
				return n
			}
		}
	}
	if !beginsGroup(run, values, at) || isAddress(text, run, at) {
		return 0
	}
	if isMobile(values[at:]) && endsGroup(run, at+mobileLength) && grouped(run[at:at+mobileLength]) {
		return mobileLength
	}
	return fixedAt(run, values, at)
}

// spelled is how many wide and spoken digits follow one another, where they are enough and no day.
func spelled(run []figure, values []byte, at int) int {
	is := func(i int) bool { return i >= 0 && i < len(run) && run[i].end-run[i].start > 1 }
	n := 0
	for is(at + n) {
		n++
	}
	if n < leastSpoken || is(at-1) {
		return 0
	}
	for _, layout := range []string{"20060102", "20060102150405"} {
		if _, err := time.Parse(layout, string(values[at:at+n])); err == nil {
			return 0
		}
	}
	return n
}

// beginsGroup tells that digits before which there is a separator, or what is dialled before a number,
// begin at a place.
func beginsGroup(run []figure, values []byte, at int) bool {
	first := at
	for first > 0 && touches(run, first-1) {
		first--
	}
	switch string(values[first:at]) {
	case "", "0", "86", "086", "0086":
		return true
	}
	return false
}

// endsGroup tells that no digit follows at once before a place.
func endsGroup(run []figure, end int) bool { return end >= len(run) || !touches(run, end-1) }

// grouped tells that digits are in groups as people write a mobile number: the first has three of them or
// more, or each stands alone. What a switch calls a call, a second and a count (1732781234.5), is none.
func grouped(run []figure) bool {
	var sizes []int
	for i := range run {
		if i == 0 || !touches(run, i-1) {
			sizes = append(sizes, 0)
		}
		sizes[len(sizes)-1]++
	}
	if sizes[0] < len("138") {
		return len(sizes) == len(run)
	}
	return sizes[len(sizes)-1] > 1
}

// fixedAt is how many digits are a Chinese number with an area code, in groups of which the first is that
// code; 0 where there is none.
func fixedAt(run []figure, values []byte, at int) int {
	if values[at] != '0' || len(values) < at+len("021") || values[at+1] == '0' {
		return 0
	}
	area := 1
	for at+area < len(run) && touches(run, at+area-1) {
		area++
	}
	if area != len("021") && area != len("0755") {
		return 0
	}
	for _, n := range []int{area + len("12345678"), area + len("1234567")} {
		if at+n <= len(run) && endsGroup(run, at+n) {
			return n
		}
	}
	return 0
}

// isAddress tells that a digit belongs to an address of the Internet.
func isAddress(text string, run []figure, at int) bool {
	is := func(r byte) bool { return r == '.' || r >= '0' && r <= '9' }
	start, end := run[at].start, run[at].end
	for start > 0 && is(text[start-1]) {
		start--
	}
	for end < len(text) && is(text[end]) {
		end++
	}
	_, err := netip.ParseAddr(strings.Trim(text[start:end], "."))
	return err == nil
}
