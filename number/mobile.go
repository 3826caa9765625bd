package number

import "sync/atomic"

// Nearly every number that is asked about is a Chinese mobile number in plain digits.
// The library takes microseconds for one, most of it for regular expressions, so what
// it said once about a prefix that decides is remembered.

const (
	mobileBase = 86_00_000_000_000 // the country code before 11 digits
	mobileSize = 1_00_000_000_000  // what 11 digits stay below
	// prefixDigits decide whether 11 digits from 1 are a number: the library's
	// patterns look at no more (the test asks it about all of them).
	prefixDigits = 5
	prefixUnit   = 1_000_000 // what the digits after the prefix stay below
	prefixes     = 10_000    // from 1 0000 to 1 9999
)

// mobiles is a cache of pure facts: the same in every use of the package.
var mobiles prefixTable

// plainMobile reads 11 digits from 1, dialled in China or with 86, 0086 or +86 before
// them, and nothing else between or around.
func plainMobile(s, region string) (national uint64, ok bool) {
	if len(s) == 14 && s[0] == '+' {
		s = s[1:]
	} else if region != defaultRegion {
		return 0, false
	}
	digits, ok := plainDigits(s)
	if !ok {
		return 0, false
	}
	country, national := digits/mobileSize, digits%mobileSize
	switch len(s) {
	case 11:
		ok = country == 0
	case 13, 15: // of 15, the two before 86 are 00, or country were more
		ok = country == 86
	default:
		ok = false
	}
	return national, ok && prefixDecides(national)
}

// prefixDecides leaves out what starts like a carrier's own prefix for calls abroad, 11x,
// 12x and 179, since another number may follow it.
func prefixDecides(national uint64) bool {
	head := national / 100_000_000
	return head >= 100 && head < 200 && head/10 != 11 && head/10 != 12 && head != 179
}

func plainDigits(s string) (uint64, bool) {
	if len(s) < 11 || len(s) > 15 {
		return 0, false
	}
	var v uint64
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + uint64(d)
	}
	return v, true
}

// verdict is what is known about a prefix. The zero verdict is unknown.
type verdict uint32

const (
	invalid verdict = 1
	valid   verdict = 2
)

// prefixTable holds a verdict of two bits for each prefix. It is safe for concurrent
// use without a lock: a verdict is only ever set to what is true.
type prefixTable [prefixes / 16]atomic.Uint32

func (t *prefixTable) verdict(m uint64) verdict {
	word, shift := place(m)
	return verdict(t[word].Load()>>shift) & 3
}

func (t *prefixTable) learn(m uint64, good bool) {
	v := invalid
	if good {
		v = valid
	}
	word, shift := place(m)
	t[word].Or(uint32(v) << shift)
}

func place(m uint64) (word, shift uint64) {
	prefix := m/prefixUnit - prefixes
	return prefix / 16, prefix % 16 * 2
}
