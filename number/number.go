package number

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// defaultRegion is where numbers without a country code are taken to be: an
// ISO 3166-1 alpha-2 code.
const defaultRegion = "CN"

// maxDigits is how many digits a number has at most, by E.164, its country code among
// them.
const maxDigits = 15

const (
	minDigits = 3
	least     = 100                   // the smallest number of minDigits
	tooMuch   = 1_000_000_000_000_000 // the smallest of more than maxDigits
)

// Number is a telephone number in E.164. The zero Number is no number. Equal
// numbers are ==, so it can be a map's key; it takes 8 bytes and has no pointers.
//
// String and fmt show it masked, so that no log or error reveals one by accident;
// E164 gives it in full.
type Number struct {
	// digits are those of the E.164 form, read as one decimal number: a country code
	// never begins with 0.
	digits uint64
}

// ErrInvalid is what every error of Parse, FromE164 and FromDigits is.
var ErrInvalid = errors.New("not a telephone number")

// FromE164 takes a number that was normalised before, such as one from the
// database; it fails on anything else.
func FromE164(s string) (Number, error) {
	if len(s) > 1+maxDigits || !strings.HasPrefix(s, "+") ||
		strings.Trim(s[1:], "0123456789") != "" {
		return Number{}, errNotE164()
	}
	digits, err := strconv.ParseUint(s[1:], 10, 64)
	if err != nil || s[1] == '0' || digits < least {
		return Number{}, errNotE164()
	}
	return Number{digits}, nil
}

func errNotE164() error { return fmt.Errorf("%w: not in E.164", ErrInvalid) }

// FromDigits is the inverse of Digits. It fails on anything that has not 3 to 15
// digits.
func FromDigits(digits uint64) (Number, error) {
	if digits < least || digits >= tooMuch {
		return Number{}, fmt.Errorf("%w: E.164 has %d to %d digits", ErrInvalid, minDigits,
			maxDigits)
	}
	return Number{digits}, nil
}

// Digits are those of E164, read as one decimal number, without loss: +8613800138000
// gives 8613800138000. It is below 10¹⁵, and 0 for the zero Number.
func (n Number) Digits() uint64 { return n.digits }

// E164 is the whole number: "+8613800138000", or "" for the zero Number.
func (n Number) E164() string {
	if n.IsZero() {
		return ""
	}
	var b [1 + maxDigits]byte
	return string(n.appendE164(b[:0]))
}

// appendE164 appends what E164 gives to b.
func (n Number) appendE164(b []byte) []byte {
	if n.IsZero() {
		return b
	}
	return strconv.AppendUint(append(b, '+'), n.digits, 10)
}

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n.digits == 0 }

// LogValue shows the number masked in structured logs.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// String shows the number masked.
func (n Number) String() string { return n.Masked() }

// Format shows the number masked under every verb, %d and %x too.
func (n Number) Format(s fmt.State, _ rune) {
	if s.Flag('#') {
		_, _ = io.WriteString(s, "number.Number("+n.Masked()+")")
		return
	}
	_, _ = io.WriteString(s, n.Masked())
}

// Masked hides the middle of the national number: the first three and the last
// four digits remain, as is usual in China (138****5678). Of short numbers less
// remains. Foreign numbers keep their country code.
func (n Number) Masked() string {
	if n.IsZero() {
		return ""
	}
	e164 := n.E164()
	prefix, national := "", strings.TrimPrefix(e164, "+86")
	if strings.HasPrefix(national, "+") {
		parsed, err := phonenumbers.Parse(e164, "")
		if err != nil {
			return "****"
		}
		national = phonenumbers.GetNationalSignificantNumber(parsed)
		prefix = strings.TrimSuffix(e164, national)
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
