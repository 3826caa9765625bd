package match

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/review"
)

// added are the columns that --out adds.
var added = []string{"refrain_suspect", "refrain_score", "refrain_class", "refrain_found", "refrain_problem"}

// write judges all rows, for standard output or into the file that was named.
func (t *table) write(ctx context.Context) error {
	if t.out == "" {
		return t.judgeRows(ctx, t.print)
	}
	f, err := files.Create(t.out)
	if err != nil {
		return err
	}
	if err := f.End(t.writeTo(ctx, f)); err != nil {
		return err
	}
	return t.printTotal()
}

func (t *table) writeTo(ctx context.Context, f io.Writer) error {
	rows := t.in.Extend(added...)
	if _, err := fmt.Fprintln(f, rows.Header()); err != nil {
		return err
	}
	return t.judgeRows(ctx, func(j judged) error {
		_, err := fmt.Fprintln(f, rows.Row(j.Row, j.cells()))
		return err
	})
}

// cells are what --out adds to a row.
func (j judged) cells() []string {
	cells := make([]string, len(added))
	if j.problem != nil {
		cells[len(cells)-1] = j.problem.Error()
	}
	if j.verdict == nil {
		return cells
	}
	var found []string
	for _, h := range j.verdict.Hits {
		if h.Veto == nil {
			found = append(found, h.Text)
		}
	}
	copy(cells, []string{strconv.FormatBool(j.verdict.Suspect),
		strconv.FormatFloat(output.Ratio(j.verdict.Score), 'f', -1, 64),
		string(review.Strongest(j.verdict.Hits)), strings.Join(found, " / ")})
	return cells
}

// Row is what is found in one row of a table, as JSON.
type Row struct {
	Row    int     `json:"row"`
	CallID *string `json:"call_id"`
	Line
}

func (t *table) print(j judged) error {
	if j.verdict == nil {
		return nil
	}
	said, call := j.Fields["text"], j.Fields["call_id"]
	if *t.format == output.JSON {
		return t.JSON(Row{j.Place, output.OrNull(call), newLine(said, *j.verdict)})
	}
	lines := text(said, *j.verdict)
	lines[0] = fmt.Sprintf("%6d  %s", j.Place, lines[0])
	if call != "" {
		lines[0] += "  (" + number.MaskName(call) + ")"
	}
	return t.Println(lines...)
}

// total sums up a table whose rows were written to a file, as JSON.
type total struct {
	File     string `json:"file"`
	Rows     int    `json:"rows"`
	Suspects int    `json:"suspects"`
	// Failed are those that were not judged; they stand in the file as well, with the reason.
	Failed int    `json:"failed"`
	Out    string `json:"out"`
}

func (t *table) printTotal() error {
	if *t.format == output.JSON {
		return t.JSON(total{t.path, t.rows, t.suspects, t.failed, t.out})
	}
	return t.Println(fmt.Sprintf("%d rows, %d suspect, %d not judged, in %s", t.rows, t.suspects, t.failed, t.out))
}

// text is for people: the verdict, the line with its hits marked, the hits.
func text(line string, v keywords.Verdict) []string {
	verdict := "-      "
	if v.Suspect {
		verdict = "suspect"
	}
	marks := make([]transcript.Mark, len(v.Hits))
	for i, h := range v.Hits {
		marks[i] = transcript.Mark{Start: h.Start, End: h.End, Vetoed: h.Veto != nil}
	}
	lines := []string{strings.TrimRight(fmt.Sprintf("%s %.2f  %s", verdict, v.Score,
		transcript.Highlight(line, marks)), " ")}
	for _, h := range transcript.LocalHits(v.Hits, transcript.InText) {
		lines = append(lines, "               "+h.Describe())
	}
	return lines
}
