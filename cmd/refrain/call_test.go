package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/call"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/importer"
)

func TestCallsGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	report := func(id, at string, more ...string) result {
		return u.run(append([]string{"call", "report", id, "--number", "13800138000", "--start",
			"2026-03-05T" + at}, more...)...)
	}
	report("c1", "09:00:00+08:00", "--outcome", "rejected", "--agent", "李雷", "--line", "loans",
		"--caller-id", "01062345678")
	report("c1", "09:00:00+08:00", "--outcome", "rejected", "--agent", "李雷", "--line", "loans",
		"--caller-id", "01062345678")
	report("c1", "09:00:00+08:00", "--outcome", "busy")
	report("c1", "09:00:00+08:00", "--outcome", "busy", "--revision", "3", "--code", "486")
	report("c1", "09:00:00+08:00", "--outcome", "no-answer", "--revision", "2")
	report("c2", "09:10:00+08:00", "--sip", "603")
	report("c3", "01:20:00Z", "--freeswitch", "CALL_REJECTED", "--ended-by", "customer")
	report("c4", "09:30:00+08:00", "--asterisk", "BUSY/21")
	report("c5", "09:40:00+08:00", "--outcome", "answered", "--talk-seconds", "61.26", "--format",
		"json")
	report("c6", "09:40:00+08:00", "--sip", "999")
	report("c6", "09:40:00Z", "--sip", "486")
	report("c6", "09:40:00+08:00", "--outcome", "busy", "--talk-seconds", "5")
	u.run("call", "report", "c6", "--number", "1380", "--start", "2026-03-05T09:00:00+08:00",
		"--sip", "486")
	u.must("call", "show", "c1")
	u.must("call", "show", "c5", "--format", "json")
	u.run("call", "show", "c6")
	u.must("call", "list")
	u.must("call", "list", "--number", "13800138000", "--since", "2026-03-05T09:20:00+08:00",
		"--limit", "2", "--format", "json")
	u.must("call", "list", "--number", "13800138001")
	u.must("check", "13800138000")
	u.golden("calls.txt")
}

// A list that takes more than one page has its head once, lines up and masks all the way.
func TestListOfSeveralPages(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	rows := "call_id,number,start,outcome\n"
	for i := range 501 {
		rows += fmt.Sprintf("20260305-1391234%04d,138%08d,2026-03-05T08:00:00+08:00,busy\n", i, i)
	}
	u.write("cdr.csv", rows)
	u.must("call", "import", "@cdr.csv")
	listed := strings.Split(strings.TrimSpace(u.must("call", "list", "--limit", "0")), "\n")
	require.Len(t, listed, 502)
	require.Contains(t, listed[0], "CALL  ")
	for _, line := range listed[1:] {
		require.Regexp(t, `^20260305-139\*{4}\d{4}  138\*{4}\d{4}  `, line)
	}
}

