package lexicon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

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
{CLASS:{"gained","lost","confirmed","dismissed","confirmed_lost","dismissed_lost"}},
"lexicon"}. Numbers are masked, also in what was said.

Of the server's recordings it is told, too, what reviewers decided: how precise the
decided suspects were and those that remain would be, by class and by phrase; what share
of the refusals is found, reckoned from the blind samples, then and now; and how many
suspects a day there would be to review. JSON: a change has "decision"; the sum has
"decided", "precision_before", "precision", "samples", "samples_confirmed",
"samples_gained", "samples_raised", "recall_before", "recall", "days",
"suspects_per_day_before", "suspects_per_day" and "by_phrase". Estimates are
{"value","low","high"} with a 95 % interval, null where nothing is known.

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
	b.report.done()
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
	zone, err := time.LoadLocation("Asia/Shanghai") // any would do: samples are compared day by day
	if err != nil {
		return err
	}
	decisions, err := reviewed(ctx, cl)
	if err != nil {
		return err
	}
	b.report.tested = newTested(zone)
	pages := pagesAhead(ctx, cl, b.limit)
	for page := range pages.list {
		for _, call := range b.judgeAll(page, decisions) {
			if err := b.count(call); err != nil {
				pages.stop()
				return err
			}
		}
	}
	return pages.wait()
}

// judgedCall is a past call with the verdict of now.
type judgedCall struct {
	pastCall
	now keywords.Verdict
}

// judgeAll judges the recordings of a page, as many at once as there are processors.
func (b *backtest) judgeAll(page []*pb.Recording, decisions map[string]decision) []judgedCall {
	all := make([]judgedCall, len(page))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(page)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(page)); i = next.Add(1) - 1 {
				p := fromServer(page[i])
				p.found = p.suspect
				if d, ok := decisions[page[i].GetName()]; ok {
					p.decision = &d
				}
				all[i] = b.judged(p)
			}
		})
	}
	wg.Wait()
	return all
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
		if err := b.count(b.judged(p)); err != nil {
			return err
		}
	}
}

// judged judges a call again, by both lexicons where there are two.
func (b *backtest) judged(p pastCall) judgedCall {
	if b.baseline != nil {
		v := b.baseline.Call(p.transcript, p.agent, p.answered)
		p.suspect, p.score, p.class = v.Suspect, v.Score, string(review.Strongest(v.Hits))
	}
	return judgedCall{p, b.judge.Call(p.transcript, p.agent, p.answered)}
}

// count counts what changes.
func (b *backtest) count(call judgedCall) error {
	change, changed := b.report.add(call.pastCall, call.now)
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
