package match

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords"
)

// layout are the columns of texts that were transcribed elsewhere. Some services call the text
// content, which other columns are called, too; and a uuid may be that of each sentence.
var layout = sheet.Layout{Needed: 1, Blank: true, Keeps: true, Columns: []string{"text", "call_id", "speaker"},
	Names: map[string][][]string{
		"text": {{"客户说", "客户文本", "客户说话内容", "customer_text"},
			{"文本", "转写文本", "转写结果", "转写内容", "识别结果", "识别文本", "识别内容", "语音文本",
				"asr文本", "transcript", "transcription", "asr_text", "asr_result", "onebest"},
			{"转写", "转译", "说话内容", "对话内容", "通话内容", "语句", "句子", "内容", "sentence",
				"utterance", "content", "message"}},
		"call_id": {{"通话id", "呼叫id", "话单id", "话单号", "通话编号", "呼叫编号", "通话流水号", "通话标识",
			"call_uuid", "session_id"}, {"uniqueid", "linkedid"}},
		"speaker": {{"角色", "说话人", "说话方", "发言人", "说话角色", "speaker_role", "role", "side"}},
	}}

// table is one run of match over the rows of a table.
type table struct {
	*command
	path, out string
	options   sheet.Options
	speakers  speakers

	in *sheet.Table
	// asked is what the agent said last in each call, until the customer answers.
	asked map[string]string
	// sided tells that a row had a speaker.
	sided bool

	rows, failed, suspects int
}

func (t *table) flags(cmd *cobra.Command) {
	t.options.Flags(cmd)
	cmd.Flags().Lookup("map").Usage = "which of the table's columns holds what, such as `text=识别结果`; can be repeated"
	cmd.Flags().StringVar(&t.out, "out", "", "write the table with the verdicts to this `file`, as CSV; it "+
		"must not be there yet")
	cmd.Flags().StringArrayVar(&t.speakers.customer, "customer", nil, "what the column speaker says of the "+
		"customer, such as `1`, if that isn't customer or 客户; all others are then the agent; can be repeated")
}

// check refuses flags that don't fit together.
func (t *table) check(cmd *cobra.Command, explain bool, args []string) error {
	if len(args) == 0 {
		for _, name := range []string{"encoding", "sheet", "map", "out", "customer"} {
			if cmd.Flags().Changed(name) {
				return usage.Errorf("--%s is for a FILE; name one, or leave it out", name)
			}
		}
		return nil
	}
	if explain {
		return usage.Errorf("--explain is for lines of standard input; leave out %s", args[0])
	}
	if ext := strings.ToLower(filepath.Ext(t.out)); t.out != "" && ext != ".csv" && ext != ".tsv" && ext != ".txt" {
		return usage.Errorf("--out writes CSV; name it *.csv")
	}
	if slices.ContainsFunc(t.speakers.customer, func(name string) bool { return strings.TrimSpace(name) == "" }) {
		return usage.Errorf("--customer is empty")
	}
	return nil
}

func (t *table) run(ctx context.Context, path string) (err error) {
	t.path, t.asked = path, map[string]string{}
	if t.in, err = sheet.Open(path, layout, t.options); err != nil {
		return hinted(err)
	}
	defer t.in.Close()
	if err := t.fits(); err != nil {
		return err
	}
	if err := t.open(); err != nil {
		return err
	}
	flush := t.Buffered()
	defer func() { err = errors.Join(err, flush()) }()
	err = t.write(ctx)
	for _, note := range append(t.in.Notes, t.taken()...) {
		t.Errorf("%s: %s", path, note)
	}
	if err != nil {
		return err
	}
	return console.Failures(t.failed, t.rows)
}

// hinted says where text goes that is no table.
func hinted(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w (text itself goes to standard input: echo TEXT | refrain match)", err)
	case errors.Is(err, sheet.ErrNameless):
		return fmt.Errorf("%w (lines of text without columns go to standard input: refrain match < FILE)", err)
	}
	return err
}

