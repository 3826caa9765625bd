package sheet

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// A format of its own makes no date of a number, and none is missed.
func TestWorkbookFormats(t *testing.T) {
	t.Parallel()
	formats := []struct {
		code  string
		value any
		want  string
	}{
		{"0-00", 95588, "95588"},
		{"000-00", 123, "123"},
		{"000-0000-0000", 13800138000, "13800138000"},
		{"0.0.0", 123, "123"},
		{"0/0/0", 123, "123"},
		{`"day "0-0`, 46353, "46353"},
		{`0\d-0`, 46353, "46353"},
		{"[Red]0-00;[Blue]-0-00", 95588, "95588"},
		{"0.00E+00", 0.00001, "0.00001"},
		{"0-00", "95588", "95588"},
		{"yyyy-mm-dd", 46353, "2026-11-27"},
		{"m/d", 46353, "2026-11-27"},
		{"yyyy.mm", 46353, "2026-11-27"},
		{"d-mmm-yy;@", 46353, "2026-11-27"},
		{`yyyy"年"m"月"d"日"`, 46353, "2026-11-27"},
		{"[$-804]yyyy-mm-dd hh:mm", 46353.385416666664, "2026-11-27 09:15:00"},
		{"m/d h AM/PM", 46353.375, "2026-11-27 09:00:00"},
		{"[h]:mm:ss", 0.25, "06:00:00"},
	}
	path := book(t, func(f *excelize.File) {
		require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"number", "time", "source"}))
		for i, tt := range formats {
			cell := fmt.Sprintf("B%d", i+2)
			require.NoError(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+2),
				&[]any{13800138000, tt.value, "own"}))
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &tt.code})
			require.NoError(t, err)
			require.NoError(t, f.SetCellStyle("Sheet1", cell, cell, style))
		}
	})
	all, _ := rowsOf(t, path, Options{})
	require.Len(t, all, len(formats))
	for i, tt := range formats {
		require.Equal(t, tt.want, all[i].Fields["time"], tt.code)
	}
}
