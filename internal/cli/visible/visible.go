package visible

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is a text of lines: what steers is written as \u001b, ends of lines and tabs stay.
func Text(s string) string {
	return escaped(s, func(r rune) bool { return r != '\n' && r != '\t' && steers(r) })
}

// Cell is a text that must stay in one line, such as a cell of a table.
func Cell(s string) string { return escaped(s, steers) }

// JSON is the same JSON with such characters escaped. The encoder escapes some of them only.
func JSON(b []byte) []byte {
	if !bytes.ContainsFunc(b, hidden) {
		return b
	}
	return []byte(escaped(string(b), hidden))
}

func hidden(r rune) bool { return r >= ' ' && steers(r) }

// steers tells of control characters, of both sets, of what turns the direction of writing, and of
// what ends a line by another name.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' ||
		r == '\ufeff'
}

// escaped writes some characters as JSON does, so that what holds JSON stays it. Bytes that are no
// character, which some terminals take for control characters, become U+FFFD.
func escaped(s string, which func(rune) bool) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, which) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if which(r) {
			_, _ = fmt.Fprintf(&b, `\u%04x`, r) // a strings.Builder never fails
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
