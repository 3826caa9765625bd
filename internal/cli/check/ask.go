package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// checker is one run of check, without --file.
type checker struct {
	*console.Console
	format       output.Format
	moment       string // as it was typed
	at           *timestamppb.Timestamp
	line, agent  string
	asked, wrong int
	readErr      error
}

// readTime reads the moment to ask about.
func (k *checker) readTime() (err error) {
	if k.moment == "" {
		return nil
	}
	if k.at, err = usage.Time(k.moment); err != nil {
		return usage.Errorf("--at %q %v", k.moment, err)
	}
	return nil
}

// numbers gives those to ask about, in batches.
func (k *checker) numbers(ctx context.Context, args []string) (iter.Seq[[]string], error) {
	switch {
	case len(args) == 0:
		return nil, usage.Errorf("give at least one NUMBER, or a list with --file")
	case !slices.Contains(args, "-"):
		return slices.Chunk(args, batchSize), nil
	case len(args) > 1:
		return nil, usage.Errorf("- takes the numbers from standard input; leave the others out")
	}
	return k.lines(k.Input(ctx)), nil
}

// lines gives what can be read of r, in batches that don't wait for more.
func (k *checker) lines(r io.Reader) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		in := bufio.NewReader(r)
		var batch []string
		for {
			line, err := in.ReadString('\n')
			if line = validUTF8(strings.TrimSpace(line)); line != "" {
				batch = append(batch, line)
			}
			if len(batch) > 0 && (err != nil || in.Buffered() == 0 || len(batch) == batchSize) {
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

func (k *checker) run(ctx context.Context, flags *client.Flags, batches iter.Seq[[]string]) error {
	return flags.With(func(cl *client.Client) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := cl.Gate.CheckNumbers(ctx)
		if err != nil {
			return err
		}
		for batch := range batches {
			if err := k.ask(stream, batch); err != nil {
				return err
			}
		}
		return errors.Join(k.readErr, console.Failures(k.wrong, k.asked))
	})
}

func (k *checker) ask(stream pb.GateService_CheckNumbersClient, numbers []string) error {
	err := stream.Send(&pb.CheckNumbersRequest{Numbers: numbers, At: k.at, Line: k.line,
		Agent: k.agent, Sentences: true, Looking: true})
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	resp, err := stream.Recv()
	if err != nil {
		return err
	}
	for _, a := range resp.GetAnswers() {
		if err := k.print(a); err != nil {
			return err
		}
	}
	return nil
}
