package check

import (
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

// namesColumns tells a line that names columns from one with a number in any of its
// cells: taken for the former, it would pass unasked.
func namesColumns(cells []string) bool {
	for _, cell := range cells {
		digits := 0
		for _, r := range cell {
			if r >= '0' && r <= '9' || r >= '０' && r <= '９' {
				digits++
			}
		}
		if digits >= sheet.FewDigits {
			return false
		}
	}
	return strings.TrimSpace(strings.Join(cells, "")) != ""
}

// cellOf is the number in a cell of a line, as somebody would type it; "" where the line has
// not so many cells, or is not readable so far. What is no number comes as it is, and so
// does a rounded one: the server refuses both.
func cellOf(line string, separator byte, index int) string {
	cell := sheet.Cell(strings.TrimRight(line, "\r\n"), separator, index)
	number, _ := sheet.Number(strings.TrimSpace(cell)) // count tells of an error
	return validUTF8(number)
}

// validUTF8 takes out what is not UTF-8: it can't be sent, and is in no number.
func validUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\ufffd")
}
