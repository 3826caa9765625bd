package sheet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// testLayout is of a table with three columns that are needed and some that may be there.
var testLayout = Layout{Needed: 3, Columns: []string{"number", "time", "source", "text"},
	Numbers: []string{"number"},
	Names: map[string][][]string{"number": NumberNames,
		"source": {{"来源"}}, "text": {{"备注"}}, "time": {{"start_epoch"}, {"开始时间", "start_stamp"}}},
	Forms: []Form{{Name: "a form", Columns: []string{"x", "phone", "time", "source", "text"},
		Is:     func(cells []string) bool { return cells[0] == "form" },
		Advice: ": ask for it"}}}

// open opens a table in a file of that name.
func open(t *testing.T, name, text string, l Layout, o Options) (*Table, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	table, err := Open(path, l, o)
	if err == nil {
		t.Cleanup(table.Close)
	}
	return table, err
}

// read reads a table of testLayout.
func read(t *testing.T, name, text string) ([]Row, error) {
	t.Helper()
	table, err := open(t, name, text, testLayout, Options{})
	if err != nil {
		return nil, err
	}
	all := slices.Collect(table.Rows(&err))
	return all, err
}

func TestTable(t *testing.T) {
	t.Parallel()
	all, err := read(t, "t.csv", "\ufeff NUMBER ,text, time,Source\r\n"+
		"138,\"a, \"\"b\"\"\", t1 ,own\r\n\r\n  \n139,,t2,\"own\"")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, Row{Place: 2, Fields: map[string]string{"number": "138", "text": `a, "b"`,
		"time": "t1", "source": "own"}, Cells: []string{"138", `a, "b"`, "t1 ", "own"},
		Raw: `138,"a, ""b""", t1 ,own`}, all[0])
	require.Equal(t, 5, all[1].Place)
	require.NoError(t, all[1].Err)

	all, err = read(t, "t.JSONL", `{"number":138,"time":"t","source":"own","text":null,`+
		`"rejected_because":"x","more":{"a":[1]}}`+"\n\n"+`{"手机号":"138","time":"t","来源":"own"}`)
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, r := range all {
		require.NoError(t, r.Err)
		require.Equal(t, map[string]string{"number": "138", "time": "t", "source": "own"},
			r.Fields)
	}
}

