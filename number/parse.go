package number

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Parse reads a number in any usual writing: with or without country code, with
// spaces, dashes or brackets, with the 0 of an area code or of mobile dialling.
// Region (defaultRegion where empty) is where it is dialled if it has no country
// code. The error wraps ErrInvalid, says why, and does not repeat the number.
//
// Chinese mobile numbers in plain digits take some 20 ns, others some 10 µs.
func Parse(s, region string) (Number, error) {
	if region == "" {
		region = defaultRegion
	}
	m, ok := plainMobile(s, region)
	if !ok {
		return parseAny(s, region)
	}
	switch mobiles.verdict(m) {
	case valid:
		return Number{mobileBase + m}, nil
	case invalid:
		return Number{}, errNone(defaultRegion)
	}
	n, err := parseAny(s, region)
	mobiles.learn(m, err == nil)
	return n, err
}

// parseAny asks the library. It is what Parse's short way must agree with.
func parseAny(s, region string) (Number, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Number{}, fmt.Errorf("%w: it is empty", ErrInvalid)
	}
	if len(s) > 40 {
		return Number{}, fmt.Errorf("%w: it is %d characters long", ErrInvalid, len(s))
	}
	if r, ok := letter(s); ok {
		return Number{}, fmt.Errorf("%w: it contains %q", ErrInvalid, r)
	}
	if plusBeforeMobile(s) && phonenumbers.GetCountryCodeForRegion(region) != northAmerica {
		return Number{}, errPlus()
	}
	parsed, err := phonenumbers.Parse(s, region)
	if err != nil {
		return Number{}, fmt.Errorf("%w: %s", ErrInvalid, strings.ToLower(err.Error()))
	}
	if !phonenumbers.IsPossibleNumber(parsed) || !phonenumbers.IsValidNumber(parsed) {
		return Number{}, errNone(regionOf(parsed, region))
	}
	n, err := FromE164(phonenumbers.Format(parsed, phonenumbers.E164))
	if err != nil { // some plans, Germany's for one, know longer numbers than E.164
		return Number{}, fmt.Errorf("%w: with its country code it has more than %d digits",
			ErrInvalid, maxDigits)
	}
	return n, nil
}

// northAmerica is the country code that a Chinese mobile number begins with.
const northAmerica = 1

// plusBeforeMobile reports whether s is a Chinese mobile number with a + before it, but
// without its country code: where it was dialled in China, that is what was meant, and every
// second such number is a valid one of North America, which would be another person's.
func plusBeforeMobile(s string) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "+"), "＋")
	if rest == s {
		return false
	}
	var digits []byte
	for _, r := range rest {
		switch {
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		case '０' <= r && r <= '９':
			digits = append(digits, byte(r-'０'+'0'))
		}
	}
	if len(digits) != 11 || digits[0] != '1' || digits[1] < '3' {
		return false
	}
	_, err := Parse(string(digits), defaultRegion)
	return err == nil
}

func errPlus() error {
	return fmt.Errorf("%w: after a + comes the country code, and this looks like a Chinese mobile "+
		"number without it; write +86 before it or leave the + out, and write 001 in the place of +1 "+
		"for a number of North America", ErrInvalid)
}

func errNone(region string) error {
	return fmt.Errorf("%w: no %s number looks like that; write the area code for a landline and "+
		"+country for a foreign number",
		ErrInvalid, region)
}

// KnownRegion reports whether Parse can read numbers that are dialled in that region.
func KnownRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }

// letter finds a character that no telephone number is written with: the library
// would read letters as keypad digits.
func letter(s string) (rune, bool) {
	for _, r := range s {
		if !strings.ContainsRune("0123456789+-() ./　（）－＋", r) && (r < '０' || r > '９') {
			return r, true
		}
	}
	return 0, false
}

func regionOf(n *phonenumbers.PhoneNumber, fallback string) string {
	if r := phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())); r != "ZZ" &&
		r != "" {
		return r
	}
	return fallback
}
