package number

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// DefaultRegion is where numbers without a country code are taken to be: an
// ISO 3166-1 alpha-2 code.
const DefaultRegion = "CN"

// Number is a telephone number in E.164. The zero Number is no number. Equal
// numbers are ==, so it can be a map's key.
//
// String and fmt show it masked, so that no log or error reveals one by accident;
// E164 gives it in full.
type Number struct{ e164 string }

// ErrInvalid is what every error of Parse is.
var ErrInvalid = errors.New("not a telephone number")

// Parse reads a number in any usual writing: with or without country code, with
// spaces, dashes or brackets, with the 0 of an area code or of mobile dialling.
// Region (DefaultRegion where empty) is where it is dialled if it has no country
// code. The error wraps ErrInvalid, says why, and does not repeat the number.
func Parse(s, region string) (Number, error) {
	if region == "" {
		region = DefaultRegion
	}
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
	parsed, err := phonenumbers.Parse(s, region)
	if err != nil {
		return Number{}, fmt.Errorf("%w: %s", ErrInvalid, strings.ToLower(err.Error()))
	}
	if !phonenumbers.IsPossibleNumber(parsed) || !phonenumbers.IsValidNumber(parsed) {
		return Number{}, fmt.Errorf("%w: no %s number looks like that; write the area code for a landline and +country for a foreign number",
			ErrInvalid, regionOf(parsed, region))
	}
	return Number{phonenumbers.Format(parsed, phonenumbers.E164)}, nil
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
	if r := phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())); r != "ZZ" && r != "" {
		return r
	}
	return fallback
}

// FromE164 takes a number that was normalised before, such as one from the
// database; it fails on anything else.
func FromE164(s string) (Number, error) {
	if len(s) < 4 || len(s) > 16 || s[0] != '+' || strings.Trim(s[1:], "0123456789") != "" {
		return Number{}, fmt.Errorf("%w: not in E.164", ErrInvalid)
	}
	return Number{s}, nil
}

// E164 is the whole number: "+8613800138000", or "" for the zero Number.
func (n Number) E164() string { return n.e164 }

// LogValue shows the number masked in structured logs.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n.e164 == "" }

// String shows the number masked.
func (n Number) String() string { return n.Masked() }

// GoString shows the number masked, too.
func (n Number) GoString() string { return "number.Number(" + n.Masked() + ")" }

// Masked hides the middle of the national number: the first three and the last
// four digits remain, as is usual in China (138****5678). Of short numbers less
// remains. Foreign numbers keep their country code.
func (n Number) Masked() string {
	if n.IsZero() {
		return ""
	}
	prefix, national := "", strings.TrimPrefix(n.e164, "+86")
	if strings.HasPrefix(national, "+") {
		parsed, err := phonenumbers.Parse(n.e164, "")
		if err != nil {
			return "****"
		}
		national = phonenumbers.GetNationalSignificantNumber(parsed)
		prefix = strings.TrimSuffix(n.e164, national)
	}
	return prefix + mask(national)
}

func mask(digits string) string {
	head, tail := 3, 4
	if len(digits) < 10 {
		head, tail = len(digits)/4, len(digits)/4
	}
	return digits[:head] + "****" + digits[len(digits)-tail:]
}
