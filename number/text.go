package number

import (
	"regexp"
	"strings"
	"time"
)

// spoken is what may be somebody's number in a text: seven digits and more, as people group them, in
// whatever script.
var spoken = regexp.MustCompile(`\p{Nd}[\p{Nd} -]{5,}\p{Nd}|[零〇一二三四五六七八九幺两]{7,}`)

// MaskText hides what may be somebody's number in a text: each becomes "***".
func MaskText(text string) string { return spoken.ReplaceAllString(text, "***") }

// MaskIn hides the number where it stands in a text, such as a call's id made of it: with and
// without its country code.
func (n Number) MaskIn(text string) string {
	if n.IsZero() {
		return text
	}
	e164, masked := n.E164(), n.Masked()
	return strings.NewReplacer(e164, masked, e164[1:], masked,
		strings.TrimPrefix(e164, "+86"), masked).Replace(text)
}

// named is what may be a number in a name: a mobile number, also in groups and with its country
// code, one with an area code, one in international form, or any 11 to 15 digits.
var named = regexp.MustCompile(`\+[0-9]{7,15}|(?:86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|` +
	`\b0[0-9]{2,3}[ -]?[0-9]{7,8}\b|\b[0-9]{11,15}\b`)

// MaskName hides what may be somebody's number in a name that a switch or a person gave to a call,
// an agent or a line: the middle of it, so that names can still be told apart. Days and times
// such as 20261128 and 20261128143436 stay.
func MaskName(name string) string {
	return named.ReplaceAllStringFunc(name, func(found string) string {
		if _, err := time.Parse("20060102150405", found); err == nil {
			return found
		}
		prefix := ""
		for _, p := range []string{"+86", "86"} {
			if rest, ok := strings.CutPrefix(found, p); ok && len(rest) > minDigits && rest[0] != '0' {
				prefix, found = p, rest
				break
			}
		}
		return prefix + mask(found)
	})
}
