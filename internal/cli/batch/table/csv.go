package table

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/visible"
)

// columns are a row's cells, in the order of the table.
var columns = []struct {
	name string
	cell func(Row) (string, error)
}{
	{"file", plain(func(r Row) string { return r.File })},
	{"member", null(func(r Row) *string { return r.Member })},
	{"agent_file", null(func(r Row) *string { return r.AgentFile })},
	{"agent_member", null(func(r Row) *string { return r.AgentMember })},
	{"sha256", plain(func(r Row) string { return r.SHA256 })},
	{"call_id", null(func(r Row) *string { return r.CallID })},
	{"part", plain(func(r Row) string { return r.Part })},
	{"number", null(func(r Row) *string { return r.Number })},
	{"agent", null(func(r Row) *string { return r.Agent })},
	{"line", null(func(r Row) *string { return r.Line })},
	{"start", null(func(r Row) *string { return r.Start })},
	{"duration", float(func(r Row) float64 { return r.Duration })},
	{"suspect", flag(func(r Row) bool { return r.Suspect })},
	{"class", null(func(r Row) *string { return r.Class })},
	{"score", float(func(r Row) float64 { return r.Score })},
	{"answered_by", null(func(r Row) *string { return r.AnsweredBy })},
	{"defects", plain(func(r Row) string { return strings.Join(r.Defects, " ") })},
	{"truncated", flag(func(r Row) bool { return r.Truncated })},
	{"text", plain(func(r Row) string { return r.Text })},
	{"segments", func(r Row) (string, error) { return jsonOf(r.Segments) }},
	{"hits", func(r Row) (string, error) { return jsonOf(r.Hits) }},
	{"agent_text", null(func(r Row) *string { return r.AgentText })},
	{"agent_segments", func(r Row) (string, error) { return jsonOf(r.AgentSegments) }},
	{"model", plain(func(r Row) string { return r.Model })},
	{"model_sha256", plain(func(r Row) string { return r.ModelSHA256 })},
	{"demo_model", flag(func(r Row) bool { return r.DemoModel })},
	{"lexicon", plain(func(r Row) string { return r.Lexicon })},
	{"threshold", float(func(r Row) float64 { return r.Threshold })},
	{"settings", plain(func(r Row) string { return r.Settings })},
}

type cell = func(Row) (string, error)

func plain(f func(Row) string) cell {
	return func(r Row) (string, error) { return harmless(f(r)), nil }
}

func null(f func(Row) *string) cell {
	return func(r Row) (string, error) {
		if s := f(r); s != nil {
			return harmless(*s), nil
		}
		return "", nil
	}
}

func float(f func(Row) float64) cell {
	return func(r Row) (string, error) { return strconv.FormatFloat(f(r), 'f', -1, 64), nil }
}

func flag(f func(Row) bool) cell {
	return func(r Row) (string, error) { return strconv.FormatBool(f(r)), nil }
}

// harmless keeps spreadsheet programs from taking a text for a formula: names of files come from
// outside. A number with its country code stays one.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) && strings.Trim(s[1:], "0123456789*") != "" {
		return "'" + s
	}
	return s
}

type csvWriter struct{ *csv.Writer }

func newCSV(out io.Writer) (*csvWriter, error) {
	w := &csvWriter{csv.NewWriter(out)}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	err := w.Write(names)
	return w, err
}

func (w *csvWriter) add(r Row) error {
	cells := make([]string, len(columns))
	for i, c := range columns {
		var err error
		if cells[i], err = c.cell(r); err != nil {
			return err
		}
		cells[i] = visible.Cell(cells[i])
	}
	return w.Write(cells)
}

func (w *csvWriter) end() error {
	w.Flush()
	return w.Error()
}
