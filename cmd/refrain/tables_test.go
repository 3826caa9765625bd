package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/refrain-asr/refrain/internal/cli/call"
)

// What switches and spreadsheets write is taken as it is.
func TestImportInTheWildGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(
		"通话ID,手机号,开始时间,坐席,呼叫结果,通话时长(秒),备注,\r\n" +
			"g1,\"=\"\"13800138000\"\"\",2026/3/5 9:15,李雷,接通,\"12\",,\r\n" +
			"g2,13800138000,2026/3/5 9:20,韩梅梅,拒接,,不要再打,\r\n" +
			"g3,1.38E+10,2026/3/5 9:20,韩梅梅,拒接,,,\r\n" +
			"g4,13800138000,5/3/2026 9:20,韩梅梅,拒接,,,\r\n")
	require.NoError(t, err)
	u.write("gb.csv", gb)
	u.run("call", "import", "@gb.csv")
	u.show("gb.csv.rejects.csv")
	u.write("mended.csv", strings.NewReplacer("1.38E+10", "13800138001", "5/3/2026", "2026/3/5").
		Replace(u.read("gb.csv.rejects.csv")))
	u.run("call", "import", "@mended.csv")
	u.write("Master.csv", `"","8001","13800138002","from-internal","""Li"" <8001>","PJSIP/8001-1",`+
		`"PJSIP/trunk-2","Dial","PJSIP/13800138002@trunk,60","2026-03-05 09:00:00",`+
		`"","2026-03-05 09:00:30",30,0,"BUSY","DOCUMENTATION",`+
		`"1772672400.11",""`+"\n")
	u.run("call", "import", "@Master.csv", "--format", "json")
	u.write("fs.csv", `"Li","8001","13800138003","default","2026-03-05 09:30:00","",`+
		`"2026-03-05 09:30:20","20","0","CALL_REJECTED","5f0c0f4e-1111-2222-3333-444455556666","",""`+
		"\n")
	u.run("call", "import", "@fs.csv")
	u.write("vici.txt", "call_date\tphone_number_dialed\tstatus\tuser\tfull_name\tcampaign_id\t"+
		"phone_code\tphone_number\tlength_in_sec\tuniqueid\tcaller_code\tserver_ip\thangup_cause\t"+
		"dialstatus\tchannel\tdial_time\tanswered_time\tcpd_result\r\n"+
		"2026-03-05 09:40:00\t13800138004\tB\t6666\tLi\tSALES\t86\t13800138009\t0\tV1.1\tM1\t"+
		"10.0.0.1\t17\tBUSY\tSIP/1\t12\t0\t\r\n"+
		"2026-03-05 09:41:00\t13800138004\tNI\t6666\tLi\tSALES\t86\t13800138009\t40\tV1.2\tM1\t"+
		"10.0.0.1\t16\tANSWER\tSIP/1\t40\t28\t\r\n")
	u.run("call", "import", "@vici.txt")
	u.write("utc.csv", "call_id,number,start,outcome,talk_seconds\n"+
		"z1,13800138005,2026-03-04T10:10:00Z,rejected,\n"+
		"z2,13800138005,2026-03-04T11:10:00Z,rejected,\n"+
		"z3,13800138005,2026-03-04T17:30:00Z,rejected,\n"+
		"z4,13800138006,2026-03-03T17:30:00+08:00,answered,14200\n"+
		"z5,13800138006,2026-03-03T17:31:00+08:00,answered,3100\n"+
		"z6,13800138006,2026-03-03T17:32:00+08:00,answered,61000\n"+
		"z7,13800138006,2026-03-05T09:50:00+08:00,answered,61000\n")
	u.run("call", "import", "@utc.csv", "--format", "json")
	u.run("call", "import", "@utc.csv", "--ignore-zone", "--revision", "2", "--map",
		"talk_ms=talk_seconds", "--rejects", "@none.csv")
	u.run("call", "report", "r1", "--number", "13800138007", "--start", "2026-03-05 9:55",
		"--outcome", "busy")
	u.run("call", "report", "r2", "--number", "13800138007", "--start", "2026-03-05 01:56",
		"--zone", "UTC", "--outcome", "busy")
	u.must("call", "list", "--format", "json")
	u.run("call", "import", "@utc.csv", "--zone", "Mars")
	u.run("call", "import", "@utc.csv", "--encoding", "klingon")
	u.run("call", "import", "@utc.csv", "--code-system", "morse")
	u.run("call", "import", "@utc.csv", "--revision", "-1")
	u.golden("tables.txt")
}

