package sheet

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"13800138000":                    "13800138000",
		" 138 0013 8000 ":                "138 0013 8000",
		`="13800138000"`:                 "13800138000",
		`=""`:                            "",
		"=13800138000":                   "13800138000",
		"'13800138000":                   "13800138000",
		"’13800138000":                   "13800138000",
		`="'13800138000"`:                "13800138000",
		"\t13800138000\t":                "13800138000",
		"\u202a13800138000\u202c":        "13800138000",
		"\u2066138\u20690013\u200b8000":  "13800138000",
		"\ufeff13800138000\u200f":        "13800138000",
		"\u202d+86 138 0013 8000\u202c":  "+86 138 0013 8000",
		"138\u00a00013\u00a08000":        "138 0013 8000",
		"138\u30000013\u30008000":        "138 0013 8000",
		"138\u20130013\u20148000":        "138-0013-8000",
		"138\u20100013\u20118000":        "138-0013-8000",
		"138\u20120013\u22128000":        "138-0013-8000",
		"＋８６１３８００１３８０００":                 "+8613800138000",
		"（０１０）６２３４５６７８":                  "(010)62345678",
		"13800138000.0":                  "13800138000",
		"+8613800138000.00":              "+8613800138000",
		"13800138\x00000":                "13800138000",
		"138.0013.8000":                  "138.0013.8000",
		"Li":                             "Li",
		"\xff":                           "\ufffd",
		"12.0":                           "12.0",
		"1\ufe0f38\ufe0e00138000":        "13800138000",
		"13800138000/13900139000":        "13800138000/13900139000",
		"\u00a0\u200e=\"13800138000\"\t": "13800138000",
	} {
		got, err := Number(cell)
		require.NoError(t, err, cell)
		require.Equal(t, want, got, "%q", cell)
	}
	for _, cell := range []string{"1.38E+10", "1.38e+10", "1,38E+10", "1.3800138E10", "'1.38E+10",
		`="1.38E+10"`, "1E+10"} {
		_, err := Number(cell)
		require.ErrorIs(t, err, errRounded, cell)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"x": "x", " a b\u00a0": "a b", `="a ""b"""`: `a "b"`, `="a`: `="a`, "'a": "'a",
		"\ufeffa\u200b": "a", "a\u200bb": "a\u200bb", "": "", `=""`: "",
	} {
		require.Equal(t, want, Plain(cell), "%q", cell)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		row       string
		separator byte
		want      []string
	}{
		{"", ',', nil},
		{"a", ',', []string{"a"}},
		{"a,", ',', []string{"a", ""}},
		{` "a ""b""" , c`, ',', []string{`a "b"`, "c"}},
		{`="1",5" screen,"="`, ',', []string{`="1"`, `5" screen`, "="}},
		{"a\t\t\"b\tc\"", '\t', []string{"a", "", "b\tc"}},
		{"a,b;c", ';', []string{"a,b", "c"}},
	} {
		got, err := Split(tt.row, tt.separator)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, tt.row)
		for i, cell := range tt.want {
			require.Equal(t, cell, Cell(tt.row, tt.separator, i))
		}
		require.Empty(t, Cell(tt.row, tt.separator, len(tt.want)))
	}
	for _, row := range []string{`"`, `"a`, `"a"b`, `a,"b"c,d`} {
		_, err := Split(row, ',')
		require.ErrorIs(t, err, csv.ErrQuote, row)
	}
}

// What the standard library reads as CSV means the same here, and what is joined is split
// into the same again.
func FuzzSplit(f *testing.F) {
	f.Add(`"Li ""W"", Lei", 13800138000,x`, false)
	f.Add("\"a\";\"b\"\"\"", true)
	f.Add(`5" screen,="1"`, false)
	f.Add("a,\xff", false)
	f.Fuzz(func(t *testing.T, row string, semicolon bool) {
		separator := byte(',')
		if semicolon {
			separator = ';'
		}
		if strings.ContainsAny(row, "\r\n") || strings.TrimSpace(row) == "" {
			return // such lines are dropped, or the library reads another end into them
		}
		cells, problem := Split(row, separator)
		in := csv.NewReader(strings.NewReader(row))
		in.Comma, in.TrimLeadingSpace = rune(separator), true
		want, err := in.Read()
		switch {
		case errors.Is(err, csv.ErrBareQuote): // the library is stricter
		case err != nil && problem == nil: // it is, also with space behind a quote
			require.ErrorIs(t, err, csv.ErrQuote)
		case err != nil:
			require.ErrorIs(t, err, problem)
		default:
			require.NoError(t, problem)
			require.Equal(t, want, cells)
		}
		if problem != nil || len(cells) == 1 && cells[0] == "" {
			return // an empty cell alone is an empty line
		}
		again, err := Split(Join(cells, separator), separator)
		require.NoError(t, err)
		require.Equal(t, cells, again)
	})
}

// Nothing that a cell can hold makes a number of other digits.
func FuzzNumber(f *testing.F) {
	f.Add("=\"138\u20130013\u00a08000\"")
	f.Add("'13800138000.0")
	f.Add("1.38E+10")
	f.Fuzz(func(t *testing.T, cell string) {
		got, err := Number(cell)
		if err != nil {
			return
		}
		again, err := Number(got)
		require.NoError(t, err)
		if !strings.ContainsAny(got, "='’‘`.\"") {
			require.Equal(t, got, again)
		}
	})
}