// fits is the error of flags that don't fit the table.
func (t *table) fits() error {
	switch {
	case t.out != "" && t.in.JSONL():
		return usage.Errorf("--out writes CSV, and %s has JSON; take --format json instead", t.path)
	case len(t.speakers.customer) > 0 && !t.in.JSONL() && !t.in.Has("speaker"):
		return usage.Errorf("--customer is about a column speaker, and %s has none; --map speaker=NAME tells "+
			"which it is", t.path)
	}
	return nil
}

// taken says which columns were taken for what, where their names don't.
func (t *table) taken() []string {
	var as []string
	for _, column := range layout.Columns {
		if name := t.in.NameOf(column); name != "" && !sheet.SameName(name, column) {
			as = append(as, fmt.Sprintf("%s is the column %s", column, name))
		}
	}
	if len(as) == 0 {
		return nil
	}
	return []string{strings.Join(as, ", ")}
}

// judged is a row with what was made of it: a verdict, none for what the agent said, which is nobody's
// refusal, or why it could not be judged.
type judged struct {
	sheet.Row
	verdict *keywords.Verdict
	problem error
}

// judgeRows judges one row after the other, and reports those that it can't.
func (t *table) judgeRows(ctx context.Context, each func(judged) error) (err error) {
	bar := t.ByteProgress(t.in.Size)
	defer bar.End()
	var broken error
	for row := range t.in.Rows(&broken) {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.rows++
		j := t.judgeRow(row)
		if j.problem != nil {
			bar.Hide()
			t.report(j)
		}
		if err := each(j); err != nil {
			return err
		}
		bar.Set(t.in.Taken())
	}
	if broken != nil {
		return fmt.Errorf("%s: %w", t.path, broken)
	}
	if err := t.speakers.none(); err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	return nil
}

// report tells of a row that was not judged: each of the first, and not before somebody's side is known,
// since that is told of all rows at once.
func (t *table) report(j judged) {
	t.failed++
	switch {
	case errors.Is(j.problem, errSpeaker) && t.speakers.customers == 0:
	case t.failed < console.MaxErrors:
		t.Errorf("%s:%d: %v", t.path, j.Place, j.problem)
	case t.failed == console.MaxErrors:
		t.Errorf("%s:%d: %v; further ones are only counted", t.path, j.Place, j.problem)
	}
}

func (t *table) judgeRow(row sheet.Row) judged {
	j, call := judged{Row: row}, row.Fields["call_id"]
	if row.Err != nil {
		clear(t.asked) // by whom it was, and in which call, is not known
		j.problem = row.Err
		return j
	}
	said := row.Fields["text"]
	side, err := t.side(row, said)
	switch {
	case err != nil:
		j.problem = err
	case side == asr.Agent:
		t.ask(call, said)
	default:
		v := t.judge.Answer(t.asked[call], said)
		if said != "" {
			delete(t.asked, call)
		}
		if v.Suspect {
			t.suspects++
		}
		j.verdict = &v
	}
	return j
}

// side is who said a row. Without a speaker anywhere that is the customer; and a row without text needs
// none.
func (t *table) side(row sheet.Row, said string) (asr.Side, error) {
	speaker, there := row.Fields["speaker"]
	t.sided = t.sided || there
	if !t.sided && len(t.speakers.customer) == 0 || said == "" && strings.TrimSpace(speaker) == "" {
		return asr.Customer, nil
	}
	return t.speakers.of(speaker)
}

// What is remembered of what agents said: how many calls may be under way in a table, and how many
// characters; the judge looks at fewer.
const maxCalls, maxAsked = 10_000, 200

// ask remembers what the agent said in a call.
func (t *table) ask(call, said string) {
	if len(t.asked) >= maxCalls {
		clear(t.asked)
	}
	words := []rune(strings.TrimSpace(t.asked[call] + "\n" + said))
	t.asked[call] = string(words[max(0, len(words)-maxAsked):])
}
