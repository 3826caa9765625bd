package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
)

const matchHelp = `Judge lines of text as if a customer had said them: one line of standard input, one
answer. Nothing is sent anywhere. The lexicon and the threshold are those of a server
that is started here.

JSON: {"text","hits":[{"class","text","start","end","match","score","veto"}],"suspect",
"score"}. start and end are offsets in characters; veto is null for a hit that counts,
else {"reason","text"}.

Exit codes: 0 done, 1 failed or a line was too long (over 1 MiB), 2 wrong use.`

const matchExample = `  echo 我没兴趣，别再打了 | refrain match
  echo 不是没兴趣，我在开车 | refrain match --explain
  refrain match --format json < transcripts.txt`

// maxLine is the longest line that is judged, in bytes.
const maxLine = 1 << 20

func newMatch(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "match", Short: "Find refusals in text", Long: matchHelp, Example: matchExample, Args: none,
	}
	format := formatFlag(cmd)
	explain := cmd.Flags().Bool("explain", false, "tell for every line how the verdict came about")
	cmd.RunE = c.work(func(cmd *cobra.Command, _ []string) error {
		return match(cmd.Context(), c, matching{*format, *explain})
	})
	return cmd
}

// matching is how match tells what it found.
type matching struct {
	format  format
	explain bool
}

func match(ctx context.Context, c *console, m matching) (err error) {
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	judge, err := cfg.Judging.NewJudge()
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(c.input(ctx), 1<<16)
	flush := c.buffered()
	defer func() { err = errors.Join(err, flush()) }()
	lines, tooLong := 0, 0
	for {
		line, err := readLine(in)
		switch {
		case errors.Is(err, io.EOF):
			return failures(tooLong, lines)
		case errors.Is(err, errTooLong):
			tooLong++
			c.complain("line %d is longer than %d bytes and was not judged", lines+1, maxLine)
		case err != nil:
			return fmt.Errorf("read standard input: %w", err)
		default:
			if lines == 0 {
				line = strings.TrimPrefix(line, byteOrderMark)
			}
			if err := m.tell(c, line, judge); err != nil {
				return err
			}
		}
		lines++
		if in.Buffered() == 0 { // somebody may be waiting for the answer
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

var errTooLong = errors.New("line too long")

// readLine reads a line without its end; io.EOF where there is none, errTooLong where
// it is longer than maxLine, which skips it.
func readLine(in *bufio.Reader) (string, error) {
	var line strings.Builder
	for tooLong := false; ; {
		part, err := in.ReadSlice('\n')
		if line.Len()+len(part) > maxLine+len("\r\n") {
			tooLong = true
		} else {
			line.Write(part)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (line.Len() > 0 || tooLong), err == nil:
		default:
			return "", err
		}
		text := strings.TrimSuffix(strings.TrimSuffix(line.String(), "\n"), "\r")
		if tooLong || len(text) > maxLine {
			return "", errTooLong
		}
		return text, nil
	}
}

// matchLine is what is told of one line.
type matchLine struct {
	Text    string    `json:"text"`
	Hits    []hitLine `json:"hits"`
	Suspect bool      `json:"suspect"`
	Score   float64   `json:"score"`
}

func (m matching) tell(c *console, line string, judge *keywords.Judge) error {
	switch {
	case m.explain && m.format == formatJSON:
		return c.json(judge.Explain(line))
	case m.explain:
		return c.println(judge.Explain(line).String())
	}
	v := judge.Text(line)
	if m.format == formatJSON {
		return c.json(matchLine{line, localHits(v.Hits, inText), v.Suspect, share(v.Score)})
	}
	return c.println(matchText(line, v)...)
}

// matchText is for people: the verdict, the line with its hits marked, the hits.
func matchText(line string, v keywords.Verdict) []string {
	verdict := "-      "
	if v.Suspect {
		verdict = "suspect"
	}
	marks := make([]mark, len(v.Hits))
	for i, h := range v.Hits {
		marks[i] = mark{h.Start, h.End, h.Veto != nil}
	}
	lines := []string{strings.TrimRight(fmt.Sprintf("%s %.2f  %s", verdict, v.Score, marked(line, marks)), " ")}
	for _, h := range localHits(v.Hits, inText) {
		lines = append(lines, "               "+h.describe())
	}
	return lines
}
