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

JSON: {"text","hits":[{"class","text","start","end","match","score","veto"}],"suspect",
"score"}. start and end are offsets in characters; veto is null for a hit that counts,
else {"reason","text"}.

Exit codes: 0 done, 1 failed or a line was too long (over 1 MiB), 2 wrong use.`

const example = `  echo 我没兴趣，别再打了 | refrain match
  echo 不是没兴趣，我在开车 | refrain match --explain
  refrain match --format json < transcripts.txt`

// New makes refrain match.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "match", Short: "Find refusals in text", Long: help, Example: example,
		Args: usage.NoArgs,
	}
	format := output.FormatFlag(cmd)
	explain := cmd.Flags().Bool("explain", false, "tell for every line how the verdict came about")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		m := &matcher{Console: c, format: *format, explain: *explain}
		return m.run(cmd.Context())
	})
	return cmd
}

// matcher is one run of match.
type matcher struct {
	*console.Console
	format  output.Format
	explain bool

	judge *keywords.Judge
	// lines counts all, tooLong those that were not judged.
	lines, tooLong int
}

func (m *matcher) run(ctx context.Context) (err error) {
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	if m.judge, err = cfg.Judging.NewJudge(); err != nil {
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
	case m.explain && m.format == output.JSON:
		return m.JSON(m.judge.Explain(line))
	case m.explain:
		return m.Println(m.judge.Explain(line).String())
	}
	v := m.judge.Text(line)
	if m.format == output.JSON {
		return m.JSON(Line{line, transcript.LocalHits(v.Hits, transcript.InText), v.Suspect,
			output.Ratio(v.Score)})
	}
	return m.Println(text(line, v)...)
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
