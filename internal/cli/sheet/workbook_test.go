package sheet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// book makes a workbook, and gives its path.
func book(t *testing.T, fill func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	path := filepath.Join(t.TempDir(), "t.xlsx")
	require.NoError(t, f.SaveAs(path))
	require.NoError(t, f.Close())
	return path
}

func rowsOf(t *testing.T, path string, o Options) ([]Row, *Table) {
	t.Helper()
	table, err := Open(path, testLayout, o)
	require.NoError(t, err)
	t.Cleanup(table.Close)
	all := slices.Collect(table.Rows(&err))
	require.NoError(t, err)
	return all, table
}

// Numbers come with all their digits and times as times, however cells show them.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	path := book(t, func(f *excelize.File) {
		set := func(cell string, v any) { require.NoError(t, f.SetCellValue("Sheet1", cell, v)) }
		format := func(cell, code string) {
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
			require.NoError(t, err)
			require.NoError(t, f.SetCellStyle("Sheet1", cell, cell, style))
		}
		for i, name := range []string{"手机号", "开始时间", "来源", "备注"} {
			cell, err := excelize.CoordinatesToCellName(i+1, 2)
			require.NoError(t, err)
			set(cell, name)
		}
		at := time.Date(2026, 11, 27, 9, 15, 0, 0, time.UTC)
		set("A3", 13800138000)
		set("B3", at)
		set("C3", "own")
		set("D3", "a, \"b\"\nc")
		set("A5", 13800138000)
		format("A5", "0.00E+00")
		set("B5", 46353.385416666664)
		format("B5", "m/d/yy h:mm")
		set("C5", "own")
		set("A6", "13800138000")
		set("B6", "2026-11-27 09:15:00")
		set("C6", "own")
		set("A7", 13800138000.0)
		format("A7", "000-0000-0000")
		set("B7", 46353)
		format("B7", "yyyy\"年\"m\"月\"d\"日\"")
		set("C7", 1.5)
		set("A8", "1.38E+10")
		set("B8", 0.25)
		format("B8", "h:mm")
		set("C8", "own")
	})
	all, table := rowsOf(t, path, Options{})
	require.Empty(t, table.Notes)
	require.Len(t, all, 5)
	for i, want := range []struct{ number, time, source, text string }{
		{"13800138000", "2026-11-27 09:15:00", "own", `a, "b" c`},
		{"13800138000", "2026-11-27 09:15:00", "own", ""},
		{"13800138000", "2026-11-27 09:15:00", "own", ""},
		{"13800138000", "2026-11-27", "1.5", ""},
		{"1.38E+10", "06:00:00", "own", ""},
	} {
		require.Equal(t, map[string]string{"number": want.number, "time": want.time,
			"source": want.source, "text": want.text}, all[i].Fields)
	}
	require.ErrorIs(t, all[4].Err, errRounded)
	require.Equal(t, []int{3, 5, 6, 7, 8}, []int{all[0].Place, all[1].Place, all[2].Place,
		all[3].Place, all[4].Place})
	require.Equal(t, "\ufeff手机号,开始时间,来源,备注,rejected_because", table.RejectedHeader())
	require.Equal(t, `13800138000,2026-11-27 09:15:00,own,,why`, table.Rejected(all[1], "why"))
}

func TestWorkbookOfNumbersAs1904(t *testing.T) {
	t.Parallel()
	yes := true
	path := book(t, func(f *excelize.File) {
		require.NoError(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
		require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"number", "time", "source"}))
		require.NoError(t, f.SetSheetRow("Sheet1", "A2", &[]any{13800138000, 44891.385416666664,
			"own"}))
		style, err := f.NewStyle(&excelize.Style{NumFmt: 22})
		require.NoError(t, err)
		require.NoError(t, f.SetCellStyle("Sheet1", "B2", "B2", style))
	})
	all, _ := rowsOf(t, path, Options{})
	require.Equal(t, "2026-11-27 09:15:00", all[0].Fields["time"])
}

func TestSheets(t *testing.T) {
	t.Parallel()
	path := book(t, func(f *excelize.File) {
		for _, s := range []string{"hidden", "one", "two"} {
			_, err := f.NewSheet(s)
			require.NoError(t, err)
			require.NoError(t, f.SetSheetRow(s, "A1", &[]any{"number", "time", "source"}))
			require.NoError(t, f.SetSheetRow(s, "A2", &[]any{13800138000, "t", s}))
		}
		f.SetActiveSheet(2)
		require.NoError(t, f.DeleteSheet("Sheet1"))
		require.NoError(t, f.SetSheetVisible("hidden", false))
	})
	all, table := rowsOf(t, path, Options{})
	require.Equal(t, "one", all[0].Fields["source"])
	require.Equal(t, []string{`the sheet "one" is read, and not two; --sheet names another`},
		table.Notes)
	for _, name := range []string{"two", "hidden"} {
		all, table = rowsOf(t, path, Options{Sheet: strings.ToUpper(name)})
		require.Equal(t, name, all[0].Fields["source"])
		require.Empty(t, table.Notes)
	}
	_, err := Open(path, testLayout, Options{Sheet: "three"})
	require.ErrorContains(t, err, `--sheet "three": the sheets are hidden, one, two`)
}

// Whatever bytes a workbook has: no panic, and rows that are complete.
func FuzzWorkbook(f *testing.F) {
	small := excelize.NewFile()
	require.NoError(f, small.SetSheetRow("Sheet1", "A1", &[]any{"number", "time", "source"}))
	require.NoError(f, small.SetSheetRow("Sheet1", "A2", &[]any{13800138000, time.Unix(0, 0), "x"}))
	buf, err := small.WriteToBuffer()
	require.NoError(f, err)
	f.Add(buf.Bytes())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "t.xlsx")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		table, err := Open(path, testLayout, Options{})
		if err != nil {
			return
		}
		defer table.Close()
		for row := range table.Rows(&err) {
			if row.Err == nil {
				require.NotEmpty(t, row.Fields["number"])
			}
		}
	})
}
