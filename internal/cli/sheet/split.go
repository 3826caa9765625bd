package sheet

import (
	"encoding/csv"
	"strings"
	"unicode"
)

// Split takes a row apart; one without anything has no cells. A quote within a cell that
// does not begin with one is a character like any other, as most programs have it.
func Split(row string, separator byte) ([]string, error) {
	if row == "" {
		return nil, nil
	}
	var cells []string
	for {
		cell, rest, more, err := first(row, separator)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
		if !more {
			return cells, nil
		}
		row = rest
	}
}

// Cell is the cell of a row at an index from 0; "" where the row has not so many, or is
// not readable so far.
func Cell(row string, separator byte, index int) string {
	for ; ; index-- {
		cell, rest, more, err := first(row, separator)
		switch {
		case err != nil:
			return ""
		case index == 0:
			return cell
		case !more:
			return ""
		}
		row = rest
	}
}

// first takes a row apart at its first separator that is not within quotes. More tells
// that there is one.
func first(row string, separator byte) (cell, rest string, more bool, err error) {
	row = strings.TrimLeftFunc(row, func(r rune) bool {
		return unicode.IsSpace(r) && r != rune(separator)
	})
	if strings.HasPrefix(row, `"`) {
		return quoted(row[1:], separator)
	}
	cell, rest, more = strings.Cut(row, string(separator))
	return cell, rest, more, nil
}

// quoted is first behind a quote. It is an error where the last one is missing, or has
// something behind it.
func quoted(row string, separator byte) (cell, rest string, more bool, err error) {
	for {
		i := strings.IndexByte(row, '"')
		if i < 0 {
			return "", "", false, csv.ErrQuote
		}
		cell += row[:i]
		row = row[i+1:]
		if !strings.HasPrefix(row, `"`) { // two stand for one
			break
		}
		cell, row = cell+`"`, row[1:]
	}
	behind, rest, more := strings.Cut(row, string(separator))
	if strings.TrimSpace(behind) != "" {
		return "", "", false, csv.ErrQuote
	}
	return cell, rest, more, nil
}

// Join makes a row of cells, without its end.
func Join(cells []string, separator byte) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = rune(separator)
	_ = w.Write(cells) // a Builder takes all
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// separators are those that are known, the likeliest first.
var separators = []byte{',', '\t', ';'}

// SeparatorOf finds what separates the cells of a file by its first line: what makes most
// cells of it that are known, and then what makes most cells.
func SeparatorOf(line string, known func(cell string) bool) byte {
	best, bestKnown, bestCells := separators[0], 0, 0
	for _, s := range separators {
		cells, err := Split(line, s)
		if err != nil {
			continue
		}
		n := 0
		for _, cell := range cells {
			if known(cell) {
				n++
			}
		}
		if n > bestKnown || n == bestKnown && len(cells) > bestCells {
			best, bestKnown, bestCells = s, n, len(cells)
		}
	}
	return best
}

// NamedSeparator reads a line before the table that tells its separator, as Excel has it.
func NamedSeparator(line string) (byte, bool) {
	rest, ok := strings.CutPrefix(strings.ToLower(strings.Trim(line, "\" ")), "sep=")
	if !ok || len(rest) != 1 || !strings.Contains(string(separators), rest) {
		return 0, false
	}
	return rest[0], true
}
