package match

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
)

const help = `Judge lines of text as if a customer had said them: one line of standard input, one
answer. Nothing is sent anywhere. The lexicon and the threshold are those of a server
that is started here.

A FILE is a table of texts that were transcribed elsewhere, whose first line names the columns:
CSV in UTF-8, UTF-16 or GB18030, with commas, semicolons or tabs; a workbook (.xlsx); or, as
*.jsonl, an object a line. It needs the column text, or one with a usual name for it (文本,
识别结果, transcript); --map text=NAME tells of another. Each row is judged by itself. With a
column speaker (角色) only the customer's rows are judged, and what the agent said just before
tells what a no means; a column call_id keeps calls apart. A row must stand in one line. --out
writes the table with four columns more: refrain_suspect, refrain_score, refrain_class (what
the hits speak for most) and refrain_found (the words that count).

JSON: {"text","hits":[{"class","text","start","end","match","score","veto"}],"suspect",
"score"}, for a row of a FILE after "row" (its line) and "call_id" (null where there is none).
start and end are offsets in characters; veto is null for a hit that counts, else
{"reason","text"}.

Exit codes: 0 done, 1 failed, or a line was too long (over 1 MiB) or a row could not be read,
2 wrong use.`

const example = `  echo 我没兴趣，别再打了 | refrain match
  echo 不是没兴趣，我在开车 | refrain match --explain
  refrain match --format json < transcripts.txt
  refrain match calls.csv --map text=识别结果 --out judged.csv`

// New makes refrain match.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "match [FILE.csv|FILE.xlsx|FILE.jsonl]", Short: "Find refusals in text", Long: help,
		Example: example, Args: atMostOneFile,
	}
	m, t := &matcher{Console: c}, &table{}
	m.format = output.FormatFlag(cmd)
	cmd.Flags().BoolVar(&m.explain, "explain", false, "tell for every line how the verdict came about")
	t.flags(cmd)
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			t.matcher, t.path = m, args[0]
			return t.run()
		}
		if name := t.used(cmd); name != "" {
			return usage.Errorf("--%s is for a FILE; name one, or leave it out", name)
		}
		return m.run(cmd.Context())
	})
	return cmd
}

func atMostOneFile(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage.Errorf("give one FILE, or none for lines of standard input; here are %d arguments", len(args))
	}
	return nil
}

// matcher is one run of match.
type matcher struct {
	*console.Console
	format  *output.Format
	explain bool

	judge *keywords.Judge
	// lines counts all, tooLong those that were not judged.
	lines, tooLong int
}

// open makes the judge.
func (m *matcher) open() error {
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	m.judge, err = cfg.Judging.NewJudge()
	return err
}

func (m *matcher) run(ctx context.Context) (err error) {
	if err := m.open(); err != nil {
		return err
	}
	in := bufio.NewReaderSize(m.Input(ctx), 1<<16)
	flush := m.Buffered()
	defer func() { err = errors.Join(err, flush()) }()
	for {
		line, err := files.ReadLine(in)
		if errors.Is(err, io.EOF) {
			return console.Failures(m.tooLong, m.lines)
		}
		if err := m.judgeLine(line, err); err != nil {
			return err
		}
		m.lines++
		if in.Buffered() > 0 {
			continue
		}
		if err := flush(); err != nil { // somebody may be waiting for the answer
			return err
		}
	}
}

// judgeLine judges a line, or reports that it could not be read with err.
func (m *matcher) judgeLine(line string, err error) error {
	switch {
	case errors.Is(err, files.ErrTooLong):
		m.tooLong++
		m.Errorf("line %d is longer than %d bytes and was not judged", m.lines+1, files.MaxLine)
		return nil
	case err != nil:
		return fmt.Errorf("read standard input: %w", err)
	case m.lines == 0:
		line = strings.TrimPrefix(line, files.ByteOrderMark)
	}
	return m.print(line)
}

// Line is what is found in one line of text, as JSON.
type Line struct {
	Text    string           `json:"text"`
	Hits    []transcript.Hit `json:"hits"`
	Suspect bool             `json:"suspect"`
	Score   float64          `json:"score"`
}

func (m *matcher) print(line string) error {
	switch {
	case m.explain && *m.format == output.JSON:
		return m.JSON(m.judge.Explain(line))
	case m.explain:
		return m.Println(m.judge.Explain(line).String())
	}
	v := m.judge.Text(line)
	if *m.format == output.JSON {
		return m.JSON(newLine(line, v))
	}
	return m.Println(text(line, v)...)
}

func newLine(text string, v keywords.Verdict) Line {
	return Line{text, transcript.LocalHits(v.Hits, transcript.InText), v.Suspect, output.Ratio(v.Score)}
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
