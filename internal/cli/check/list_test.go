package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

func TestOpenList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, column string
		index              int
		header, problem    string
	}{
		{"plain", "13800138000\n", "", 0, "", ""},
		{"header", "手机号\n13800138000\n", "", 0, "手机号\n", ""},
		{"header alone", "number", "", 0, "number\n", ""},
		{"header with a digit", "phone1,name\r\n13800138000,Li\r\n", "", 0, "phone1,name\r\n", ""},
		{"named", "name,Phone2026010112\nLi,13800138000\n", "phone2026010112", 1,
			"name,Phone2026010112\n", ""},
		{"counted", "name,phone\nLi,13800138000\n", "2", 1, "name,phone\n", ""},
		{"counted without a header", "Li,13800138000\n", "2", 1, "", ""},
		{"a number elsewhere", "Li,13800138000\n", "", 0, "", ""},
		{"a wide number elsewhere", "Li,１３８００１３８０００\n", "", 0, "", ""},
		{"byte order mark", "\ufeffnumber\n1\n", "number", 0, "number\n", ""},
		{"empty", "", "", 0, "", ""},
		{"empty line", "\n\n", "", 0, "", ""},
		{"empty, named", "", "phone", 0, "",
			`--column "phone": there is no first line that names it`},
		{"no such column", "name,phone\n", "nummer", 0, "",
			`--column "nummer": the columns of the first line are name, phone`},
		{"no so many", "name,phone\n", "3", 0, "", "--column 3: the first line has 2 columns"},
		{"none", "name,phone\n", "0", 0, "", "--column 0: the first line has 2 columns"},
		{"semicolons", "name;phone\n", "", 1, "name;phone\n", ""},
		{"separator named", "sep=;\r\nname;phone\r\n", "", 1, "sep=;\r\nname;phone\r\n", ""},
		{"separator named, and no names", "sep=;\nLi;13800138000\n", "2", 1, "sep=;\n", ""},
		{"separator named, and nothing else", "sep=;\n", "", 0, "sep=;\n", ""},
		{"tabs", "Li\t13800138000\n", "2", 1, "", ""},
		{"named by itself", "name,phone\nLi,13800138000\n", "", 1, "name,phone\n", ""},
		{"in Chinese", "姓名,手机号(必填)\n", "", 1, "姓名,手机号(必填)\n", ""},
		{"several numbers", "手机号,电话\n", "", 0, "",
			`the columns "手机号" and "电话" could both hold the numbers; say which with --column`},
		{"GB18030", "\xd0\xd5\xc3\xfb,\xca\xd6\xbb\xfa\xba\xc5\n", "手机号", 1, "姓名,手机号\n", ""},
		{"quote", "\"a\n", "", 0, "", "its first line is not readable as CSV"},
		{"UTF-16", "\xff\xfeK\x62:g\xf7S\n\x001\x003\x00", "手机号", 0, "手机号\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := sheet.NewText(strings.NewReader(tt.text), sheet.Options{})
			require.NoError(t, err)
			l, err := openList(text, tt.column)
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.index, l.index)
			require.Equal(t, tt.header, string(l.header))
		})
	}
}

// Every line that is not empty comes once, whole and in order, with its place.
func TestListFills(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("number,name\r\n\r\n")
	for i := range 2*batchSize + 1 {
		fmt.Fprintf(&text, "%d,x\r\n \n", 13800000000+i)
	}
	in, err := sheet.NewText(strings.NewReader(strings.TrimSuffix(text.String(), "\r\n \n")),
		sheet.Options{})
	require.NoError(t, err)
	l, err := openList(in, "number")
	require.NoError(t, err)
	b, seen := &batch{}, 0
	for _, want := range []int{batchSize, batchSize, 1, 0} {
		require.NoError(t, l.fill(b))
		require.Len(t, b.numbers, want)
		for i, n := range b.numbers {
			require.Equal(t, fmt.Sprint(13800000000+seen), n)
			require.Equal(t, 3+2*seen, b.places[i])
			end := "\r\n"
			if seen == 2*batchSize {
				end = "\n" // the last one had none
			}
			require.Equal(t, n+",x"+end, string(b.between(i, i+1)))
			seen++
		}
	}
	require.Equal(t, int64(text.Len())-4, b.read)

	in, err = sheet.NewText(strings.NewReader("13800138000\n"+
		strings.Repeat("1", files.MaxRow+1)), sheet.Options{})
	require.NoError(t, err)
	l, err = openList(in, "")
	require.NoError(t, err)
	require.ErrorContains(t, l.fill(b), "line 2 is longer than 1048576 bytes")
}
