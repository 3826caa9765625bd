package match

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/review"
)

// layout are the columns of texts that were transcribed elsewhere. Some services call the text
// a result or content, which other columns are called, too.
var layout = sheet.Layout{Needed: 1, Blank: true, Columns: []string{"text", "call_id", "speaker"},
	Names: map[string][][]string{
		"text": {{"客户说", "客户文本", "客户说话内容", "customer_text"},
			{"文本", "转写文本", "转写结果", "转写内容", "识别结果", "识别文本", "识别内容", "语音文本",
				"asr文本", "transcript", "transcription", "asr_text", "asr_result", "onebest"},
			{"转写", "转译", "说话内容", "对话内容", "通话内容", "语句", "句子", "话术", "内容", "sentence",
				"utterance", "content", "message"}},
		"call_id": {sheet.CallIDNames, {"linkedid"}},
		"speaker": {{"角色", "说话人", "说话方", "发言人", "说话角色", "speaker_role", "role", "side"}},
	}}

// added are the columns that --out adds.
var added = []string{"refrain_suspect", "refrain_score", "refrain_class", "refrain_found"}

// table is one run of match over the rows of a table.
type table struct {
	*matcher
	path, out string
	options   sheet.Options
	speakers  speakers

	in *sheet.Table
	// call is that of the row before, and asked what the agent said last in it.
	call, asked string

	rows, failed, suspects int
}

func (t *table) flags(cmd *cobra.Command) {
	t.options.Flags(cmd)
	cmd.Flags().StringVar(&t.out, "out", "", "write the table with the verdicts to this `file`, as CSV; it "+
		"must not be there yet")
	cmd.Flags().StringVar(&t.speakers.customer, "customer", "", "what the column speaker says of the customer, "+
		"such as 0, if that isn't `customer` or 客户")
}

// used is a flag that was given and is only for tables; "" for none.
func (*table) used(cmd *cobra.Command) string {
	for _, name := range []string{"encoding", "sheet", "map", "out", "customer"} {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

func (t *table) run() (err error) {
	if t.explain {
		return usage.Errorf("--explain is for lines of standard input; leave out %s", t.path)
	}
	t.in, err = sheet.Open(t.path, layout, t.options)
	if _, ok := errors.AsType[*os.PathError](err); err != nil && !ok {
		return fmt.Errorf("%w (lines of text, without columns, go to standard input: refrain match < FILE)", err)
	}
	if err != nil {
		return err
	}
	defer t.in.Close()
	if err := t.refused(); err != nil {
		return err
	}
	if err := t.open(); err != nil {
		return err
	}
	flush := t.Buffered()
	defer func() { err = errors.Join(err, flush()) }()
	if err := t.write(); err != nil {
		return err
	}
	for _, note := range t.in.Notes {
		t.Errorf("%s: %s", t.path, note)
	}
	return console.Failures(t.failed, t.rows)
}

// refused is the error of flags that don't fit the table.
func (t *table) refused() error {
	switch {
	case t.out != "" && t.in.JSONL():
		return usage.Errorf("--out writes CSV, and %s has JSON; take --format json instead", t.path)
	case sheet.IsBookName(t.out):
		return usage.Errorf("--out writes CSV; name it *.csv")
	case t.speakers.customer != "" && !t.in.JSONL() && !t.in.Has("speaker"):
		return usage.Errorf("--customer is about a column speaker, and %s has none; --map speaker=NAME tells "+
			"which it is", t.path)
	}
	return nil
}

// write judges all rows, for standard output or into the file that was named.
func (t *table) write() error {
	if t.out == "" {
		return t.judgeRows(func(row sheet.Row, v *keywords.Verdict) error {
			if v == nil {
				return nil
			}
			return t.print(row, *v)
		})
	}
	f, err := files.Create(t.out)
	if err != nil {
		return err
	}
	rows := t.in.Extend(added...)
	_, err = fmt.Fprintln(f, rows.Header())
	if err == nil {
		err = t.judgeRows(func(row sheet.Row, v *keywords.Verdict) error {
			_, err := fmt.Fprintln(f, rows.Row(row, cells(v)))
			return err
		})
	}
	if err := f.End(err); err != nil {
		return err
	}
	return t.printTotal()
}

// judgeRows judges one row after the other; of what the agent said the verdict is nil, since it is
// nobody's refusal. Rows that can't be read are reported.
func (t *table) judgeRows(each func(sheet.Row, *keywords.Verdict) error) (err error) {
	for row := range t.in.Rows(&err) {
		t.rows++
		if row.Err != nil {
			t.failed++
			t.Errorf("%s: line %d %v, and was not judged", t.path, row.Place, row.Err)
			continue
		}
		side, err := t.side(row)
		if err != nil {
			return fmt.Errorf("%s: line %d %w", t.path, row.Place, err)
		}
		if err := each(row, t.judgeRow(side, row)); err != nil {
			return err
		}
	}
	return err
}

// side is who said a row. Without a column for it, that is the customer.
func (t *table) side(row sheet.Row) (asr.Side, error) {
	speaker, there := row.Fields["speaker"]
	if !there {
		return asr.Customer, nil
	}
	return t.speakers.of(speaker)
}

func (t *table) judgeRow(side asr.Side, row sheet.Row) *keywords.Verdict {
	if call := row.Fields["call_id"]; call != t.call {
		t.call, t.asked = call, ""
	}
	text := row.Fields["text"]
	if side == asr.Agent {
		t.asked = strings.TrimSpace(t.asked + "\n" + text)
		return nil
	}
	v := t.judge.Answer(t.asked, text)
	t.asked = ""
	if v.Suspect {
		t.suspects++
	}
	return &v
}

// cells are what --out adds to a row.
func cells(v *keywords.Verdict) []string {
	if v == nil {
		return make([]string, len(added))
	}
	var found []string
	for _, h := range v.Hits {
		if h.Veto == nil {
			found = append(found, h.Text)
		}
	}
	return []string{strconv.FormatBool(v.Suspect), strconv.FormatFloat(output.Ratio(v.Score), 'f', -1, 64),
		string(review.Strongest(v.Hits)), strings.Join(found, " / ")}
}

// Row is what is found in one row of a table, as JSON.
type Row struct {
	Row    int     `json:"row"`
	CallID *string `json:"call_id"`
	Line
}

func (t *table) print(row sheet.Row, v keywords.Verdict) error {
	said, call := row.Fields["text"], row.Fields["call_id"]
	if *t.format == output.JSON {
		line := Row{Row: row.Place, Line: newLine(said, v)}
		if call != "" {
			line.CallID = &call
		}
		return t.JSON(line)
	}
	lines := text(said, v)
	lines[0] = fmt.Sprintf("%6d  %s%s", row.Place, lines[0], behind(call))
	return t.Println(lines...)
}

// behind puts the call behind a line for people.
func behind(call string) string {
	if call == "" {
		return ""
	}
	return "  (" + call + ")"
}

// total sums up a table whose rows were written to a file, as JSON.
type total struct {
	File     string `json:"file"`
	Rows     int    `json:"rows"`
	Suspects int    `json:"suspects"`
	Failed   int    `json:"failed"`
	Out      string `json:"out"`
}

func (t *table) printTotal() error {
	if *t.format == output.JSON {
		return t.JSON(total{t.path, t.rows, t.suspects, t.failed, t.out})
	}
	return t.Println(fmt.Sprintf("%d rows, %d suspect, written to %s", t.rows, t.suspects, t.out))
}
