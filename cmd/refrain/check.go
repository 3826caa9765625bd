package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const checkHelp = `Ask whether numbers may be called.

The answer, allowed or not, is on standard output, and the exit code is 0 for both.
Asking has no side effects. NUMBER - reads numbers from standard input, one a line,
and answers in that order as they come.

With --file a whole campaign list is scrubbed: the lines whose number (--column, by
default the first) may be called are written to --out as they stand, and the others, if
you like, to --refused. A first line that names the columns goes to both. Lines without
a number that can be understood count as refused. Where anything fails there is no --out.

JSON: {"number","allowed","reason","until","class","freeze","rule","sentence",
"sentence_en"}. reason is none, frozen, rule_limit, hours or allow_listed, or
invalid_number for what is no number. until is until when that holds, null where nothing
speaks against the call and for a number that stays frozen until somebody releases it.
With --file: {"file","numbers","allowed","refused":{reason: how many}}.

Exit codes: 0 answered, 1 failed or a number was not understood, 2 wrong use.`

const checkExample = `  refrain check 13800138000
  refrain check 13800138000 010-62345678 --format json
  refrain check 13800138000 --at 2026-12-01T09:00:00+08:00
  refrain check - --format json < numbers.txt
  refrain check --file list.csv --out allowed.csv --refused refused.csv`

// checkBatch is how many numbers one message asks for at most.
const checkBatch = 1000

func newCheck(c *console) *cobra.Command {
	var at string
	k := &checking{console: c}
	scrub := &scrubbing{checking: k}
	cmd := &cobra.Command{
		Use: "check NUMBER... | --file FILE --out FILE", Short: "Ask whether numbers may be called", Long: checkHelp, Example: checkExample,
		Args: cobra.ArbitraryArgs, ValidArgsFunction: cobra.NoFileCompletions,
	}
	client, format := addClientFlags(c, cmd), formatFlag(cmd)
	cmd.Flags().StringVar(&at, "at", "", "ask about another moment, as `RFC 3339` time")
	cmd.Flags().StringVar(&k.line, "line", "", "the `line` that would be used")
	cmd.Flags().StringVar(&k.agent, "agent", "", "the `agent` who would call")
	scrub.flags(cmd)
	cmd.RunE = c.work(func(cmd *cobra.Command, args []string) error {
		k.format = *format
		if at != "" {
			var err error
			if k.at, err = parseTime(at); err != nil {
				return misuse("--at %q %v", at, err)
			}
		}
		if scrub.file != "" {
			return scrub.run(cmd.Context(), client, args)
		}
		if scrub.column != "" || scrub.refusedFile != "" {
			return misuse("--column and --refused go with a list: --file")
		}
		if len(args) == 0 {
			return misuse("give at least one NUMBER, or a list with --file")
		}
		numbers := slices.Chunk(args, checkBatch)
		if slices.Contains(args, "-") {
			if len(args) > 1 {
				return misuse("- takes the numbers from standard input; leave the others out")
			}
			numbers = k.lines(c.input(cmd.Context()))
		}
		return k.run(cmd.Context(), client, numbers)
	})
	return cmd
}

// checking is one run of check.
type checking struct {
	*console
	format       format
	at           *timestamppb.Timestamp
	line, agent  string
	asked, wrong int
	readErr      error
}

// lines gives what can be read of r, in batches that don't wait for more.
func (k *checking) lines(r io.Reader) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		in := bufio.NewReader(r)
		var batch []string
		for {
			line, err := in.ReadString('\n')
			if line = wellFormed(strings.TrimSpace(line)); line != "" {
				batch = append(batch, line)
			}
			if len(batch) > 0 && (err != nil || in.Buffered() == 0 || len(batch) == checkBatch) {
				if !yield(batch) {
					return
				}
				batch = nil
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					k.readErr = fmt.Errorf("read the numbers: %w", err)
				}
				return
			}
		}
	}
}

func (k *checking) run(ctx context.Context, flags *clientFlags, batches iter.Seq[[]string]) error {
	return flags.with(func(cl *client) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := cl.gate.CheckNumbers(ctx)
		if err != nil {
			return err
		}
		for batch := range batches {
			if err := k.ask(stream, batch); err != nil {
				return err
			}
		}
		return errors.Join(k.readErr, failures(k.wrong, k.asked))
	})
}

func (k *checking) ask(stream pb.GateService_CheckNumbersClient, numbers []string) error {
	err := stream.Send(&pb.CheckNumbersRequest{Numbers: numbers, At: k.at, Line: k.line, Agent: k.agent, Sentences: true})
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	resp, err := stream.Recv()
	if err != nil {
		return err
	}
	for _, a := range resp.GetAnswers() {
		if err := k.tell(a); err != nil {
			return err
		}
	}
	return nil
}

// answerLine is what is told of one number.
type answerLine struct {
	Number  string  `json:"number"`
	Allowed bool    `json:"allowed"`
	Reason  string  `json:"reason"`
	Until   *string `json:"until"`
	Class   *string `json:"class"`
	// Freeze, Rule and the sentences, the first of which is Chinese, say more of a refusal.
	Freeze     *string `json:"freeze"`
	Rule       *string `json:"rule"`
	Sentence   *string `json:"sentence"`
	SentenceEn *string `json:"sentence_en"`
}

func (k *checking) tell(a *pb.Answer) error {
	k.asked++
	line := answerLine{a.GetNumber(), a.GetAllowed(), enumName(a.GetReason(), "REASON_"), jsonTime(a.GetUntil()), orNull(a.GetClass()),
		orNull(a.GetFreeze()), orNull(a.GetRule()), orNull(a.GetSentenceZh()), orNull(a.GetSentenceEn())}
	if p := a.GetError(); p != nil {
		k.wrong++
		k.complain("%s: %s", a.GetNumber(), p.GetMessage())
		line.Allowed, line.Reason = false, "invalid_number"
	}
	switch {
	case k.format == formatJSON:
		return k.json(line)
	case a.GetError() != nil:
		return nil
	}
	return k.println(answerText(a))
}

func answerText(a *pb.Answer) string {
	verdict := " may not be called"
	if a.GetAllowed() {
		verdict = " may be called"
	}
	if a.GetSentenceEn() == "" {
		return a.GetNumber() + verdict
	}
	return a.GetNumber() + verdict + ": " + a.GetSentenceEn()
}
