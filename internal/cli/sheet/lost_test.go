package sheet

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Numbers in a second column are not left out without a word; what only looks like them is no
// matter, and no row or line number is lost by looking ahead.
func TestNoNumbersAreLost(t *testing.T) {
	t.Parallel()
	whole := Layout{Needed: 1, Columns: []string{"number", "source"}, Numbers: []string{"number"},
		Names: map[string][][]string{"number": NumberNames}, Whole: true, Lone: "number"}
	const first = "13800138000"
	for _, tt := range []struct {
		name, file, text string
		maps             []string
		lost             string
	}{
		{"second", "a.csv", "手机号,手机号2\n" + first + ",13900139000\n", nil, "手机号2"},
		{"phone1", "a.csv", "phone_number,phone1\n" + first + ",+86 139-0013-9000\n", nil, "phone1"},
		{"contact", "a.csv", "手机号,contact_number\n" + first + ",8613900139000\n", nil,
			"contact_number"},
		{"spare, mostly empty", "a.csv", "手机号,备用电话\n" + strings.Repeat(first+",\n", 9) + first +
			",13900139000\n", nil, "备用电话"},
		{"quoted", "a.csv", "手机号,联系电话2\n" + first + ",\"=\"\"13900139000\"\"\"\n", nil, "联系电话2"},
		{"nameless", "a.csv", "手机号,\n" + first + ",13900139000\n", nil, "(number 2)"},
		{"objects", "a.jsonl", `{"number":"` + first + `","spare":13900139000}` + "\n", nil, "spare"},
		{"said", "a.csv", "手机号,手机号2\n" + first + ",13900139000\n", []string{"number=手机号"}, ""},
		{"orders", "a.csv", "手机号,订单号\n" + first + ",1390013900012\n", nil, ""},
		{"remarks", "a.csv", "手机号,备注\n" + first + ",13900139000\n" + first + ",no\n" + first +
			",no\n", nil, ""},
		{"own", "a.csv", "手机号,坐席手机\n" + first + ",13900139000\n", nil, ""},
		{"alone", "a.csv", first + "\n" + first + "\n", nil, ""},
		{"long", "a.csv", "手机号,x\n" + strings.Repeat(first+",1\n", 50), nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table, err := open(t, tt.file, tt.text, whole, Options{Maps: tt.maps})
			if tt.lost != "" {
				require.ErrorContains(t, err, "the column \""+tt.lost+"\" holds telephone numbers, too")
				require.ErrorContains(t, err, "--map number="+tt.lost)
				return
			}
			require.NoError(t, err)
			rows := slices.Collect(table.Rows(&err))
			require.NoError(t, err)
			lines := strings.Count(tt.text, "\n")
			require.Equal(t, lines, rows[len(rows)-1].Place)
			require.Len(t, rows, lines-rows[0].Place+1)
		})
	}
}
