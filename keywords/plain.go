package keywords

import (
	"cmp"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// plain is a text without times.
type plain struct {
	cursor cursor
	of     asr.Side // the customer if empty
	asked  string   // by the agent just before; empty where that is not known
}

func (p *plain) hit(from, to int, h *Hit) float64 {
	h.Start, h.End = from, to
	h.Text = p.cursor.slice(from, to)
	return 1
}

func (*plain) early(asr.Span) bool { return false }

func (*plain) since(asr.Span) (answer, end time.Duration, timed bool) { return 0, 0, false }

func (p *plain) recognised() bool { return false }

func (p *plain) saysNo(int) string { return p.asked }

func (p *plain) side() asr.Side { return cmp.Or(p.of, asr.Customer) }

// cursor cuts pieces out of a text by characters. As long as the pieces come in
// order, all of them together cost one walk through the text.
type cursor struct {
	text        string
	runes, byte int // a place in text, as characters and as bytes
}

// slice is the text from the character from to the character to. Characters count as
// in Go's range: an invalid byte is one.
func (c *cursor) slice(from, to int) string {
	if from < c.runes {
		c.runes, c.byte = 0, 0
	}
	c.byte += skip(c.text[c.byte:], from-c.runes)
	c.runes = from
	return c.text[c.byte : c.byte+skip(c.text[c.byte:], to-from)]
}

// skip returns how many bytes the first n characters of text have.
func skip(text string, n int) (bytes int) {
	for ; n > 0 && bytes < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[bytes:])
		bytes += size
	}
	return bytes
}