// What separates cells, how text is written and what columns are called makes no
// difference.
func TestTableInTheWild(t *testing.T) {
	t.Parallel()
	const gb = "\xca\xd6\xbb\xfa\xba\xc5,time,\xc0\xb4\xd4\xb4\n13800138000,t,\xb9\xab\xcb\xbe\n"
	for _, tt := range []struct{ name, text, source, note string }{
		{"semicolons", "number;time;source\n13800138000;t;a,b\n", "a,b", ""},
		{"semicolons with quotes", "number;time;source\n13800138000;t;\"a;b\"\n", "a;b", ""},
		{"tabs", "number\ttime\tsource\n13800138000\tt\ta,b\n", "a,b", ""},
		{"tabs, and an empty cell", "text\tnumber\ttime\tsource\n\t13800138000\tt\town\n", "own", ""},
		{"separator named", "sep=;\nnumber;time;source\n13800138000;t;own\n", "own", ""},
		{"GB18030", gb, "公司", "read as gb18030; --encoding names another"},
		{"GB18030 at the end", "number,time,source\n" + strings.Repeat("13800138000,t,own\n", 9) +
			"13800138000,t,\xb9\xab\xcb\xbe", "own", "read as gb18030"},
		{"UTF-8 with a damaged row", "手机号,time,来源\n13800138000,t,公司\n13800138000,t,\xb9\xab\n",
			"公司", ""},
		{"UTF-16", "\xff\xfe" + utf16(false, "number\ttime\tsource\r\n13800138000\tt\t公司\r\n"),
			"公司", "read as utf-16le"},
		{"UTF-16, the other way", "\xfe\xff" + utf16(true, "number,time,source\n13800138000,t,公司"),
			"公司", "read as utf-16be"},
		{"UTF-16 without a mark", utf16(false, "number,time,source\n13800138000,t,公司\n"), "公司",
			"read as utf-16le"},
		{"UTF-16 without a mark, the other way",
			utf16(true, "number,time,source\n13800138000,t,公司\n"), "公司", "read as utf-16be"},
		{"empty columns", "number,time,source,,\n13800138000,t,own,,\n", "own", ""},
		{"empty cells behind", "number,time,source\n13800138000,t,own,,,\n", "own", ""},
		{"less than empty columns", "number,time,source,,\n13800138000,t,own\n", "own", ""},
		{"others", "客户姓名,来源,开始时间,手机号码(必填),等级\nLi,own,t,13800138000,A\n", "own",
			"columns that are passed over: 客户姓名, 等级"},
		{"best names", "Phone Number,start_stamp,start_epoch,来源\n13800138000,x,t,own\n", "own",
			"columns that are passed over: start_stamp"},
		{"own name first", "phone,number,time,source\n1,13800138000,t,own\n", "own",
			"columns that are passed over: phone"},
		{"space before", "\n ,,\nnumber,time,source\n13800138000,t,own\n", "own", ""},
		{"a form", "form,13800138000,t,own\n", "own", ""},
		{"lines of old Macintoshes", "number,time,source\r13800138000,t,own\r13800138001,t,own\r",
			"own", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table, err := open(t, "t.csv", tt.text, testLayout, Options{})
			require.NoError(t, err)
			all := slices.Collect(table.Rows(&err))
			require.NoError(t, err)
			require.NotEmpty(t, all)
			require.NoError(t, all[0].Err)
			delete(all[0].Fields, "text")
			require.Equal(t, map[string]string{"number": "13800138000", "time": "t",
				"source": tt.source}, all[0].Fields)
			require.Contains(t, strings.Join(table.Notes, "\n"), tt.note)
			if tt.note == "" {
				require.Empty(t, table.Notes)
			}
		})
	}
}

// The whole of a text decides, however long its lines are and wherever a read ends.
func TestDetect(t *testing.T) {
	t.Parallel()
	long, gb := strings.Repeat("李", 1<<18), strings.Repeat("\xc0\xee", 1<<18)
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "utf-8"},
		{"one byte", "1", "utf-8"},
		{"a long line", "1" + long, "utf-8"},
		{"another long line", "12" + long + "\n" + long, "utf-8"},
		{"a long line of GB18030", "1" + gb, "gb18030"},
		{"cut in a character", "李\n李雷\xe6\x9d", "utf-8"},
		{"late", strings.Repeat("13800138000\n", 1<<16) + "\xc0\xee\n", "gb18030"},
		{"one damaged line", "李雷\n韩梅梅\n\xc0\xee\n", "utf-8"},
		{"mostly GB18030", "\xc0\xee\n\xc0\xd7\n\xc0\xee\nÃ©\n", "gb18030"},
		{"four bytes", "\x81\x30\x81\x30\n", "gb18030"},
		{"neither", "\xff\xff\n", "utf-8"},
	} {
		e, err := detect(strings.NewReader(tt.text))
		require.NoError(t, err)
		require.Equal(t, tt.want, e.Name, tt.name)
	}
}

