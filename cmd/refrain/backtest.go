package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/asr"
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

func newLexiconBacktest(l *lexicons) *cobra.Command {
	b := &backtest{lexicons: l}
	cmd := &cobra.Command{
		Use: "backtest LEXICON [FILE...]", Short: "Tell what another lexicon would make of past calls", Long: backtestHelp,
		Example: backtestExample, Args: cobra.MinimumNArgs(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&b.against, "against", "", "compare with this lexicon `FILE` instead of with the verdicts of that time")
	flags.IntVar(&b.limit, "limit", 0, "judge so many of the server's `recordings`, the newest; 0 for all")
	flags.IntVar(&b.examples, "examples", 10, "show so many `changes` of each sort as examples")
	cmd.RunE = l.work(func(cmd *cobra.Command, args []string) error { return b.run(cmd.Context(), args[0], args[1:]) })
	return cmd
}

// backtest is one run of lexicon backtest.
type backtest struct {
	*lexicons
	against         string
	limit, examples int

	now, then *keywords.Judge // then is nil without --against
	report    backtestReport
	failed    int
}

// past is a call as it was transcribed and judged before.
type past struct {
	recording, number string
	transcript        asr.Transcript
	answered          time.Duration
	suspect           bool
	class             string
	score             float64
}

func (b *backtest) run(ctx context.Context, file string, from []string) (err error) {
	if b.limit < 0 || b.examples < 0 {
		return misuse("--limit and --examples must be 0 or more")
	}
	if err := b.judges(file); err != nil {
		return err
	}
	b.report = newBacktestReport(b.now.Lexicon().ID(), b.examples)
	flush := b.buffered()
	defer func() { err = errors.Join(err, flush()) }()
	if len(from) == 0 {
		err = b.recordings(ctx)
	} else {
		err = b.files(ctx, from)
	}
	if err != nil {
		return err
	}
	if err := b.tellReport(); err != nil {
		return err
	}
	return failures(b.failed, b.failed+b.report.Recordings)
}

// judges makes judges of the lexicons.
func (b *backtest) judges(file string) error {
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	if b.now, err = b.judgeOf(file, cfg.Judging.Threshold); err != nil || b.against == "" {
		return err
	}
	b.then, err = b.judgeOf(b.against, cfg.Judging.Threshold)
	return err
}

func (b *backtest) judgeOf(file string, threshold float64) (*keywords.Judge, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lex, err := lexicon.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("read the lexicon %s: %w", file, err)
	}
	return keywords.New(lex, keywords.Options{Threshold: threshold})
}

// recordings goes through those of the server that are done, the newest first.
func (b *backtest) recordings(ctx context.Context) error {
	cl, err := b.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	const most = 1000
	req := &pb.ListRecordingsRequest{State: pb.Recording_STATE_DONE, PageSize: most}
	for seen := 0; ; {
		page, err := cl.recordings.ListRecordings(ctx, req)
		if err != nil {
			return err
		}
		for _, r := range page.GetRecordings() {
			if b.limit > 0 && seen == b.limit {
				return nil
			}
			seen++
			whole, err := cl.recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: r.GetName(), WithTranscript: true})
			if err != nil {
				return err
			}
			if err := b.judge(pastOf(whole.GetRecording())); err != nil {
				return err
			}
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
}

// pastOf is a recording of the server.
func pastOf(r *pb.Recording) past {
	p := past{
		recording: r.GetCallId(), number: r.GetMaskedNumber(), answered: r.GetAnswerOffset().AsDuration(),
		suspect: r.GetJudgement().GetSuspect(), score: r.GetJudgement().GetScore(), class: classOf(r.GetJudgement().GetHits()),
		transcript: asr.Transcript{Side: asr.Customer, Duration: r.GetAudio().GetDuration().AsDuration()},
	}
	if r.GetPart() != "" {
		p.recording += "/" + r.GetPart()
	}
	for _, s := range r.GetTranscript().GetSegments() {
		segment := asr.Segment{Span: spanOf(s.GetSpan()), Text: s.GetText(), MeanLogProb: s.GetMeanLogProb()}
		for _, t := range s.GetTokens() {
			segment.Tokens = append(segment.Tokens, asr.Token{Span: spanOf(t.GetSpan()), Text: t.GetText(), Prob: t.GetProb()})
		}
		p.transcript.Segments = append(p.transcript.Segments, segment)
	}
	return p
}

func spanOf(s *pb.Span) asr.Span {
	return asr.Span{Start: s.GetStart().AsDuration(), End: s.GetEnd().AsDuration()}
}

// files goes through the lines of files that transcribe printed.
func (b *backtest) files(ctx context.Context, names []string) error {
	for _, name := range names {
		in := io.NopCloser(b.input(ctx))
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
		line, err := readLine(in)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTooLong):
		case err != nil:
			return fmt.Errorf("read %s: %w", name, err)
		}
		p, good := pastLine(line)
		if !good {
			b.failed++
			b.complain("%s:%d: not a line of refrain transcribe --format json", name, n)
			continue
		}
		if err := b.judge(p); err != nil {
			return err
		}
	}
}

// pastLine reads a line that transcribe printed.
func pastLine(line string) (p past, good bool) {
	var l transcribedLine
	if err := json.Unmarshal([]byte(line), &l); err != nil || l.File == "" || l.Segments == nil {
		return p, false
	}
	p = past{recording: l.File, suspect: l.Suspect, score: l.Score, transcript: asr.Transcript{
		Side: cmp.Or(asr.Side(l.Track), asr.Customer), Duration: fromSeconds(l.Duration),
	}}
	var hits []keywords.Hit
	for _, h := range l.Hits {
		hit := keywords.Hit{Class: keywords.Class(h.Class), Score: h.Score}
		if h.Veto != nil {
			hit.Veto = &keywords.Veto{}
		}
		hits = append(hits, hit)
	}
	p.class = string(review.Strongest(hits))
	for _, s := range l.Segments {
		p.transcript.Segments = append(p.transcript.Segments, asr.Segment{
			Span: asr.Span{Start: fromSeconds(s.Start), End: fromSeconds(s.End)}, Text: s.Text,
			MeanLogProb: math.Log(max(s.Confidence, leastConfidence)),
		})
	}
	return p, true
}

// leastConfidence keeps the logarithm of a confidence finite.
const leastConfidence = 1e-6

// judge judges a call again, and notes what changes.
func (b *backtest) judge(p past) error {
	if b.then != nil {
		v := b.then.Transcript(p.transcript, p.answered)
		p.suspect, p.score, p.class = v.Suspect, v.Score, string(review.Strongest(v.Hits))
	}
	change, changed := b.report.add(p, b.now.Transcript(p.transcript, p.answered))
	if changed && *b.format == formatJSON {
		return b.json(change)
	}
	return nil
}

func (b *backtest) tellReport() error {
	if *b.format == formatJSON {
		return b.json(b.report)
	}
	return b.println(b.report.text()...)
}
