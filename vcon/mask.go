package vcon

import (
	"strings"

	"github.com/refrain-asr/refrain/number"
)

// tel is a number as a TEL URL. What stands in place of the digits of a masked one may stand in a
// local number only, which needs to know where (RFC 3966, section 3).
func (o Options) tel(n number.Number) string {
	switch {
	case n.IsZero():
		return ""
	case o.FullNumbers:
		return "tel:" + n.E164()
	}
	masked := n.Masked()
	if rest, ok := strings.CutPrefix(masked, "+"); ok {
		return "tel:" + rest + ";phone-context=+"
	}
	return "tel:" + masked + ";phone-context=+86"
}

// callerID is what the call centre showed of itself, which is no secret of the customer's.
func (o Options) callerID(shown string) string {
	if n, err := number.Parse(shown, ""); err == nil {
		return "tel:" + n.E164()
	}
	return ""
}

// text hides the call's own number, and whatever else may be somebody's, in a text.
func (o Options) text(c Conversation, text string) string {
	if o.FullNumbers {
		return text
	}
	return number.MaskText(c.number().MaskIn(text))
}
