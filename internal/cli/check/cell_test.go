package check

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

func TestCellOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line  string
		index int
		want  string
	}{
		{"13800138000\n", 0, "13800138000"},
		{"13800138000\r\n", 0, "13800138000"},
		{" 13800138000 ,x", 0, "13800138000"},
		{"a,13800138000", 1, "13800138000"},
		{"a,\t13800138000", 1, "13800138000"},
		{"a", 1, ""},
		{"a,", 1, ""},
		{"", 0, ""},
		{`"13800138000"`, 0, "13800138000"},
		{` "138 0013 8000",x`, 0, "138 0013 8000"},
		{`"Li, Lei",13800138000`, 1, "13800138000"},
		{`"Li ""W"", Lei","13800138000"`, 1, "13800138000"},
		{`"Li ""W""",x`, 0, `Li "W"`},
		{`"""","13800138000"`, 1, "13800138000"},
		{`"",13800138000`, 1, "13800138000"},
		{`5" screen,13800138000`, 1, "13800138000"},
		{`"Li,13800138000`, 1, ""},
		{`"Li"x,13800138000`, 1, ""},
		{"李雷,13800138000", 1, "13800138000"},
		{"\xc0\xee\xc0\xd7,13800138000", 1, "13800138000"},
		{"1380013\xff8000", 0, "1380013\ufffd8000"},
	} {
		require.Equal(t, tt.want, cellOf(tt.line, tt.index), "%q", tt.line)
	}
}

// What the standard library reads as CSV means the same here; nothing panics or becomes
// what can't be sent.
func FuzzCellOf(f *testing.F) {
	f.Add(`"Li ""W"", Lei", 13800138000,x`, 1)
	f.Add("\"a\",\"b\"\"\"\r\n", 1)
	f.Add(`5" screen,1`, 1)
	f.Add("a,\xff", 1)
	f.Fuzz(func(t *testing.T, line string, index int) {
		line, _, _ = strings.Cut(line, "\n")
		index = min(max(index, 0), 5)
		got := cellOf(line, index)
		require.True(t, utf8.ValidString(got))
		if strings.TrimSpace(line) == "" || strings.Contains(strings.TrimRight(line, "\r"), "\r") {
			return // such lines are dropped, or the library reads another end into them
		}
		row, err := files.SplitCSV(strings.TrimRight(line, "\r"))
		switch {
		case errors.Is(err, csv.ErrBareQuote):
			return // the library is stricter
		case err != nil:
			require.Empty(t, cellOf(line, 1000))
		case index < len(row):
			require.Equal(t, validUTF8(strings.TrimSpace(row[index])), got)
		default:
			require.Empty(t, got)
		}
	})
}
