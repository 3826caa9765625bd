package sheet

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Plain is what a cell says, without what only keeps a spreadsheet from reading it as a
// number, and without what can't be seen around it.
func Plain(cell string) string {
	if simple(cell) {
		return cell
	}
	cell = strings.TrimFunc(cell, blank)
	if inner, ok := strings.CutPrefix(cell, `="`); ok {
		if inner, ok = strings.CutSuffix(inner, `"`); ok {
			cell = strings.TrimFunc(strings.ReplaceAll(inner, `""`, `"`), blank)
		}
	}
	return cell
}

// blank are characters that can't be seen at the ends of a text.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r)
}

// simple tells that a cell has nothing but what numbers and names are written with, so
// that there is nothing to do.
func simple(cell string) bool {
	for i := range len(cell) {
		switch b := cell[i]; {
		case b >= '0' && b <= '9', b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', b == '_', b == '+':
		default:
			return false
		}
	}
	return true
}

var (
	rounded = regexp.MustCompile(`^[+-]?\d+(?:[.,]\d+)?[eE][+]?\d+$`)
	// float is a whole number that a program took for one with a fraction.
	float = regexp.MustCompile(`^(\+?\d{5,})\.0+$`)
	// formula is a number that was typed as a formula.
	formula = regexp.MustCompile(`^=(\+?\d{5,})$`)
)

// errRounded is the error of a number that a spreadsheet has rounded.
var errRounded = errors.New("has lost its digits: a spreadsheet wrote the number as a rounded " +
	"one; take the original, format the column as text and save it again")

// Number is a cell that holds a telephone number, as somebody would type it: with plain
// digits, spaces and hyphens. Its errors follow the column's name and the value.
func Number(cell string) (string, error) {
	if digits(cell) {
		return cell, nil
	}
	cell = strings.TrimLeft(Plain(cell), "'’‘`")
	cell = strings.TrimSpace(strings.Map(narrow, width.Narrow.String(cell)))
	if rounded.MatchString(cell) {
		return cell, errRounded
	}
	for _, p := range []*regexp.Regexp{float, formula} {
		if m := p.FindStringSubmatch(cell); m != nil {
			return m[1], nil
		}
	}
	return cell, nil
}

// narrow makes what stands between digits what can be typed, and drops what can't be seen.
func narrow(r rune) rune {
	switch {
	case r == utf8.RuneError:
		return r
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Cc, r), unicode.Is(unicode.Mn, r):
		return -1
	case unicode.Is(unicode.Pd, r), r == '−', r == '⁃':
		return '-'
	}
	return r
}

func digits(cell string) bool {
	for i := range len(cell) {
		if cell[i] < '0' || cell[i] > '9' {
			return false
		}
	}
	return true
}

// LooksLikeNumber tells a cell that could hold a telephone number from a name.
func LooksLikeNumber(cell string) bool {
	cell, err := Number(cell)
	if err != nil {
		return true
	}
	n := 0
	for _, r := range cell {
		switch {
		case r >= '0' && r <= '9':
			n++
		case !strings.ContainsRune("+-() ", r):
			return false
		}
	}
	return n >= FewDigits
}

// FewDigits are too few for a number that somebody could dial.
const FewDigits = 5
