package number

import (
	"regexp"
	"strings"
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