// utf16 writes characters of the basic plane.
func utf16(big bool, text string) string {
	var b strings.Builder
	for _, r := range text {
		pair := []byte{byte(r), byte(r >> 8)}
		if big {
			slices.Reverse(pair)
		}
		b.Write(pair)
	}
	return b.String()
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		o          Options
		problem    string
	}{
		{"map", "单号,number,time,source\n13800138000,x,t,own\n",
			Options{Maps: []string{"number=单号"}}, ""},
		{"map in any case", "My Number,time,source\n13800138000,t,own\n",
			Options{Maps: []string{" NUMBER=my number"}}, ""},
		{"one of two", "手机号,电话,time,source\n13800138000,x,t,own\n",
			Options{Maps: []string{"number=手机号"}}, ""},
		{"big5", "\xa4\xe2\xbe\xf7,time,source\n13800138000,t,own\n", Options{Encoding: "big5",
			Maps: []string{"number=手機"}}, ""},
		{"a mark says more", "\ufeff手机号,time,source\n13800138000,t,own\n",
			Options{Encoding: "gbk"}, ""},
		{"no such name", "number,time,source\n", Options{Maps: []string{"number=单号"}},
			"--map number=单号: the columns of the first line are number, time, source"},
		{"no such column", "number,time,source\n", Options{Maps: []string{"nummer=单号"}},
			`there is no column "nummer"; the columns are number, time, source, text`},
		{"no name", "number,time,source\n", Options{Maps: []string{"number"}},
			"write COLUMN=NAME, such as number=NAME"},
		{"twice", "number,time,source\n", Options{Maps: []string{"number=a", "number=b"}},
			`--map "number=a" and "number=b" are about the same column`},
		{"no such encoding", "number,time,source\n", Options{Encoding: "klingon"},
			`--encoding "klingon" is not known`},
		{"no workbook", "number,time,source\n", Options{Sheet: "x"}, "--sheet is for workbooks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table, err := open(t, "t.csv", tt.text, testLayout, tt.o)
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			all := slices.Collect(table.Rows(&err))
			require.Len(t, all, 1)
			require.NoError(t, all[0].Err)
			require.Equal(t, "13800138000", all[0].Fields["number"])
		})
	}
}

func TestTableRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, problem string }{
		{"empty", "", "it is empty; its first line must name the columns, such as " +
			"number,time,source,text"},
		{"no source", "number,time\n", `the column "source" is missing; needed are number, time, ` +
			`source; where a column has another name, say so with --map source=NAME`},
		{"twice", "number,time,source,Number\n", `column "number" is there twice`},
		{"the same", "手机号,电话,time,source\n", `the columns "手机号" and "电话" could both be the ` +
			`number; say which with --map number=手机号`},
		{"no header", "13800138000,2026-03-05T09:00:00Z,own\n",
			"its first line names none of the columns that are needed (number, time, source)"},
		{"a form that lacks something", "form,13800138000,t\n",
			"it looks like a form, but source is missing: ask for it"},
		{"quote", "\"number,time\n", "its first line is not readable as CSV"},
		{"neither", "number,\xff\xff\xff\n", "its first line is not UTF-8"},
		{"long header", strings.Repeat("n", files.MaxRow+1), "line 1 is longer than 1048576 bytes"},
		{"long row", "number,time,source\n1,2,own\n" + strings.Repeat("n", files.MaxRow+1),
			"line 3 is longer than 1048576 bytes"},
		{"web page", " <html><table>", "it is a web page or XML"},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", "it is a workbook of an old Excel"},
		{"PDF", "%PDF-1.7", "it is a PDF"},
		{"gzip", "\x1f\x8b\x08", "it is packed with gzip"},
		{"zip", "PK\x03\x04", "it is not readable as a workbook"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, "t.csv", tt.text)
			require.ErrorContains(t, err, tt.problem)
		})
	}
	for name, problem := range map[string]string{"t.numbers": "it is a Numbers document",
		"t.ODS": "it is an OpenDocument sheet"} {
		_, err := read(t, name, "x")
		require.ErrorContains(t, err, problem)
	}
}