// Rows that are refused can be mended in the file of rejects and imported again.
func TestCallImportGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("cdr.csv", "\ufeffCall_ID, number "+
		",start,outcome,talk_seconds,agent,line,code,code_system\r\n"+
		"c1,138 0013 8000,2026-03-05T09:00:00+08:00,rejected,,a1,l1,,\r\n"+
		"c2,13800138000,2026-03-05T09:10:00+08:00,answered,12.5,\"Li, Lei\",l1,,\r\n"+
		"c3,13800138000,2026-03-05T09:20:00+08:00,,,a1,l1,603,sip\r\n"+
		"\r\n"+
		"c4,13800138001,2026-03-05,rejected,,a1,l1,,\r\n"+
		"c5,138,2026-03-05T09:25:00+08:00,rejected,,\"a \"\"1\"\"\",l1,,\r\n"+
		"c6,13800138002,2026-03-05T09:20:00+08:00,,,a1,l1,,\r\n"+
		"c7,13800138002,2026-03-05T09:20:00+08:00,rejectd,,a1,l1,,\r\n"+
		"c8,13800138002,2096-03-05T09:30:00+08:00,rejected,,a1,l1,,\r\n"+
		"c9,13800138002\r\n"+
		"c10,13800138002,2026-03-05T09:40:00+08:00,answered,NaN,a1,l1,,\r\n"+
		",13800138002,2026-03-05T09:20:00+08:00,busy,,a1,l1,,\r\n"+
		"\"c11,13800138002,2026-03-05T09:20:00+08:00,busy,,a1,l1,,\r\n"+
		"c12,13800138002,2026-03-05T09:20:00+08:00,busy,,\xc0\xee,l1,,")
	u.run("call", "import", "@cdr.csv")
	u.show("cdr.csv.rejects.csv")
	u.run("call", "import", "@cdr.csv")

	mended := u.read("cdr.csv.rejects.csv")
	for _, m := range [][2]string{
		{"2026-03-05,rejected", "2026-03-05T09:20:00+08:00,rejected"}, {"c5,138,", "c5,13800138001,"},
		{"c6,13800138002,2026-03-05T09:20:00+08:00,,",
			"c6,13800138001,2026-03-05T09:30:00+08:00,rejected,"},
		{"rejectd", "rejected"}, {"2096", "2026"},
		{`c9,13800138002,"has 2 columns, not 9 as the first line"`,
			"c9,13800138002,2026-03-05T09:20:00+08:00,busy,,a1,l1,,"},
		{"NaN", "3"}, {"\n,13800138002", "\nc13,13800138002"}, {"\"c11", "c11"},
		{`l1,,,"is not readable as CSV: extraneous or missing "" in quoted-field"`, "l1,,,"},
		{"\xc0\xee", "李"},
	} {
		require.Contains(t, mended, m[0])
		mended = strings.Replace(mended, m[0], m[1], 1)
	}
	u.write("mended.csv", mended)
	u.must("call", "import", "@mended.csv", "--format", "json")
	u.must("call", "list", "--limit", "0")
	u.must("freeze", "list")

	// What is known changes nothing, whatever else is in the file.
	u.run("call", "import", "@cdr.csv", "--rejects", "@again.csv", "--format", "json")
	ahead := regexp.MustCompile(`\d+h\d+m0s ahead`)
	require.Equal(t, ahead.ReplaceAllString(u.read("cdr.csv.rejects.csv"), ""),
		ahead.ReplaceAllString(u.read("again.csv"), ""))
	require.Equal(t, 3, strings.Count(u.must("freeze", "list", "--all"), "rejected-or-short"))
	u.golden("call-import.txt")
}

func TestCallImportJSONLGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("cdr.jsonl",
		`{"call_id":"j1","number":13800138000,"start":"2026-03-05T09:00:00+08:00","outcome":"answered","talk_seconds":3.25,"agent":null}
{"call_id":"j2","number":"13800138000","start":"2026-03-05T09:00:00+08:00","outcome":"answered","talk":3,"tags":["x"]}
{"call_id":"j2b","number":"13800138000","start":"2026-03-05T09:00:00+08:00","outcome":"answered","talk_seconds":"3 s"}
{"call_id":"j3","number":13800138000,"start":"2026-03-05","outcome":"busy"}
{"call_id":"j4","number":"13800138000","start":"2026-03-05T09:00:00+08:00","outcome":["busy"]}
{"call_id":"j5"} {"call_id":"j6"}
null
busy
`)
	u.run("call", "import", "@cdr.jsonl")
	u.show("cdr.jsonl.rejects.jsonl")
	mended := strings.NewReplacer(`"3 s"`, `3`, `2026-03-05"`, `2026-03-05T09:00:00+08:00"`,
		`["busy"]`, `"busy"`).Replace(u.read("cdr.jsonl.rejects.jsonl"))
	u.write("mended.jsonl", mended)
	u.run("call", "import", "@mended.jsonl")
	u.must("call", "list", "--format", "json")
	u.golden("call-import-jsonl.txt")
}

