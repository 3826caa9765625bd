package check

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fewDigits are too few for a number that somebody could dial.
const fewDigits = 5

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
		if digits >= fewDigits {
			return false
		}
	}
	return strings.TrimSpace(strings.Join(cells, "")) != ""
}

// cellOf is the cell of a line of CSV, without the space around it; "" where the line
// has not so many, or is not readable so far. A quote within a cell that does not begin
// with one is a character like any other, as most programs have it.
func cellOf(line string, index int) string {
	line = strings.TrimRight(line, "\r\n")
	for ; ; index-- {
		cell, rest, more := firstCell(strings.TrimLeftFunc(line, unicode.IsSpace))
		switch {
		case index == 0:
			return validUTF8(strings.TrimSpace(cell))
		case !more:
			return ""
		}
		line = rest
	}
}

// firstCell takes a line apart at its first comma that is not within quotes. More tells
// that there is one.
func firstCell(line string) (cell, rest string, more bool) {
	if strings.HasPrefix(line, `"`) {
		return quoted(line[1:])
	}
	return strings.Cut(line, ",")
}

// quoted is firstCell behind the first quote. The cell is "" where the last is missing,
// or has something behind it.
func quoted(line string) (cell, rest string, more bool) {
	for {
		i := strings.IndexByte(line, '"')
		if i < 0 {
			return "", "", false
		}
		cell += line[:i]
		switch line = line[i+1:]; {
		case line == "":
			return cell, "", false
		case line[0] == ',':
			return cell, line[1:], true
		case line[0] != '"': // two stand for one
			return "", "", false
		}
		cell, line = cell+`"`, line[1:]
	}
}

// validUTF8 takes out what is not UTF-8: it can't be sent, and is in no number.
func validUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\ufffd")
}