func TestTableBadRows(t *testing.T) {
	t.Parallel()
	const header = "number,time,source,text,rejected_because\n"
	for _, tt := range []struct{ name, file, text, problem string }{
		{"too short", "t.csv", header + "1,2,own", "has 3 columns, not 5 as the first line"},
		{"too long", "t.csv", header + "1,2,own,,,x", "has 6 columns, not 5"},
		{"needed", "t.csv", header + "1, ,own,,", "time is empty"},
		{"quote", "t.csv", header + `1,"2"x,own,,`, "is not readable as CSV"},
		{"two lines", "t.csv", header + "1,2,own,\"a\nb\",", "is not readable as CSV"},
		{"damaged", "t.csv", "\ufeff" + header + "1,2,own,\xc0\xee,",
			"is not UTF-8; save the file as UTF-8"},
		{"rounded", "t.csv", header + "1.38E+10,2,own,,", `number "1.38E+10" has lost its digits`},
		{"no object", "t.jsonl", "[1]", "is no JSON object"},
		{"null", "t.jsonl", "null", "is no JSON object"},
		{"more", "t.jsonl", `{"number":"1"}}`, "has something behind its JSON object"},
		{"kind", "t.jsonl", `{"number":{}}`, "number is neither text nor a number"},
		{"the same", "t.jsonl", `{"phone":"1","mobile":"2"}`, "could both be the number"},
		{"JSON needs it, too", "t.jsonl", `{"number":"1","time":"","source":"own"}`,
			"time is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all, err := read(t, tt.file, tt.text)
			require.NoError(t, err)
			require.ErrorContains(t, all[0].Err, tt.problem)
		})
	}
	all, err := read(t, "t.csv", header+"1,2,own,x")
	require.NoError(t, err)
	require.NoError(t, all[0].Err, "the reason was taken off")
}

// A list of numbers alone needs no line of names.
func TestLone(t *testing.T) {
	t.Parallel()
	l := Layout{Needed: 1, Columns: []string{"number", "reason"}, Lone: "number",
		Numbers: []string{"number"}}
	for _, text := range []string{"13800138000\n13800138001\n", "\"=\"\"13800138000\"\"\"\n\n13800138001",
		"+86 138 0013 8000\n13800138001", "１３８００１３８０００\n13800138001\n", "13800138000,,\n13800138001,,\n",
		"\ufeff13800138000\r\n13800138001\r\n", "number\n13800138000\n13800138001\n"} {
		table, err := open(t, "t.csv", text, l, Options{})
		require.NoError(t, err, text)
		all := slices.Collect(table.Rows(&err))
		require.NoError(t, err)
		require.Len(t, all, 2, text)
		require.NoError(t, all[0].Err)
		require.Equal(t, "13800138001", all[1].Fields["number"])
		require.Contains(t, []string{"number,rejected_because", "\ufeffnumber,rejected_because"},
			table.RejectedHeader())
	}
	for _, text := range []string{"13800138000,x\n", "Li\n13800138000\n", "1.5\n"} {
		_, err := open(t, "t.csv", text, l, Options{})
		require.ErrorContains(t, err, "its first line names none of the columns", text)
	}
}

// Columns that are added stand last, in place of those of the same name.
func TestExtend(t *testing.T) {
	t.Parallel()
	table, err := open(t, "t.csv", "\ufeffNumber;My Verdict;time;source;\n138;old;\"a;b\";own;;\n", testLayout, Options{})
	require.NoError(t, err)
	all := slices.Collect(table.Rows(&err))
	e := table.Extend("my_verdict", "class")
	require.Equal(t, "\ufeffNumber;time;source;;my_verdict;class", e.Header())
	require.Equal(t, `138;"a;b";own;;yes;"a;b"`, e.Row(all[0], []string{"yes", "a;b"}))
}