// A big file goes in several requests, and the second time changes nothing.
func TestCallImportOfMany(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	var text strings.Builder
	text.WriteString("call_id,number,start,outcome\n")
	for i := range 2*importer.Batch + 500 {
		number := fmt.Sprint(13900000000 + i/2)
		if i%700 == 699 {
			number = "12"
		}
		fmt.Fprintf(&text, "m%d,%s,2026-03-05T09:00:00+08:00,no_answer\n", i, number)
	}
	u.write("cdr.csv", text.String())
	for _, rejects := range []string{"@one.csv", "@two.csv"} {
		got := u.run("call", "import", "@cdr.csv", "--rejects", rejects)
		require.Equal(t, console.ExitFailed, got.code)
		require.Contains(t, got.out, "cdr.csv: 2500 rows, 2497 taken, 3 rejected; mend and "+
			"import again: ")
		require.Contains(t, got.errors, "cdr.csv:701: number is not a telephone number")
		require.Contains(t, got.errors, "cdr.csv:2101: number is not a telephone number")
	}
	require.Len(t, lines[call.Line](t, u.must("call", "list", "--limit", "0", "--format", "json")),
		2497)
	require.Len(t, lines[call.Line](t, u.must("call", "list", "--limit", "501", "--format",
		"json")), 501)
}

// What can't work is told before anything is sent.
func TestImportNotBegun(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	good := "call_id,number,start,outcome\nc1,13800138000,2026-03-05T09:00:00+08:00,busy\n"
	u.write("cdr.csv", good)
	u.write("old.csv", "")
	for _, tt := range []struct {
		args    []string
		problem string
	}{
		{[]string{"@cdr.csv", "--rejects", "@old.csv"}, "old.csv is there already, from an " +
			"earlier import; move it away or name another with --rejects"},
		{[]string{"@cdr.csv", "--rejects", "@none/x.csv"}, "the file of rejects: stat "},
		{[]string{"@none.csv"}, "no such file"},
		{[]string{"@"}, "is a directory"},
		{[]string{"@old.csv"}, "old.csv: it is empty; its first line must name the columns, such " +
			"as call_id,number,start"},
	} {
		got := u.run(append([]string{"call", "import"}, tt.args...)...)
		require.Equal(t, console.ExitFailed, got.code)
		require.Contains(t, got.errors, tt.problem)
		require.Empty(t, got.out)
	}
	require.Equal(t, "no calls\n", u.must("call", "list"))
	got := refrain(t, "", "call", "import", u.path("cdr.csv"), "--server", nowhere)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "lines 2 to 2 of "+u.path("cdr.csv")+
		": no server can be reached")
	require.Contains(t, got.out, "1 rows, 0 taken, 0 rejected (stopped early)")
}

// An answered call without a talk time is no short call, and everybody hears so.
func TestUnknownTalk(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("cdr.csv", "call_id,number,start,outcome,code,code_system\n"+
		"c1,13800138000,2026-03-05T09:00:00+08:00,answered,,\n"+
		"c2,13800138000,2026-03-05T09:10:00+08:00,,ANSWERED,asterisk\n"+
		"c3,13800138000,2026-03-05T09:20:00+08:00,,16,freeswitch\n")
	got := u.run("call", "import", "@cdr.csv")
	require.Equal(t, console.ExitDone, got.code)
	require.Contains(t, got.errors, "3 answered calls came without talk_seconds")
	require.Contains(t, u.must("check", "13800138000"), "may be called")
	require.Regexp(t, `(?m)^c1 +138\*{4}8000 .* answered  - *$`, u.must("call", "list"))
	require.Contains(t, u.must("call", "show", "c3", "--format", "json"), `"talk_seconds":null`)
	u.must("call", "report", "c1", "--number", "13800138000", "--start", "2026-03-05T09:00:00+08:00",
		"--outcome", "answered", "--talk-seconds", "0", "--revision", "2")
	require.Contains(t, u.must("call", "show", "c1", "--format", "json"), `"talk_seconds":0`)
}
