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

JSON: {"number","allowed","reason","until","class"}. reason is "none" or "frozen", or
"invalid_number" for what is no number; until is null for a number that may be called
and for one that stays frozen until somebody releases it.

Exit codes: 0 answered, 1 failed or a number was not understood, 2 wrong use.`

const checkExample = `  refrain check 13800138000
  refrain check 13800138000 010-62345678 --format json
  refrain check 13800138000 --at 2026-12-01T09:00:00+08:00
  refrain check - --format json < numbers.txt`

// checkBatch is how many numbers one message asks for at most.
const checkBatch = 1000

func newCheck(c *console) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use: "check NUMBER...", Short: "Ask whether numbers may be called", Long: checkHelp, Example: checkExample,
		Args: some("NUMBER"), ValidArgsFunction: cobra.NoFileCompletions,
	}
	client, format := addClientFlags(c, cmd), formatFlag(cmd)
	cmd.Flags().StringVar(&at, "at", "", "ask about another moment, as `RFC 3339` time")
	cmd.RunE = c.work(func(cmd *cobra.Command, args []string) error {
		k := &checking{console: c, format: *format}
		if at != "" {
			var err error
			if k.at, err = parseTime(at); err != nil {
				return misuse("--at %q %v", at, err)
			}
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
			if line = strings.TrimSpace(line); line != "" {
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
	cl, err := flags.dial()
	if err != nil {
		return err
	}
	defer cl.close()
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
}

func (k *checking) ask(stream pb.GateService_CheckNumbersClient, numbers []string) error {
	err := stream.Send(&pb.CheckNumbersRequest{Numbers: numbers, At: k.at})
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
}

func (k *checking) tell(a *pb.Answer) error {
	k.asked++
	line := answerLine{a.GetNumber(), a.GetAllowed(), enumName(a.GetReason(), "REASON_"), jsonTime(a.GetUntil()), orNull(a.GetClass())}
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
	if a.GetAllowed() {
		return a.GetNumber() + " may be called"
	}
	text := fmt.Sprintf("%s may not be called: %s", a.GetNumber(), enumName(a.GetReason(), "REASON_"))
	if a.GetClass() != "" {
		text += " (" + a.GetClass() + ")"
	}
	if a.GetUntil() == nil {
		return text + " until somebody releases it"
	}
	return text + " until " + textTime(a.GetUntil())
}