func TestFreezeImportOfNumbers(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("dnc.csv", "13800138000\n13800138001\n1380\n")
	got := u.run("freeze", "import", "@dnc.csv", "--format", "json")
	require.Contains(t, got.errors, "dnc.csv: has no line of names, and was read as a list of numbers")
	require.Contains(t, got.out, `"rows":3,"taken":2,"rejected":1`)
	require.Contains(t, u.read("dnc.csv.rejects.csv"), "number,rejected_because\n1380,number is not")
	u.write("dnc2.csv", "phone_number\n+86 138 0013 8002\n")
	u.must("freeze", "import", "@dnc2.csv", "--reason", "asked")
	u.write("until.csv", "手机号,到期时间\n13800138003,2026-03-06\n13800138004,2026-03-04\n")
	u.run("freeze", "import", "@until.csv")
	list := u.must("freeze", "export")
	require.Equal(t, 2, strings.Count(list, "imported from dnc.csv"))
	require.Equal(t, 1, strings.Count(list, ",asked,"))
	require.Contains(t, list, ",2026-03-06T16:00:00Z,", "until the day's end")
	require.NotContains(t, list, "138****8004", "it has ended")
}

// What a list of calls has is not taken for the end or the line of a freeze: all of its
// numbers are frozen, on all lines, until they are released.
func TestFreezeImportOfCalls(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"chinese":  "手机号,线路,开始时间,结束时间,备注",
		"business": "手机号,业务线,开始,结束,备注",
		"english":  "phone_number,trunk,start_time,end_time,comments",
		"started":  "phone_number,campaign,started_at,ended_at,comments",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, nil)
			u.write("calls.csv", head+"\n13800138000,line-1,2026-03-04 10:00:00,2026-03-04 10:01:00,no\n")
			got := u.run("freeze", "import", "@calls.csv")
			require.Zero(t, got.code, got.errors)
			over := strings.Split(head, ",")
			require.Contains(t, got.errors, "columns that are passed over: "+
				strings.Join(over[1:len(over)-1], ", "))
			require.NotContains(t, got.out, "skipped")
			list := u.must("freeze", "list", "--number", "13800138000")
			require.Contains(t, list, "no end")
			require.Contains(t, list, " all ")
		})
	}
}

// What freezes nobody, or not everywhere, is said.
func TestFreezeImportTellsWhatIsSkipped(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("until.csv", "手机号,冻结时间,解冻时间,业务\n13800138003,2026-03-01,2026-03-06,loans\n"+
		"13800138004,2026-03-01,2026-03-04,\n13800138005,2026-03-01,2026-03-03,\n")
	got := u.run("freeze", "import", "@until.csv", "--map", "line=业务")
	require.Zero(t, got.code, got.errors)
	require.Contains(t, got.out, "3 rows, 3 taken, 0 rejected, 2 skipped\n")
	require.Contains(t, got.errors, "until.csv: 2 had ended already: nothing is frozen by them\n")
	require.Contains(t, got.errors, "until.csv: 1 hold on the line of their row only")
	got = u.run("freeze", "import", "@until.csv", "--format", "json", "--map", "line=业务")
	require.Contains(t, got.out, `"rows":3,"taken":3,"rejected":0,"skipped":3,`)
	require.Contains(t, got.errors, "until.csv: 2 had ended already")
}

