package sheet

import (
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
	"github.com/xuri/nfp"
)

// showTimes rewrites the formats that a workbook's author made, so that how a cell is shown
// tells a time from another number: 000-00 is a number in groups, and yyyy-mm a date.
func showTimes(book *excelize.File) {
	if book.Styles == nil || book.Styles.NumFmts == nil {
		return
	}
	for _, f := range book.Styles.NumFmts.NumFmt {
		if f == nil {
			continue
		}
		code := f.FormatCode
		if f.FormatCode16 != "" {
			code = f.FormatCode16
		}
		f.FormatCode, f.FormatCode16 = plainFormat(code), ""
	}
}

// plainFormat is the plainest format of its kind: of a date, of a time or of a number.
func plainFormat(code string) string {
	parser := nfp.NumberFormatParser()
	date, clock := false, false
	for _, section := range parser.Parse(code) {
		for _, token := range section.Items {
			switch token.TType {
			case nfp.TokenTypeElapsedDateTimes:
				clock = true
			case nfp.TokenTypeDateTimes:
				date = true
				clock = clock || strings.ContainsAny(strings.ToLower(token.TValue), "hs/")
			}
		}
	}
	switch {
	case clock:
		return "yyyy-mm-dd hh:mm:ss"
	case date:
		return "yyyy-mm-dd"
	}
	return "0"
}

// scientific is a number with an exponent, which has a hyphen and is no date.
var scientific = regexp.MustCompile(`^[+-]?[\d.,]+[eE][+-]?\d+$`)

// looksLikeTime tells a date or a time of day from another number, as the workbook's own
// formats show it and those that every workbook has.
func looksLikeTime(shown string) bool {
	if shown = strings.TrimSpace(shown); scientific.MatchString(shown) {
		return false
	}
	return strings.ContainsAny(shown, ":年月日时") || strings.Count(shown, "/") == 2 ||
		strings.Contains(strings.TrimLeft(shown, "-"), "-") && !strings.ContainsAny(shown, "()") ||
		strings.Count(shown, ".") == 2
}
