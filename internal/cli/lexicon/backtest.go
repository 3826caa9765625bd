package lexicon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

const backtestHelp = `Judge transcripts again by another lexicon and tell what would change: which calls would
become suspects, which no longer, and which would be suspects of another class. Nothing
is stored, sent or frozen.

The transcripts are those of the server's recordings, or of FILEs with the JSON lines
that refrain transcribe --format json prints (- is standard input). What was before is
the verdict that comes with them, or with --against what that lexicon would say. The
threshold is that of a server that is started here.

JSON: a line for each change, {"change","recording","number","class","score",
"class_before","score_before","text"}, where change is gained, lost or class; then
{"recordings","suspects_before","suspects","gained","lost","other_class","by_class":
{CLASS:{"gained","lost"}},"lexicon"}. Numbers are masked, also in what was said.

Exit codes: 0 done, 1 failed or a transcript could not be used, 2 wrong use.`

const backtestExample = `  refrain lexicon backtest mine.yaml                      # on the server's recordings
  refrain lexicon backtest mine.yaml --limit 1000         # on the newest thousand
  refrain transcribe --format json *.wav > calls.jsonl
  refrain lexicon backtest mine.yaml calls.jsonl --against yours.yaml`

func newBacktest(l *command) *cobra.Command {
	b := &backtest{command: l}
	cmd := &cobra.Command{
		Use: "backtest LEXICON [FILE...]", Short: "Tell what another lexicon would make of past " +
			"calls", Long: backtestHelp,
		Example: backtestExample, Args: cobra.MinimumNArgs(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&b.against, "against", "", "compare with this lexicon `FILE` instead of with "+
		"the verdicts of that time")
	flags.IntVar(&b.limit, "limit", 0, "judge so many of the server's `recordings`, the newest; "+
		"0 for all")
	flags.IntVar(&b.examples, "examples", 10, "show so many `changes` of each sort as examples")
	cmd.RunE = l.Action(func(cmd *cobra.Command, args []string) error {
		return b.run(cmd.Context(), args[0], args[1:])
	})
	return cmd
}

// backtest is one run of lexicon backtest.
type backtest struct {
	*command
	against         string
	limit, examples int

	judge, baseline *keywords.Judge // baseline is nil without --against
	report          Report
	failed          int
}

func (b *backtest) run(ctx context.Context, file string, from []string) (err error) {
	if b.limit < 0 || b.examples < 0 {
		return usage.Errorf("--limit and --examples must be 0 or more")
	}
	if err := b.judges(file); err != nil {
		return err
	}
	b.report = newReport(b.judge.Lexicon().ID(), b.examples)
	flush := b.Buffered()
	defer func() { err = errors.Join(err, flush()) }()
	if len(from) == 0 {
		err = b.recordings(ctx)
	} else {
		err = b.files(ctx, from)
	}
	if err != nil {
		return err
	}
	if err := b.printReport(); err != nil {
		return err
	}
	return console.Failures(b.failed, b.failed+b.report.Recordings)
}

// judges makes judges of the lexicons.
func (b *backtest) judges(file string) error {
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	if b.judge, err = b.judgeOf(file, cfg.Judging.Threshold); err != nil || b.against == "" {
		return err
	}
	b.baseline, err = b.judgeOf(b.against, cfg.Judging.Threshold)
	return err
}

func (b *backtest) judgeOf(file string, threshold float64) (*keywords.Judge, error) {
	lex, err := lexicon.Load(file)
	if err != nil {
		return nil, fmt.Errorf("read the lexicon %s: %w", file, err)
	}
	return keywords.New(lex, keywords.Options{Threshold: threshold})
}

// recordings goes through those of the server that are done, the newest first.
func (b *backtest) recordings(ctx context.Context) error {
	cl, err := b.client.Dial()
	if err != nil {
		return err
	}
	defer cl.Close()
	const most = 1000
	req := &pb.ListRecordingsRequest{State: pb.Recording_STATE_DONE, PageSize: most}
	for seen := 0; ; {
		page, err := cl.Recordings.ListRecordings(ctx, req)
		if err != nil {
			return err
		}
		for _, r := range page.GetRecordings() {
			if b.limit > 0 && seen == b.limit {
				return nil
			}
			seen++
			whole, err := cl.Recordings.GetRecording(ctx,
				&pb.GetRecordingRequest{Name: r.GetName(), WithTranscript: true})
			if err != nil {
				return err
			}
			if err := b.compare(fromServer(whole.GetRecording())); err != nil {
				return err
			}
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
}

// files goes through the lines of files that transcribe printed.
func (b *backtest) files(ctx context.Context, names []string) error {
	for _, name := range names {
		in := io.NopCloser(b.Input(ctx))
		if name != "-" {
			file, err := os.Open(name)
			if err != nil {
				return err
			}
			in = file
		}
		err := b.lines(name, bufio.NewReaderSize(in, 1<<16))
		if err := errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (b *backtest) lines(name string, in *bufio.Reader) error {
	for n := 1; ; n++ {
		line, err := files.ReadLine(in)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, files.ErrTooLong):
		case err != nil:
			return fmt.Errorf("read %s: %w", name, err)
		}
		p, good := fromLine(line)
		if !good {
			b.failed++
			b.Errorf("%s:%d: not a line of refrain transcribe --format json", name, n)
			continue
		}
		if err := b.compare(p); err != nil {
			return err
		}
	}
}

// compare judges a call again, and counts what changes.
func (b *backtest) compare(p pastCall) error {
	if b.baseline != nil {
		v := b.baseline.Call(p.transcript, p.agent, p.answered)
		p.suspect, p.score, p.class = v.Suspect, v.Score, string(review.Strongest(v.Hits))
	}
	change, changed := b.report.add(p, b.judge.Call(p.transcript, p.agent, p.answered))
	if changed && *b.format == output.JSON {
		return b.JSON(change)
	}
	return nil
}

func (b *backtest) printReport() error {
	if *b.format == output.JSON {
		return b.JSON(b.report)
	}
	return b.Println(b.report.text()...)
}
