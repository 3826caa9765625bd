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
tells what a no means; a column call_id (通话ID) keeps calls apart. A row must stand in one line.
--out writes all rows with columns more: refrain_suspect, refrain_score, refrain_class (what the
hits speak for most), refrain_found (the words that count) and refrain_problem (why a row was
not judged).

JSON: {"text","hits":[{"class","text","start","end","match","score","veto"}],"suspect",
"score"}, for a row of a FILE after "row" (its line) and "call_id" (null where there is none).
start and end are offsets in characters; veto is null for a hit that counts, else
{"reason","text"}; an answer's hit has "asked", too. With --out, {"file","rows","suspects",
"failed","out"}.

Exit codes: 0 done, 1 failed, or a line was too long (over 1 MiB) or a row could not be judged,
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
	k := &command{Console: c, format: output.FormatFlag(cmd)}
	l, t := &lines{command: k}, &table{command: k}
	cmd.Flags().BoolVar(&l.explain, "explain", false, "tell for every line how the verdict came about")
	t.flags(cmd)
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		if err := t.check(cmd, l.explain, args); err != nil {
			return err
		}
		if len(args) == 1 {
			return t.run(cmd.Context(), args[0])
		}
		return l.run(cmd.Context())
	})
	return cmd
}

func atMostOneFile(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage.Errorf("give one FILE, or none for lines of standard input; here are %d arguments", len(args))
	}
	return nil
}

// command is what both ways of match share.
type command struct {
	*console.Console
	format *output.Format
	judge  *keywords.Judge
}

// open makes the judge.
func (k *command) open() error {
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	k.judge, err = cfg.Judging.NewJudge()
	return err
}

// lines is one run of match over the lines of standard input.
type lines struct {
	*command
	explain bool

	// read counts all, tooLong those that were not judged.
	read, tooLong int
}

func (l *lines) run(ctx context.Context) (err error) {
	if err := l.open(); err != nil {
		return err
	}
	in := bufio.NewReaderSize(l.Input(ctx), 1<<16)
	flush := l.Buffered()
	defer func() { err = errors.Join(err, flush()) }()
	for {
		line, err := files.ReadLine(in)
		if errors.Is(err, io.EOF) {
			return console.Failures(l.tooLong, l.read)
		}
		if err := l.judgeLine(line, err); err != nil {
			return err
		}
		l.read++
		if in.Buffered() > 0 {
			continue
		}
		if err := flush(); err != nil { // somebody may be waiting for the answer
			return err
		}
	}
}

// judgeLine judges a line, or reports that it could not be read with err.
func (l *lines) judgeLine(line string, err error) error {
	switch {
	case errors.Is(err, files.ErrTooLong):
		l.tooLong++
		l.Errorf("line %d is longer than %d bytes and was not judged", l.read+1, files.MaxLine)
		return nil
	case err != nil:
		return fmt.Errorf("read standard input: %w", err)
	case l.read == 0:
		line = strings.TrimPrefix(line, files.ByteOrderMark)
	}
	return l.print(line)
}

// Line is what is found in one line of text, as JSON.
type Line struct {
	Text    string           `json:"text"`
	Hits    []transcript.Hit `json:"hits"`
	Suspect bool             `json:"suspect"`
	Score   float64          `json:"score"`
}

func (l *lines) print(line string) error {
	switch {
	case l.explain && *l.format == output.JSON:
		return l.JSON(l.judge.Explain(line))
	case l.explain:
		return l.Println(l.judge.Explain(line).String())
	}
	v := l.judge.Text(line)
	if *l.format == output.JSON {
		return l.JSON(newLine(line, v))
	}
	return l.Println(text(line, v)...)
}

func newLine(text string, v keywords.Verdict) Line {
	return Line{text, transcript.LocalHits(v.Hits, transcript.InText), v.Suspect, output.Ratio(v.Score)}
}