// A workbook is imported and scrubbed like CSV.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	f := excelize.NewFile()
	for i, row := range [][]any{{"通话ID", "手机号", "开始时间", "结果", "客户"},
		{"x1", 13800138000, begun.AddDate(0, 0, -1), "拒接", "李雷"},
		{"x2", "13800138001", "2026-03-04 10:00:00", "忙", "韩梅梅"},
		{"x3", "138", "2026-03-04 10:00:00", "忙", "韩\"梅梅"}} {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, f.SetSheetRow("Sheet1", cell, &row))
	}
	require.NoError(t, f.SaveAs(u.path("话单.xlsx")))
	require.NoError(t, f.Close())
	got := u.run("call", "import", "@话单.xlsx", "--format", "json")
	require.Contains(t, got.out, `"rows":3,"taken":2,"rejected":1`)
	require.Contains(t, got.errors, "话单.xlsx:4: number is not a telephone number")
	require.True(t, strings.HasPrefix(u.read("话单.xlsx.rejects.csv"),
		"\ufeff通话ID,手机号,开始时间,结果,客户,rejected_because\nx3,138,2026-03-04 10:00:00,忙,"+
			"\"韩\"\"梅梅\",number is not"))
	calls := lines[call.Line](t, u.must("call", "list", "--format", "json"))
	require.Equal(t, []string{"x2", "x1"}, []string{calls[0].CallID, calls[1].CallID})
	require.Equal(t, "2026-03-03T18:00:00Z", *calls[1].Start, "a workbook's times have no zone")

	u.must("freeze", "add", "13800138000", "--reason", "asked")
	got = u.run("check", "--file", "@话单.xlsx", "--out", "@allowed.csv", "--refused", "@no.csv",
		"--format", "json")
	require.Contains(t, got.out, `"numbers":3,"allowed":1,"refused":{"frozen":1,"invalid_number":1}`)
	require.Equal(t, "\ufeff通话ID,手机号,开始时间,结果,客户\nx2,13800138001,2026-03-04 10:00:00,忙,韩梅梅\n",
		u.read("allowed.csv"))
	require.Contains(t, u.read("no.csv"), "x1,13800138000,")
	got = u.run("check", "--file", "@话单.xlsx", "--out", "@allowed.xlsx")
	require.Equal(t, 2, got.code)
	require.NoFileExists(t, u.path("allowed.xlsx"))
}

// A scrubbed list is written as the list was.
func TestScrubKeepsEncoding(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.must("freeze", "add", "13800138000", "--reason", "asked")
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(
		"姓名;手机号\r\n李雷;=\"13800138000\"\r\n韩梅梅;'13800138001\r\n王;1.38E+10\r\n")
	require.NoError(t, err)
	u.write("gb.csv", gb)
	got := u.run("check", "--file", "@gb.csv", "--out", "@gb.out.csv", "--format", "json")
	var total struct{ Encoding string }
	require.NoError(t, json.Unmarshal([]byte(got.out), &total))
	require.Equal(t, "gb18030", total.Encoding)
	require.Contains(t, got.errors, "gb.csv:4: 1.38E+10: has lost its digits")
	want := strings.Split(gb, "\r\n")
	require.Equal(t, want[0]+"\r\n"+want[2]+"\r\n", u.read("gb.out.csv"))

	u.write("u16.txt", "\xff\xfe1\x003\x008\x000\x000\x001\x003\x008\x000\x000\x001\x00\n\x00")
	u.run("check", "--file", "@u16.txt", "--out", "@u16.out")
	require.Equal(t, u.read("u16.txt"), u.read("u16.out"))
	_, err = os.Stat(filepath.Join(u.dir, "u16.out"))
	require.NoError(t, err)
}

// The number of who complains is frozen, and never what may be the company's own.
func TestComplaintImportOfTheirNumber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, head string
		flags      []string
		problem    string
	}{
		{"who complains", "投诉人号码,投诉号码", nil, ""},
		{"who reports", "举报人号码,被投诉号码", nil, ""},
		{"user", "用户号码,投诉号码", nil, ""},
		{"mobile", "手机号,投诉号码", nil, ""},
		{"own first", "姓名,投诉号码", nil, "--map number=投诉号码"},
		{"complained of", "姓名,被投诉号码", nil, "--map number=被投诉号码"},
		{"said", "投诉号码,被投诉号码", []string{"--map", "number=投诉号码"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, nil)
			u.write("c.csv", tt.head+",投诉时间,来源\n13800138000,01062345678,2026-03-04,12321\n")
			got := u.run(append([]string{"complaint", "import", "@c.csv"}, tt.flags...)...)
			if tt.problem != "" {
				require.NotZero(t, got.code)
				require.Contains(t, got.errors, tt.problem)
				return
			}
			require.Zero(t, got.code, got.errors)
			require.Contains(t, u.must("freeze", "list"), "138****8000")
		})
	}
}
