package importer

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// testLayout is of a table with three columns that are needed and one that may be there.
var testLayout = Layout{Needed: 3, Columns: []string{"number", "time", "source", "text"}}

// readTable reads a table from a file of that name.
func readTable(t *testing.T, name, text string) ([]Row, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	s, err := openTable(path, testLayout)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var all []Row
	for r := range s.rows(&err) {
		all = append(all, r)
	}
	return all, err
}

func TestTable(t *testing.T) {
	t.Parallel()
	all, err := readTable(t, "t.csv", "\ufeff NUMBER ,text, time,Source\r\n"+
		"138,\"a, \"\"b\"\"\", t1 ,own\r\n\r\n  \n139,,t2,\"own\"")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, Row{line: 2, Fields: map[string]string{"number": "138", "text": `a, "b"`,
		"time": "t1", "source": "own"},
		raw: `138,"a, ""b""", t1 ,own`}, all[0])
	require.Equal(t, 5, all[1].line)
	require.NoError(t, all[1].err)

	all,
		err = readTable(t, "t.JSONL",
		"{\"number\":138,\"time\":\"t\",\"source\":\"own\",\"text\":null,\"rejected_because\":\"x\"}\n\n")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.NoError(t, all[0].err)
	require.Equal(t, map[string]string{"number": "138", "time": "t", "source": "own"},
		all[0].Fields)
}

func TestTableRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, problem string }{
		{"empty", "", "it is empty; its first line must name the columns, such as " +
			"number,time,source,text"},
		{"no source", "number,time\n",
			`the column "source" is missing; needed are number, time, source`},
		{"unknown", "number,time,source,tekst\n",
			`column "tekst" is not known; the columns are number, time, source, text`},
		{"twice", "number,time,source,Number\n", `column "number" is there twice`},
		{"no name", "number,time,source,\n", "column 4 of its first line has no name"},
		{"no header", "13800138000,2026-03-05T09:00:00Z,own\n",
			`column "13800138000" is not known`},
		{"semicolons", "number;time;source\n", "not separated by commas"},
		{"tabs", "number\ttime\tsource\n", "not separated by commas"},
		{"quote", "\"number,time\n", "its first line is not readable as CSV"},
		{"UTF-16", "\xfe\xff\x00n", "it is UTF-16; save the file as UTF-8"},
		{"GBK", "number,\xca\xb1\xbc\xe4\n", "its first line is not UTF-8"},
		{"long header", strings.Repeat("n", files.MaxRow+1), "line 1 is longer than 1048576 bytes"},
		{"long row", "number,time,source\n1,2,own\n" + strings.Repeat("n", files.MaxRow+1),
			"line 3 is longer than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readTable(t, "t.csv", tt.text)
			require.ErrorContains(t, err, tt.problem)
		})
	}
}

func TestTableBadRows(t *testing.T) {
	t.Parallel()
	const header = "number,time,source,text,rejected_because\n"
	for _, tt := range []struct{ name, file, text, problem string }{
		{"too short", "t.csv", header + "1,2,own", "has 3 columns, not 5 as the first line"},
		{"too long", "t.csv", header + "1,2,own,,,", "has 6 columns, not 5"},
		{"needed", "t.csv", header + "1, ,own,,", "time is empty"},
		{"quote", "t.csv", header + `1,"2"x,own,,`, "is not readable as CSV"},
		{"two lines", "t.csv", header + "1,2,own,\"a\nb\",", "is not readable as CSV"},
		{"GBK", "t.csv", header + "1,2,own,\xc0\xee,", "is not UTF-8; save the file as UTF-8"},
		{"no object", "t.jsonl", "[1]", "is no JSON object"},
		{"null", "t.jsonl", "null", "is no JSON object"},
		{"more", "t.jsonl", `{"number":"1"}}`, "has something behind its JSON object"},
		{"field", "t.jsonl", `{"nummer":"1"}`,
			`has a field "nummer"; known are number, time, source, text`},
		{"kind", "t.jsonl", `{"number":{}}`, "number is neither text nor a number"},
		{"JSON needs it, too", "t.jsonl", `{"number":"1","time":"","source":"own"}`,
			"time is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all, err := readTable(t, tt.file, tt.text)
			require.NoError(t, err)
			require.ErrorContains(t, all[0].err, tt.problem)
		})
	}
	all, err := readTable(t, "t.csv", header+"1,2,own,x")
	require.NoError(t, err)
	require.NoError(t, all[0].err, "the reason was taken off")
}

// Whatever a file holds: what is read is complete, and what is rejected can be read
// again from the file of rejects, with the same fields.
func FuzzRows(f *testing.F) {
	f.Add("number,time,source,text\n138,2026-03-05T09:00:00Z,own,\"a, \"\"b\"\"\"\n1\n\"", false)
	f.Add("\ufeffNumber,rejected_because,time,source\r\n1,x,t,own\r\n1,t,own\n", false)
	f.Add("number,time,source,rejected_because\n1,t,own\n=1,t,own,\"why, not\"\n\xff,,,", false)
	f.Add("{\"number\":138e2,\"time\":\"\\ud800\",\"source\":\"own\"}\nnull\n{}{}\n[1]\n\x00", true)
	f.Fuzz(func(t *testing.T, text string, jsonl bool) {
		dir, name := t.TempDir(), "t.csv"
		if jsonl {
			name = "t.jsonl"
		}
		path, rejected := filepath.Join(dir, name), filepath.Join(dir, "r"+filepath.Ext(name))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		s, err := openTable(path, testLayout)
		if err != nil {
			return
		}
		defer s.close()
		r, err := newRejects(rejected, s)
		require.NoError(t, err)
		var want []map[string]string
		for rec := range s.rows(&err) {
			if rec.err == nil {
				require.True(t, utf8.ValidString(fmt.Sprint(rec.Fields)))
				for _, column := range testLayout.Columns[:testLayout.Needed] {
					require.NotEmpty(t, rec.Fields[column])
				}
				delete(rec.Fields, reasonColumn)
				want = append(want, rec.Fields)
			}
			require.NoError(t, r.add(rec, "because, it is \"wrong\""))
		}
		require.NoError(t, r.close())
		if err != nil || r.file == nil {
			return
		}
		again, err := openTable(rejected, testLayout)
		require.NoError(t, err)
		defer again.close()
		var got []map[string]string
		for rec := range again.rows(&err) {
			if rec.err == nil {
				delete(rec.Fields, reasonColumn)
				got = append(got, rec.Fields)
			}
		}
		require.NoError(t, err)
		for _, fields := range want {
			require.Contains(t, got, fields)
		}
	})
}

// A row of rejects is one line of CSV, with the reason last.
func TestRejectedRow(t *testing.T) {
	t.Parallel()
	r := &rejects{names: []string{"number", "text"}}
	rec := Row{Fields: map[string]string{"number": "138", "text": `a, "b"`, reasonColumn: "old"},
		raw: "x"}
	row, err := csv.NewReader(strings.NewReader(r.row(rec, "is\"\nnot"))).Read()
	require.NoError(t, err)
	require.Equal(t, []string{"138", `a, "b"`, "is\"\nnot"}, row)
	require.Equal(t, "a,b,why", r.row(Row{raw: "a,b"}, "why"))
	require.Equal(t, "a,b", (&rejects{reimport: true}).row(Row{raw: "a,b"}, "why"))
	require.JSONEq(t, `{"number":138,"rejected_because":"why"}`,
		(&rejects{jsonl: true}).row(Row{raw: `{"number":138,"rejected_because":"old"}`}, "why"))
}