// A column that is needed may be empty in a row where the layout says so, but must be there.
func TestBlank(t *testing.T) {
	t.Parallel()
	l := Layout{Needed: 1, Blank: true, Columns: []string{"text", "id"}}
	for _, tt := range []struct{ name, text, want string }{
		{"t.csv", "id,text\n1,\n", ""},
		{"t.jsonl", `{"id":"1","text":""}`, ""},
		{"t.jsonl", `{"id":"1","text":null}`, ""},
		{"t.jsonl", `{"id":"1"}`, "text is missing"},
	} {
		table, err := open(t, tt.name, tt.text, l, Options{})
		require.NoError(t, err)
		all := slices.Collect(table.Rows(&err))
		require.Len(t, all, 1)
		if tt.want == "" {
			require.NoError(t, all[0].Err, tt.text)
		} else {
			require.EqualError(t, all[0].Err, tt.want)
		}
	}
}

// A rejected row is one line of the table's own form, with the reason last.
func TestRejected(t *testing.T) {
	t.Parallel()
	table, err := open(t, "t.csv", "rejected_because;Number;x;time;source\nold;=\"138\";\"a;b\";t;own;;"+
		"\nq\"uoted\n", testLayout, Options{})
	require.NoError(t, err)
	all := slices.Collect(table.Rows(&err))
	require.Equal(t, "Number;x;time;source;rejected_because", table.RejectedHeader())
	require.Equal(t, `"=""138""";"a;b";t;own;"is;not"`, table.Rejected(all[0], "is;not"))
	require.Equal(t, `q"uoted`, table.Rejected(all[1], "why"), "it may have a reason already")

	table, err = open(t, "t.csv", "\ufeffnumber,time,source\n1\n", testLayout, Options{})
	require.NoError(t, err)
	all = slices.Collect(table.Rows(&err))
	require.Equal(t, "\ufeffnumber,time,source,rejected_because", table.RejectedHeader())
	require.Equal(t, `1,"why, not"`, table.Rejected(all[0], "why, not"))
}

// Whatever a file holds: what is read is complete, and what is rejected can be read
// again from the file of rejects, with the same fields.
func FuzzTable(f *testing.F) {
	f.Add([]byte("number,time,source,text\n138,2026-03-05T09:00:00Z,own,\"a, \"\"b\"\"\"\n1\n\""), false)
	f.Add([]byte("\ufeffNumber,rejected_because,time,source\r\n1,x,t,own\r\n1,t,own\n"), false)
	f.Add([]byte("number;time;来源;x;;\n=\"1\";t;own;\"why; not\"\n\xff;;;\n'1;t;own;x;;;;"), false)
	f.Add([]byte("\xca\xd6\xbb\xfa\xba\xc5\ttime\tsource\n1\tt\t\xb9\xab\n"), false)
	f.Add([]byte("\xff\xfen\x00u\x00m\x00b\x00e\x00r\x00"), false)
	f.Add([]byte("form,1,t,own\nform,2,t\n"), false)
	f.Add([]byte("{\"number\":138e2,\"time\":\"\\ud800\",\"source\":\"own\"}\nnull\n{}{}\n[1]\n\x00"), true)
	f.Fuzz(func(t *testing.T, text []byte, jsonl bool) {
		name := "t.csv"
		if jsonl {
			name = "t.jsonl"
		}
		table, err := open(t, name, string(text), testLayout, Options{})
		if err != nil {
			return
		}
		again := table.RejectedHeader() + "\n"
		var want []map[string]string
		for row := range table.Rows(&err) {
			if row.Err == nil {
				for _, column := range testLayout.Columns {
					require.True(t, utf8.ValidString(row.Fields[column]))
				}
				require.NotEmpty(t, row.Fields["number"])
				want = append(want, row.Fields)
			}
			if !jsonl {
				again += table.Rejected(row, "because, it is \"wrong\"") + "\n"
			}
		}
		if err != nil || jsonl || want == nil {
			return
		}
		rejected, err := open(t, "r.csv", again, testLayout, Options{})
		require.NoError(t, err)
		var got []map[string]string
		for row := range rejected.Rows(&err) {
			if row.Err == nil {
				got = append(got, row.Fields)
			}
		}
		require.NoError(t, err)
		for _, fields := range want {
			require.Contains(t, got, fields)
		}
	})
}
